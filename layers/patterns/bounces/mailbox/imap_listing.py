"""Which mails wait in a folder: in pieces, however many there are and however far apart their UIDs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bounces.mailbox.imap_client import ImapClient
from bounces.mailbox.imap_line import ImapLine
from bounces.mailbox.ports import Listed

WINDOW: Final = 5_000
"""Mails that are searched at once: a piece by sequence number, which has no gaps as UIDs do."""


def waiting(line: ImapLine, after: int) -> Iterator[Listed]:
    r"""Yield the mails of the folder that is open with a UID above `after`, rising, without those that are \Deleted.

    Others may be filed while it goes on. Each that is gone moves the sequence numbers of those behind it by one at
    most, so the next piece begins that much earlier, and what was met already is left out. Once the folder was opened
    anew, what had gone meanwhile was not told, and the place is looked for again.

    Their sizes are not asked for: a server that cannot read one mail may refuse the sizes of all, or end the
    connection as Dovecot does, and the mails behind it could never be had.
    """
    openings = gone = start = -1
    while True:
        with line.asking() as client:
            if openings != line.openings:
                openings, gone = line.openings, client.expunged
                start = _first_above(client, after)
            start = max(start - (client.expunged - gone), 1)
            gone = client.expunged
            if start > client.exists:
                return
            end = min(start + WINDOW - 1, client.exists)
            uids = [uid for uid in _found(client, start, end, after, "UNDELETED") if uid > after]
        start = end + 1
        yield from (Listed(uid, str(uid)) for uid in uids)
        after = uids[-1] if uids else after


def _first_above(client: ImapClient, after: int) -> int:
    """Return the sequence number of the first mail with a UID above `after`, or one before it, by halving."""
    low, high = 1, client.exists + 1
    if after == 0:
        return low
    while high - low > WINDOW:
        middle = (low + high) // 2
        if any(uid > after for uid in _found(client, middle, middle, after)):
            high = middle
        else:
            low = middle + 1
    return low


def _found(client: ImapClient, start: int, end: int, after: int, *criteria: str) -> list[int]:
    """Search among sequence numbers; `n:*` also names the last mail where all are below n (RFC 3501 6.4.8)."""
    return client.search_uids(f"{start}:{end}", "UID", f"{after + 1}:*", *criteria)
