"""A connection by IMAP, and what each of its failures means."""

from __future__ import annotations

import contextlib
import imaplib
import logging
import re
from collections.abc import Iterator, Sequence
from typing import Final

from bounces.errors import Disconnected, MailboxRefused, shown
from bounces.mailbox.connecting import connection_error
from bounces.mailbox.imap_client import ImapClient
from bounces.mailbox.mailboxes import Mailbox
from bounces.mailbox.sasl import without_secrets

# Response codes of what passes (RFC 5530 3): another try may be answered otherwise.
PASSING: Final = frozenset({"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "THROTTLED"})
# Where imaplib and IMAPClient put the server's text: alone, as bytes' repr, behind their own words.
_CODE: Final = re.compile(r"(?:\A|failed: |BAD \[)(?:b['\"])?\[([A-Z][A-Z0-9-]*)")
# What parsing an answer raises that is none of IMAP's.
_UNREADABLE: Final = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)

logger = logging.getLogger(__name__)


class Refusal(MailboxRefused):
    """A server's NO or BAD to one command, or an answer that cannot be read. `code` is its response code, or ""."""

    def __init__(self, message: str, code: str = "") -> None:
        """Say what was refused."""
        super().__init__(message)
        self.code = code


class TooLarge(Disconnected):
    """An answer beyond all bounds, after which the connection is of no use."""


class ImapLine:
    """A connection that knows whether it is of use still, and within which UIDVALIDITY."""

    def __init__(self, mailbox: Mailbox, client: ImapClient) -> None:
        """Take the connection `client` to `mailbox`."""
        self.mailbox = mailbox
        self._client = client
        self._lost = ""
        self.validity: str | None = None  # of the folder that is open
        self.openings = 0  # of folders; each makes what was known by sequence number void

    @contextlib.contextmanager
    def asking(self, secrets: Sequence[str | bytes] = ()) -> Iterator[ImapClient]:
        """Give the client for a command, and raise what its failure means.

        `Refusal` for a NO or BAD, `TooLarge` and other `Disconnected` where the connection is of no use any more.
        With `secrets`, which the command holds, no error tells of the server's answer but what is free of them.
        """
        if self._lost:
            raise Disconnected(self._lost)
        try:
            yield self._client
            self._check_validity()
        except imaplib.IMAP4.readonly:
            raise MailboxRefused(
                self._lose("the folder can be opened for reading only; filing leave scans such a folder")
            ) from None
        except imaplib.IMAP4.abort as error:
            said = without_secrets(str(error), secrets)
            kind = TooLarge if self._client.is_overrun else Disconnected
            raise kind(self._lose(f"the server ended the connection: {shown(said)}")) from None
        except imaplib.IMAP4.error as error:
            raise self._refused(str(error), secrets) from None
        except OSError as error:
            failure = connection_error(error, self.mailbox)
            self._lose(str(failure))
            raise failure from error
        except _UNREADABLE as error:
            # Whether more of the answer is to come is not known.
            self._lose("an answer could not be read")
            raise Refusal(f"the server's answer cannot be read: {type(error).__name__}") from None

    def _refused(self, text: str, secrets: Sequence[str | bytes]) -> MailboxRefused | Disconnected:
        found = _CODE.search(text)
        code = found[1] if found else ""
        said = shown(without_secrets(text, secrets))
        if code in PASSING:
            return Disconnected(self._lose(f"the server cannot do it now: {said}"))
        return Refusal(f"the server refuses: {said}", code)

    def _check_validity(self) -> None:
        said = self._client.said_validity
        if said is not None and self.validity is not None and digits(said) != self.validity:
            raise Disconnected(self._lose("the server gave the folder's mails other UIDs meanwhile"))

    def _lose(self, why: str) -> str:
        """Take the connection as lost for the reason `why`, and return what is said of it."""
        self._lost = f"{self.mailbox.name}: {why}"
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._client.shutdown()
        return self._lost

    def close(self) -> None:
        """Log out, if there is still somebody to tell. Never raises."""
        if self._lost:
            return
        try:
            with self.asking() as client:
                client.logout()
        except (Disconnected, MailboxRefused) as error:
            logger.info("the server did not take the logout: %s", error)
        self._lose("the session was closed")


def digits(text: str) -> str:
    """Return the number that `text` begins with; "" where it begins with none."""
    found = re.match(r"[0-9]{1,10}", text)
    return str(int(found[0])) if found else ""
