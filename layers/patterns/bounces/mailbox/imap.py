"""A mailbox that is open by IMAP (RFC 3501, RFC 9051)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bounces.errors import MailUnavailable, MailVanished, shown
from bounces.mail_size import MAX_MAIL_BYTES
from bounces.mailbox.connecting import USUAL_TIMEOUTS, Timeouts
from bounces.mailbox.imap_client import MAX_UID
from bounces.mailbox.imap_filing import ImapFiler
from bounces.mailbox.imap_folders import ImapFolders, Opened
from bounces.mailbox.imap_line import ImapLine, Refusal, TooLarge
from bounces.mailbox.imap_listing import waiting
from bounces.mailbox.imap_login import opened_line
from bounces.mailbox.mailboxes import Credential, Filing, Mailbox
from bounces.mailbox.oauth import AccessTokens
from bounces.mailbox.ports import Fetched, Listed, Place
from bounces.mailbox.times import Now, utc_now

_BESIDE_A_MAIL: Final = 1024 * 1024
"""Bytes that may come along with a mail: what other programs did in the folder."""


class ImapSession:
    """A `ports.Session` by IMAP. `open_imap` makes one."""

    def __init__(self, line: ImapLine, opened: Opened, filer: ImapFiler, now: Now = utc_now) -> None:
        """Take the connection `line`, on which the folder `opened` is open."""
        self._line = line
        self._opened = opened
        self._filer = filer
        self._now = now

    @property
    def epoch(self) -> str:
        """The folder's UIDVALIDITY."""
        return self._opened.validity

    @property
    def keeps(self) -> bool:
        """Whether mails stay in the folder once they are filed: where they are left, or marked."""
        return self._line.mailbox.filing in (Filing.LEAVE, Filing.FLAG)

    def waiting(self, after: int) -> Iterator[Listed]:
        r"""Yield the mails with a UID above `after`, rising, without those that are \Deleted."""
        return waiting(self._line, after)

    def listed_again(self, numbers: Sequence[int]) -> Iterator[Listed]:
        """Yield the mails with the UIDs `numbers`, whether or not they are still there."""
        return (Listed(uid, str(uid)) for uid in numbers)

    def fetch(self, listed: Listed) -> Fetched:
        r"""Return the mail `listed`, at most `MAX_MAIL_BYTES` of it, without setting \Seen.

        Raises `MailVanished`, and `MailUnavailable` where the server refuses it, or sends what cannot be read or more
        than was asked for; after the latter the session is of no use, and says so by `Disconnected`.
        """
        said = self._said_of(listed)
        if said is None:
            raise MailVanished(f"{self._name(listed)} is no longer in the folder")
        raw = next((value for key, value in said.items() if key.startswith(b"BODY[]")), None)
        if not isinstance(raw, bytes) or not raw:
            raise MailUnavailable(f"{self._name(listed)} is sent without its content")
        is_whole = len(raw) <= MAX_MAIL_BYTES
        return Fetched(listed, raw if is_whole else raw[:MAX_MAIL_BYTES], self._received(said), is_whole)

    def _said_of(self, listed: Listed) -> dict[bytes, Any] | None:
        # One byte more than is kept tells whether there is more. The server's word on the size counts for nothing.
        items = ["INTERNALDATE", f"BODY.PEEK[]<0.{MAX_MAIL_BYTES + 1}>"]
        if not 0 < listed.number <= MAX_UID:
            return None
        try:
            with self._line.asking() as client:
                return client.fetch_within(MAX_MAIL_BYTES + 1 + _BESIDE_A_MAIL, [listed.number], items).get(
                    listed.number
                )
        except TooLarge as error:
            raise MailUnavailable(f"{self._name(listed)} cannot be had: {error}") from None
        except Refusal as refusal:
            if refusal.code == "EXPUNGEISSUED":  # RFC 5530 3
                return None
            raise MailUnavailable(f"{self._name(listed)} cannot be had: {refusal}") from None

    def _name(self, listed: Listed) -> str:
        return f"{self._line.mailbox.name}: the mail with UID {shown(listed.number)}"

    def _received(self, said: Mapping[bytes, Any]) -> datetime:
        """Return INTERNALDATE, which anybody who may APPEND can set into the future; now where it is none."""
        now = self._now()
        date = said.get(b"INTERNALDATE")
        try:
            return min(date.astimezone(UTC), now) if isinstance(date, datetime) and date.tzinfo else now
        except (OverflowError, ValueError):
            return now

    def file(self, mails: Mapping[Place, Sequence[Listed]], *, again: bool) -> Collection[Listed]:
        """File `mails` as the mailbox's settings say, and return those that could not be."""
        return self._filer.file(mails, again=again)

    def close(self) -> None:
        """Log out. Never raises."""
        self._line.close()


def open_imap(
    mailbox: Mailbox,
    credential: Credential,
    tokens: AccessTokens,
    timeouts: Timeouts = USUAL_TIMEOUTS,
    now: Now = utc_now,
) -> ImapSession:
    """Log in to `mailbox` and open its folder: for reading only where nothing is filed.

    Raises `MailboxRefused` where another try does not help, and `Disconnected` where it may.
    """
    line = opened_line(mailbox, credential, timeouts, tokens)
    try:
        folders = ImapFolders(line)
        opened = folders.open(mailbox.folder, is_read_only=mailbox.filing is Filing.LEAVE)
        filer = ImapFiler(line, folders, opened, mailbox.filing, mailbox.folders)
        filer.finish()
    except BaseException:
        line.close()
        raise
    return ImapSession(line, opened, filer, now)
