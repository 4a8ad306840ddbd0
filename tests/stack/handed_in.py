"""Mails as a scan of a mailbox hands them in, for tests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from bounces.mailbox.ports import HandedIn
from bounces.reading import Arrival, read_mail
from bounces.records import Source

RECEIVED: Final = datetime(2026, 11, 27, 8, 30, 0, 250_000, tzinfo=UTC)
RETURN_PATH: Final = "bounces+news.c7.17.abcdefghijklmn27@return.example.com"


def mail(
    raw: bytes,
    name: str = "imap://bounces@mail.example.com:993/INBOX, UID 7",
    *,
    received: datetime = RECEIVED,
    recipients: tuple[str, ...] = (RETURN_PATH,),
    is_whole: bool = True,
) -> HandedIn:
    """Return `raw` as a door gets it."""
    reading = read_mail(raw, Arrival(Source.MAILBOX, received, recipients, raw=name))
    return HandedIn(name, raw, hashlib.sha256(raw).hexdigest(), received, recipients, reading, is_whole)
