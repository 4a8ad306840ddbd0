"""poplib, with a bound on all that a server sends, and OAuth 2.

poplib takes no line above 2,048 bytes, which mails have, and keeps a list of all lines, which for a mail of short
lines is twenty times its size. Here a mail is read into one buffer, and what is beyond a mail's bound is read and left.
"""

from __future__ import annotations

import base64
import binascii
import poplib
import socket
from collections.abc import Iterator
from typing import Final

from bounces.mailbox.connecting import Timeouts, connected, tls_context
from bounces.mailbox.mailboxes import Mailbox
from bounces.mailbox.sasl import Responder

MAX_LINE: Final = 8_192
"""Bytes of a line that is no mail's."""
MAX_LINES: Final = 1_000_000
"""Lines of a listing: mails that a mailbox may hold."""
MAX_READ: Final = 256 * 1024 * 1024
"""Bytes of one mail that are read, with what is left of it; RETR can be ended early only by dropping the line."""
_PIECE: Final = 64 * 1024
_CHALLENGES: Final = 3


class TooMuch(poplib.error_proto):
    """A server sends more than a command may bring: what comes next is no answer to the next command."""


class Refused(poplib.error_proto):
    """A server answers -ERR: what stands behind that, and nothing else of the connection."""


class LineEnded(poplib.error_proto):
    """A server ends the connection."""


class Pop3Client(poplib.POP3):
    """A POP3 connection. Its errors are `poplib.error_proto` and `OSError`."""

    def __init__(self, mailbox: Mailbox, timeouts: Timeouts) -> None:
        """Connect to `mailbox`, and read its greeting."""
        self._mailbox = mailbox
        try:
            super().__init__(mailbox.host, mailbox.port, timeouts.connect)
        except BaseException:
            self.drop()
            raise
        self.sock.settimeout(timeouts.read)

    def _create_socket(self, timeout: float) -> socket.socket:
        return connected(self._mailbox, timeout)

    def _getline(self) -> tuple[bytes, int]:
        """Return a line without its end, and its length with it."""
        line = self.file.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise TooMuch("the server sends a line without an end")
        if not line.endswith(b"\n"):
            raise LineEnded("the server ended the connection")
        return line.rstrip(b"\r\n"), len(line)

    def _getresp(self) -> bytes:
        said, _ = self._getline()
        if not said.startswith(b"+"):
            raise Refused(said.removeprefix(b"-ERR").decode("utf-8", "replace").strip())
        return said

    def _asked(self, command: str) -> bytes:
        """Give `command`, and return the first line of its answer."""
        said: bytes = self._shortcmd(command)  # type: ignore[attr-defined]  # typeshed has no private names
        return said

    def start_tls(self) -> None:
        """Go on in TLS. What came in plain text is forgotten: poplib begins a new buffer."""
        self.stls(tls_context(self._mailbox))

    def offered(self) -> dict[str, tuple[str, ...]]:
        """Return the capabilities with their arguments, all in upper case (RFC 2449); none where it tells none."""
        try:
            lines = [line.decode("ascii", "replace").upper().split() for line in self.lines("CAPA", 1_000)]
        except Refused:
            return {}
        return {words[0]: tuple(words[1:]) for words in lines if words}

    def lines(self, command: str, most: int = MAX_LINES) -> Iterator[bytes]:
        """Give `command`, and yield the lines of its answer. Whoever begins has to read all of them."""
        self._asked(command)
        for _ in range(most):
            line, _ = self._getline()
            if line == b".":
                return
            yield line
        raise TooMuch(f"the server answers {command.partition(' ')[0]} with more than {most} lines")

    def authenticate(self, mechanism: str, respond: Responder) -> None:
        """Log in by SASL (RFC 5034); the response goes behind a challenge, as it may be long."""
        said = self._asked(f"AUTH {mechanism}")
        for _ in range(_CHALLENGES):
            if not said.startswith(b"+ ") and said != b"+":
                return
            response = respond(_decoded(said[2:]))
            said = self._asked("*" if response is None else base64.b64encode(response).decode("ascii"))
        raise TooMuch("the server goes on asking")

    def log_in(self, user: str, password: str) -> None:
        """Log in by USER and PASS."""
        self.user(user)
        self.pass_(password)

    def retrieve(self, number: int, most: int) -> tuple[bytes, bool]:
        """Return the mail `number`, at most `most` bytes of it, and whether they are all of it."""
        self._asked(f"RETR {number}")
        kept = bytearray()
        read = 0
        begins_line = True
        while True:
            piece = self.file.readline(_PIECE)
            if not piece:
                raise LineEnded("the server ended the connection amid a mail")
            if begins_line and piece.startswith(b"."):
                if piece.rstrip(b"\r\n") == b".":
                    return bytes(kept), read <= most
                piece = piece[1:]  # RFC 1939 3
            begins_line = piece.endswith(b"\n")
            read += len(piece)
            if read > MAX_READ:
                raise TooMuch(f"the server sends a mail of more than {MAX_READ} bytes")
            kept += piece[: max(most - len(kept), 0)]

    def drop(self) -> None:
        """Close the connection without a word, so that no mark of DELE counts (RFC 1939 6)."""
        for held in (getattr(self, "file", None), getattr(self, "sock", None)):
            if held is not None:
                try:
                    held.close()
                except OSError:
                    continue


def _decoded(challenge: bytes) -> bytes:
    try:
        return base64.b64decode(challenge)
    except binascii.Error:
        return b""
