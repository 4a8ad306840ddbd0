r"""Filing mails by IMAP: moved, marked or deleted, and never lost.

A server with MOVE (RFC 6851) moves. Another one, or one that refuses to, copies; then the mail is marked as \Deleted
and as ours, by the keyword `FILED`, and removed. So whatever a scan leaves that is cut off in between is found by the
next one (`finish`), and is told from what a person deleted. Only mails of ours are removed: by UID EXPUNGE (RFC 4315),
or, where a server has none, by EXPUNGE when nothing else in the folder is \Deleted. Between that look and EXPUNGE
somebody may delete another mail, which is then removed as EXPUNGE would at their hand. Where there is something else,
ours stay marked; mail programs hide such mails, and a scan after this one removes them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from bounces.mailbox.imap_client import ImapClient
from bounces.mailbox.imap_copies import copied_before
from bounces.mailbox.imap_folders import ImapFolders, Opened
from bounces.mailbox.imap_line import ImapLine, Refusal
from bounces.mailbox.mailboxes import Filing, Folders
from bounces.mailbox.ports import Listed, Place

AT_ONCE: Final = 400
"""Mails of a command, so that it stays within the 8,000 bytes that RFC 2683 3.2.1.5 has servers take."""
DELETED: Final = "\\Deleted"
FILED: Final = "$BounceFiled"
KEYWORDS: Final = {
    Place.PROCESSED: "$BounceProcessed",
    Place.UNRECOGNISED: "$BounceUnrecognised",
    Place.FAILED: "$BounceFailed",
}

logger = logging.getLogger(__name__)

Command = Callable[[ImapClient], Any]


class ImapFiler:
    """Files the mails of the folder `opened`, as `filing` says."""

    def __init__(self, line: ImapLine, folders: ImapFolders, opened: Opened, filing: Filing, names: Folders) -> None:
        """Take the names of the folders for each place from `names`."""
        self._line = line
        self._folders = folders
        self._opened = opened
        self._filing = filing
        self._names = {
            Place.PROCESSED: names.processed,
            Place.UNRECOGNISED: names.unrecognised,
            Place.FAILED: names.failed,
        }

    def finish(self) -> None:
        """Remove what an earlier scan had copied and marked, and did not come to remove."""
        if self._filing not in (Filing.MOVE, Filing.DELETE) or not self._opened.keeps(FILED):
            return
        try:
            with self._line.asking() as client:
                left = client.search_uids("DELETED", "KEYWORD", FILED)
        except Refusal as refusal:
            logger.warning("%s: nobody knows what the scan before left: %s", self._line.mailbox.name, refusal)
            return
        for batch in _batches(left):
            self._expunge(batch)

    def file(self, mails: Mapping[Place, Sequence[Listed]], *, again: bool) -> list[Listed]:
        """File `mails`, and return those that could not be; `again` where some of them may stand in their folders."""
        left = []
        for place, listed in mails.items():
            by_uid = {mail.number: mail for mail in listed}
            for batch in _batches(list(by_uid)):
                left += [by_uid[uid] for uid in self._file(place, batch, again)]
        return left

    def _file(self, place: Place, uids: list[int], again: bool) -> list[int]:
        """File the mails `uids`, and return those that could not be."""
        if self._filing is Filing.LEAVE:
            return []
        if self._filing is Filing.FLAG:
            return self._flag(uids, KEYWORDS[place])
        if self._filing is Filing.DELETE and place is Place.PROCESSED:
            return self._delete(uids)
        return self._move(uids, self._folders.ensured(self._names[place]), again)

    def _flag(self, uids: list[int], keyword: str) -> list[int]:
        if not self._opened.keeps(keyword):
            logger.warning("%s keeps no keywords; filing flag is of no use there", self._line.mailbox.name)
            return uids
        failed = KEYWORDS[Place.FAILED]
        if keyword != failed and self._opened.keeps(failed):  # an earlier scan may have missed some of them
            self._does(lambda client: client.remove_flags(uids, [failed], silent=True))
        return [] if self._does(lambda client: client.add_flags(uids, [keyword], silent=True)) else uids

    def _move(self, uids: list[int], folder: str, again: bool) -> list[int]:
        if folder == self._opened.name:
            return []
        with self._line.asking() as client:
            can_move = client.has_capability("MOVE")
        if can_move and self._does(lambda client: client.move(uids, folder), into=folder):
            return []
        return self._copy(uids, folder, again)

    def _copy(self, uids: list[int], folder: str, again: bool) -> list[int]:
        """Copy and remove the mails `uids`; those are copied first, so that each is in one folder at least."""
        if not self._opened.keeps(DELETED):  # the copies would come again with each scan
            logger.warning("%s lets no mail be deleted, so that none can be moved", self._line.mailbox.name)
            return uids
        there = copied_before(self._line, self._folders, self._opened, uids, folder) if again else set()
        missing = [uid for uid in uids if uid not in there]
        if missing and not self._does(lambda client: client.copy(missing, folder), into=folder):
            return missing + self._delete(sorted(there))
        return self._delete(uids)

    def _delete(self, uids: list[int]) -> list[int]:
        """Remove the mails `uids`, or mark them where that would remove others. Return those that cannot be marked."""
        if not uids:
            return []
        flags = [DELETED, FILED] if self._opened.keeps(FILED) else [DELETED]
        if not self._opened.keeps(DELETED):
            return uids
        if not self._does(lambda client: client.add_flags(uids, flags, silent=True)):
            return uids
        self._expunge(uids)
        return []

    def _expunge(self, uids: list[int]) -> None:
        """Remove the mails `uids`, all of which are marked, if nothing else is removed with them."""
        with self._line.asking() as client:
            by_uid = client.has_capability("UIDPLUS")
        if by_uid:
            self._does(lambda client: client.uid_expunge(uids))
        elif not self._others_deleted(uids):
            self._does(lambda client: client.expunge_all())

    def _others_deleted(self, uids: list[int]) -> bool:
        try:
            with self._line.asking() as client:
                deleted = set(client.search_uids("DELETED")) - set(uids)
                ours = set(client.search_uids("DELETED", "KEYWORD", FILED)) if deleted else set()
        except Refusal:
            return True
        return bool(deleted - ours)

    def _does(self, command: Command, into: str | None = None) -> bool:
        """Give `command`, and say whether the server did it; a target `into` that is missing is made once."""
        for can_make in (into is not None, False):
            try:
                with self._line.asking() as client:
                    command(client)
            except Refusal as refusal:
                logger.warning("%s: %s", self._line.mailbox.name, refusal)
                if not (can_make and refusal.code == "TRYCREATE" and self._folders.make(str(into))):
                    return False
            else:
                return True
        return False


def _batches(uids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(uids), AT_ONCE):
        yield uids[start : start + AT_ONCE]
