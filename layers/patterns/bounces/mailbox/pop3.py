"""A mailbox that is open by POP3 (RFC 1939): one folder, known by UIDL, in which nothing can be moved or marked."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import poplib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from bounces.errors import Disconnected, MailboxRefused, MailUnavailable, MailVanished, shown
from bounces.mail_size import MAX_MAIL_BYTES
from bounces.mailbox.connecting import connection_error
from bounces.mailbox.mailboxes import Filing, Mailbox
from bounces.mailbox.pop3_client import Pop3Client, Refused, TooMuch
from bounces.mailbox.ports import Fetched, Listed, Place
from bounces.mailbox.sasl import without_secrets
from bounces.mailbox.times import Now, received_time, utc_now

# RFC 1939 7: 1 to 70 characters from 0x21 to 0x7E.
_UIDL: Final = re.compile(r"[!-~]{1,70}")
# Response codes of what passes (RFC 2449 8, RFC 3206).
_PASSING: Final = re.compile(r"\[(?:SYS/TEMP|IN-USE|LOGIN-DELAY)\b", re.IGNORECASE)

logger = logging.getLogger(__name__)


class Pop3Refusal(MailboxRefused):
    """A server's -ERR to one command."""


class Pop3Line:
    """A POP3 connection that knows whether it is of use still."""

    def __init__(self, mailbox: Mailbox, client: Pop3Client) -> None:
        """Take the connection `client` to `mailbox`."""
        self.mailbox = mailbox
        self.client = client
        self.lost = ""

    @contextlib.contextmanager
    def asking(self, secrets: Sequence[str | bytes] = ()) -> Iterator[Pop3Client]:
        """Give the client for a command, and raise what its failure means: `Pop3Refusal`, or `Disconnected`."""
        if self.lost:
            raise Disconnected(self.lost)
        try:
            yield self.client
        except Refused as error:
            said = shown(without_secrets(str(error), secrets))
            if _PASSING.match(str(error)):
                raise Disconnected(self.lose(f"the server cannot do it now: {said}")) from None
            raise Pop3Refusal(f"the server refuses: {said}") from None
        except poplib.error_proto as error:
            raise Disconnected(self.lose(without_secrets(str(error), secrets))) from None
        except OSError as error:
            failure = connection_error(error, self.mailbox)
            self.lose(str(failure))
            raise failure from error

    def lose(self, why: str) -> str:
        """Take the connection as lost for the reason `why`, and return what is said of it."""
        self.lost = f"{self.mailbox.name}: {why}"
        self.client.drop()
        return self.lost


