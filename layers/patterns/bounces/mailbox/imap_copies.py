"""Which mails of a folder a scan that was cut off had copied already, on a server that cannot move.

Copying and removing are two commands there. A scan that ends between them leaves a mail in both folders, and the next
one would copy it again. So it compares what it is about to copy with the end of the target, where copies come to
stand: size, INTERNALDATE (which COPY keeps, RFC 3501 6.4.7) and the whole header section, whose Received fields differ
even where one mail was delivered twice. What is not found is copied: at worst a mail stands there twice.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from bounces.errors import Disconnected, MailboxRefused
from bounces.mailbox.imap_folders import ImapFolders, Opened
from bounces.mailbox.imap_line import ImapLine

MAX_LOOKED_AT: Final = 2_000
"""Mails at the end of the target."""
HEADER_BYTES: Final = 64 * 1024
"""Of a header section."""
_SIZES_AT_ONCE: Final = 500
_HEADERS_AT_ONCE: Final = 100

Likeness = tuple[int, datetime | None, bytes]


def copied_before(line: ImapLine, folders: ImapFolders, source: Opened, uids: Sequence[int], target: str) -> set[int]:
    """Return those of the mails `uids` of `source`, the folder that is open, that `target` has.

    Raises `Disconnected` where `source` has another UIDVALIDITY once it is open again.
    """
    ours = _likenesses(line, uids)
    if not ours:
        return set()
    try:
        folders.open(target, is_read_only=True)
    except MailboxRefused:
        theirs: Counter[Likeness] = Counter()
    else:
        theirs = Counter(_likenesses(line, _candidates(line, {size for size, _, _ in ours.values()})).values())
    if folders.open(source.name, is_read_only=False).validity != source.validity:
        raise Disconnected(f"{line.mailbox.name}: the server gave the folder's mails other UIDs meanwhile")
    found = set()
    for uid, likeness in ours.items():
        if theirs[likeness] > 0:  # each copy is one mail's
            theirs[likeness] -= 1
            found.add(uid)
    return found


def _candidates(line: ImapLine, sizes: set[int]) -> list[int]:
    """Return the UIDs of the mails at the end of the folder that is open that have one of `sizes`."""
    with line.asking() as client:
        if client.exists == 0:
            return []
        last = client.search_uids(f"{max(client.exists - MAX_LOOKED_AT + 1, 1)}:{client.exists}")
    found = _fetched(line, last, ["RFC822.SIZE"], _SIZES_AT_ONCE)
    return [uid for uid, said in found if said.get(b"RFC822.SIZE") in sizes]


def _likenesses(line: ImapLine, uids: Sequence[int]) -> dict[int, Likeness]:
    items = ["RFC822.SIZE", "INTERNALDATE", f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"]
    found = {}
    for uid, said in _fetched(line, uids, items, _HEADERS_AT_ONCE):
        header = next((value for key, value in said.items() if key.startswith(b"BODY[HEADER]")), None)
        size, date = said.get(b"RFC822.SIZE"), said.get(b"INTERNALDATE")
        if isinstance(header, bytes) and isinstance(size, int):
            found[uid] = (size, date, hashlib.sha256(header[:HEADER_BYTES]).digest())
    return found


def _fetched(
    line: ImapLine, uids: Sequence[int], items: list[str], at_once: int
) -> Iterator[tuple[int, dict[bytes, Any]]]:
    for start in range(0, len(uids), at_once):
        with line.asking() as client:
            found = client.fetch(uids[start : start + at_once], items)
        yield from found.items()
