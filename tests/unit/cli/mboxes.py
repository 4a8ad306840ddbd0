"""Mboxes and Maildirs made of mails, as mail systems write them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
OURS: Final = ROOT / "tests" / "unit" / "reading" / "mails"
NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

_LINE: Final = "a line of the returned message, which nobody reads again\r\n"
_TO_QUOTE: Final = re.compile(rb"^(?=>*From )", re.MULTILINE)


@cache
def our_mails() -> tuple[bytes, ...]:
    """Return the project's sample mails."""
    return tuple(path.read_bytes() for path in sorted(OURS.glob("*.eml")))


def bounce(number: int, *, more: int = 0) -> bytes:
    """Return a bounce of the address u<number>@example.org, with `more` bytes of the returned message."""
    returned = _LINE * (more // len(_LINE))
    return (
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\r\n"
        "To: bounces@return.example.com\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
        f"Message-ID: <{number}@mx.example.net>\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
        "\r\n"
        "--b\r\n"
        "Content-Type: text/plain\r\n"
        "\r\n"
        "From here on, your message could not be delivered.\r\n"
        "--b\r\n"
        "Content-Type: message/delivery-status\r\n"
        "\r\n"
        "Reporting-MTA: dns; mx.example.net\r\n"
        "\r\n"
        f"Final-Recipient: rfc822; u{number}@example.org\r\n"
        "Action: failed\r\n"
        "Status: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 <u{number}@example.org>: user unknown\r\n"
        "\r\n"
        "--b\r\n"
        "Content-Type: message/rfc822\r\n"
        "\r\n"
        f"Subject: news\r\nTo: u{number}@example.org\r\n\r\n{returned}"
        "--b--\r\n"
    ).encode()


def ordinary(number: int) -> bytes:
    """Return a mail that says nothing of any address."""
    return (
        f"From: a{number}@example.com\r\nTo: b@example.com\r\nSubject: lunch {number}\r\n"
        f"Message-ID: <lunch-{number}@example.com>\r\n\r\nFrom noon on?\r\n"
    ).encode()


def entry(raw: bytes, received: datetime = NOON) -> bytes:
    """Return the mail `raw` as it stands in an mbox: its `From ` line, quoted, and the blank line behind it."""
    if b"\n" not in raw:  # a file of an old Macintosh; what delivers mails writes lines
        raw = raw.replace(b"\r", b"\n")
    line = f"From MAILER-DAEMON {received:%a %b} {received.day:2} {received:%H:%M:%S %Y}\n".encode()
    return line + _TO_QUOTE.sub(b">", raw) + (b"\n" if raw.endswith(b"\n") else b"\n\n")


def mbox(path: Path, mails: Iterable[bytes]) -> Path:
    """Write `mails` to the mbox `path`, one at a time, and return it."""
    with path.open("wb") as file:
        for raw in mails:
            file.write(entry(raw))
    return path


def maildir(path: Path, mails: Iterable[bytes], received: datetime = NOON) -> Path:
    """Write `mails` to the Maildir `path`, by turns to what is new and to what was seen, and return it."""
    for part in ("new", "cur", "tmp"):
        (path / part).mkdir(parents=True)
    for number, raw in enumerate(mails):
        name = f"new/{number:06}.host" if number % 2 else f"cur/{number:06}.host:2,S"
        (path / name).write_bytes(raw)
        os.utime(path / name, (received.timestamp(), received.timestamp()))
    return path


def mixed(count: int, *, more: int = 0) -> Iterator[bytes]:
    """Yield `count` mails: of four, three bounces and an ordinary one; each tenth bounce is of one address."""
    for number in range(count):
        if number % 4 == 3:
            yield ordinary(number)
        else:
            yield bounce(0 if number % 40 == 0 else number, more=more)
