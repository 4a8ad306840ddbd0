"""IMAPClient, with a bound on all that a server sends.

imaplib, which it stands on, reads a literal of any length into memory, and keeps every untagged response until
somebody asks for it. Here a command has a budget of bytes; a server beyond it is cut off, since what it still sends
cannot be told from answers to later commands.
"""

from __future__ import annotations

import imaplib
import logging
import socket
from collections.abc import Sequence
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout

from bounces.mailbox.connecting import Timeouts, connected, tls_context
from bounces.mailbox.mailboxes import Mailbox, Security
from bounces.mailbox.sasl import Responder

MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of all that comes between a command and its end, but for a mail."""
MAX_RESPONSES: Final = 20_000
"""Untagged responses that are kept of one command."""
MAX_UID: Final = 2**32 - 1

# These say something of the connection, not of the command that they came with.
_LASTING: Final = ("BYE", "READ-ONLY", "CAPABILITY")

# It warns of what is not ASCII with the whole of it, and writes each command to the log for debugging.
logging.getLogger("imapclient").setLevel(logging.CRITICAL)


class ResponseTooLarge(imaplib.IMAP4.abort):
    """A server sends more than a command may bring."""


class BoundedImap4(imaplib.IMAP4):
    """A connection of imaplib that reads within a budget, and counts what the folder holds."""

    def __init__(self, mailbox: Mailbox, timeout: float) -> None:
        """Connect to `mailbox`, and read its greeting and capabilities."""
        self._mailbox = mailbox
        self.budget = self._left = MAX_ANSWER
        self._kept = 0
        self.is_overrun = False
        self.exists = 0
        self.expunged = 0
        super().__init__(mailbox.host, mailbox.port, timeout)

    def _create_socket(self, timeout: float) -> socket.socket:
        return connected(self._mailbox, timeout)

    def _new_tag(self) -> bytes:
        """Begin a command: with a new budget, and without what nobody asked of the one before."""
        self._left, self._kept = self.budget, 0
        self.untagged_responses = {name: said for name, said in self.untagged_responses.items() if name in _LASTING}
        tag: bytes = super()._new_tag()  # type: ignore[misc]  # typeshed has no private names
        return tag

    def read(self, size: int) -> bytes:
        """Return a literal, which is not begun where it is beyond the budget."""
        self._spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        """Return a line of at most what imaplib takes, 1,000,000 bytes."""
        try:
            line = super().readline()
        except imaplib.IMAP4.error as error:
            raise self._overrun("a line without an end") from error
        self._spend(len(line))
        return line

    def _spend(self, size: int) -> None:
        if size > self._left:
            raise self._overrun(f"{size} bytes where at most {self._left} are taken")
        self._left -= size

    def _overrun(self, what: str) -> ResponseTooLarge:
        """Return the error; the mark stays where imaplib makes another error of it."""
        self.is_overrun = True
        return ResponseTooLarge(f"the server sends {what}")

    def _append_untagged(self, name: str, said: Any) -> None:
        """Count what changes the folder, of which there may be much; keep the rest, of which there may not."""
        if name == "EXPUNGE":
            self.expunged += 1
            self.exists = max(self.exists - 1, 0)
            return
        if name in ("EXISTS", "RECENT"):
            self.untagged_responses.pop(name, None)
            if name == "EXISTS" and said.isdigit():
                self.exists = min(int(said[:10]), MAX_UID)
        self._kept += 1
        if self._kept > MAX_RESPONSES:
            raise self._overrun(f"more than {MAX_RESPONSES} responses to one command")
        super()._append_untagged(name, said)  # type: ignore[misc]

    def _log(self, line: bytes) -> None:
        """Keep no commands, as imaplib does for debugging: one of them holds the password."""


class ImapClient(IMAPClient):  # type: ignore[misc]  # has no types
    """IMAPClient on such a connection. Its errors are `imaplib.IMAP4.error` and `OSError`."""

    _imap: BoundedImap4

    def __init__(self, mailbox: Mailbox, timeouts: Timeouts) -> None:
        """Connect to `mailbox`."""
        self._mailbox = mailbox
        timeout = SocketTimeout(timeouts.connect, timeouts.read)
        super().__init__(mailbox.host, mailbox.port, ssl=mailbox.security is Security.TLS, timeout=timeout)
        self.normalise_times = False  # times as they are written, with their zone
        self._imap.debug = 0  # IMAPClient sets 5, where each literal is formatted for a log that nobody reads

    def _create_IMAP4(self) -> BoundedImap4:  # noqa: N802
        return BoundedImap4(self._mailbox, self._timeout.connect)

    @property
    def exists(self) -> int:
        """How many mails the folder holds, as far as the server has said."""
        return self._imap.exists

    @property
    def expunged(self) -> int:
        """How many mails the server has said to be gone, since the connection began."""
        return self._imap.expunged

    @property
    def is_overrun(self) -> bool:
        """Whether the server sent more than was taken."""
        return self._imap.is_overrun

    @property
    def is_logged_in(self) -> bool:
        """Whether the server took the client as logged in, which a greeting PREAUTH says as well."""
        return self._imap.state in ("AUTH", "SELECTED")

    @property
    def said_validity(self) -> str | None:
        """The UIDVALIDITY that the server said during the last command; None where it said none."""
        said = self._imap.untagged_responses.get("UIDVALIDITY")
        return said[-1].decode("ascii", "replace") if said and isinstance(said[-1], bytes) else None

    def start_tls(self) -> None:
        """Go on in TLS. What came in plain text is forgotten: imaplib reads into a new buffer, and asks anew."""
        self.starttls(tls_context(self._mailbox))
        self._set_read_timeout()

    def authenticate(self, mechanism: str, respond: Responder) -> None:
        """Log in by SASL. IMAPClient's own methods do not tell a refusal from a line that dropped."""
        self._imap.authenticate(mechanism, respond)

    def log_in(self, user: str, password: str) -> None:
        """Log in by LOGIN; both are ASCII without line ends."""
        quoted = user.replace("\\", "\\\\").replace('"', '\\"')
        self._imap.login(f'"{quoted}"', password)

    def search_uids(self, *criteria: str) -> list[int]:
        """Return the UIDs of the mails that meet `criteria`, each of which is ASCII without spaces, rising."""
        said, lines = self._imap.uid("SEARCH", *criteria)
        self._checkok("search", said, lines)
        words = [word for line in lines if isinstance(line, bytes) for word in line.split()]
        return sorted({int(word) for word in words if word.isdigit() and len(word) <= len(str(MAX_UID))})

    def fetch_within(self, budget: int, uids: Sequence[int], items: Sequence[str]) -> dict[int, dict[bytes, Any]]:
        """Return what `fetch` does, of at most `budget` bytes in all."""
        self._imap.budget = budget
        try:
            found: dict[int, dict[bytes, Any]] = self.fetch(uids, items)
        finally:
            self._imap.budget = MAX_ANSWER
        return found

    def expunge_all(self) -> None:
        r"""Remove every mail of the folder with \Deleted."""
        said, lines = self._imap.expunge()
        self._checkok("expunge", said, lines)