class Pop3Session:
    """A `ports.Session` by POP3. `open_pop3` makes one."""

    epoch = ""  # there are no numbers that last
    keeps = True  # what was not processed stays, whatever the filing

    def __init__(self, open_line: Callable[[], Pop3Line], now: Now = utc_now) -> None:
        """Open a connection, logged in, by `open_line`, and ask which mails there are; later again, after deletions.

        Raises `MailboxRefused` where the server has no UIDL, and what `open_line` raises.
        """
        self._open_line = open_line
        self._now = now
        self._begin()

    def _begin(self) -> None:
        self._line = self._open_line()
        self._is_over = False  # the server was told goodbye, so that it deletes
        try:
            self._numbers = self._numbered()
        except BaseException:
            self._line.client.drop()
            raise

    def _numbered(self) -> dict[str, int]:
        """Return the number of each mail in this session, by its name."""
        numbers: dict[str, int] = {}
        try:
            with self._line.asking() as client:
                for line in client.lines("UIDL"):
                    number, _, uidl = line.decode("latin-1").partition(" ")
                    if number.isdigit() and uidl.strip():
                        numbers.setdefault(_name(uidl.strip()), int(number[:10]))
        except Pop3Refusal as refusal:
            raise MailboxRefused(
                f"{self._line.mailbox.name} has no UIDL, without which nobody can tell which mails were read:"
                f" {refusal}; use IMAP"
            ) from None
        return numbers

    def waiting(self, after: int) -> Iterator[Listed]:  # noqa: ARG002  # there are no numbers
        """Yield all mails, in the server's order."""
        if self._is_over:
            self._begin()
        sizes: dict[int, int] = {}
        with self._line.asking() as client:
            for line in client.lines("LIST"):
                words = line.split()
                if len(words) >= 2 and words[0].isdigit() and words[1].isdigit():
                    sizes[int(words[0][:10])] = int(words[1][:18])
        for name, number in list(self._numbers.items()):
            yield Listed(0, name, sizes.get(number))

    def listed_again(self, numbers: Sequence[int]) -> Iterator[Listed]:  # noqa: ARG002  # there are no numbers
        """Yield none: `waiting` has all mails."""
        return iter(())

    def fetch(self, listed: Listed) -> Fetched:
        """Return the mail `listed`, at most `MAX_MAIL_BYTES` of it; what is beyond is read, as POP3 has it, and left.

        Raises `MailVanished`, and `MailUnavailable` where the server refuses it or sends without an end; after the
        latter the session is of no use, and says so by `Disconnected`.
        """
        if self._is_over:
            self._begin()
        number = self._numbers.get(listed.name)
        if number is None:
            raise MailVanished(f"{self._described(listed)} is no longer there")
        try:
            with self._line.asking() as client:
                raw, is_whole = self._retrieved(client, listed, number)
        except Pop3Refusal as refusal:
            raise MailUnavailable(f"{self._described(listed)} cannot be had: {refusal}") from None
        if not raw:
            raise MailUnavailable(f"{self._described(listed)} is sent without its content")
        return Fetched(listed, raw, received_time(raw, self._now()), is_whole)

    def _retrieved(self, client: Pop3Client, listed: Listed, number: int) -> tuple[bytes, bool]:
        try:
            return client.retrieve(number, MAX_MAIL_BYTES)
        except TooMuch as error:
            self._line.lose(str(error))
            raise MailUnavailable(f"{self._described(listed)} cannot be had: {error}") from None

    def _described(self, listed: Listed) -> str:
        return f"{self._line.mailbox.name}: the mail with UIDL {shown(listed.name)}"

    def file(self, mails: Mapping[Place, Sequence[Listed]], *, again: bool) -> Collection[Listed]:  # noqa: ARG002
        """Delete those that were processed, if that is the filing, and return those that could not be.

        A server deletes at the goodbye (RFC 1939 6), so this says it; the next call opens a connection anew. Where the
        line drops before, the mails stay.
        """
        if self._line.mailbox.filing is not Filing.DELETE:
            return []
        if self._is_over:
            self._begin()
        marked: list[Listed] = []
        left: list[Listed] = []
        for listed in mails.get(Place.PROCESSED, ()):
            if listed.name in self._numbers:
                (marked if self._mark(listed) else left).append(listed)
        if marked and not self._say_goodbye():
            left += marked
        return left

    def _mark(self, listed: Listed) -> bool:
        try:
            with self._line.asking() as client:
                client.dele(self._numbers[listed.name])
        except Pop3Refusal as refusal:
            logger.warning("%s cannot be deleted: %s", self._described(listed), refusal)
            return False
        return True

    def _say_goodbye(self) -> bool:
        """End the connection, and say whether the server deleted what was marked."""
        is_done = True
        try:
            with self._line.asking() as client:
                client.quit()
        except Pop3Refusal as refusal:
            logger.warning("%s may still have mails that were deleted: %s", self._line.mailbox.name, refusal)
            is_done = False
        self._line.lose("the session was closed")
        self._is_over = True
        return is_done

    def close(self) -> None:
        """Say goodbye. Never raises."""
        if self._line.lost:
            return
        try:
            self._say_goodbye()
        except (Disconnected, MailboxRefused) as error:
            logger.info("the server did not take the goodbye: %s", error)


def _name(uidl: str) -> str:
    """Return what a mail is known by: its UIDL, or a digest of one that is none by RFC 1939."""
    if _UIDL.fullmatch(uidl):
        return uidl
    return f"sha256:{hashlib.sha256(uidl.encode('utf-8', 'replace')).hexdigest()}"
