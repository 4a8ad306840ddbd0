"""What stands in the mailboxes of the tests: bounces among ordinary mail and what no mail is, all known by heart.

Each is one of the sample mails (events/mails) with a Message-ID and recipients of its own, so that each bounce is a
report of its own; what must come of it is what its envelopes.toml says, not what the product reads.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from local import samples
from tests.dovecot import Dovecot, digest

FIRST: Final = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)
"""When the mailbox got its first mail; the others follow by the minute."""
FLAGS: Final = ("", "", "S", "F", "FS", "RS")
STRANGE_SHARE: Final = 0.7

_MESSAGE_ID: Final = re.compile(rb"^Message-ID:.*(?:\n[ \t].*)*\n", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail of the mailbox. `told` are the addresses that it reports something of: each must get it once."""

    raw: bytes
    flags: str  # Maildir's letters
    received: datetime
    told: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether it belongs into Processed, else into Unrecognised."""
        return bool(self.told)

    @property
    def digest(self) -> str:
        """Return what `tests.dovecot.Kept` knows it by."""
        return digest(self.raw)

    @property
    def shown_flags(self) -> frozenset[str]:
        """Return its flags in IMAP's words."""
        words = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered"}
        return frozenset(words[letter] for letter in self.flags)


@dataclass(frozen=True, slots=True)
class _Kind:
    raw: bytes
    recipients: tuple[str, ...]


def filled(count: int, seed: int) -> list[Sent]:
    """Return `count` mails, of every kind, in the order in which the mailbox gets them."""
    draw = random.Random(f"mailbox {seed}")
    kinds = _kinds()
    made = []
    for number in range(count):
        received = FIRST + timedelta(minutes=number)
        flags = draw.choice(FLAGS)
        if draw.random() < STRANGE_SHARE:
            raw = _with_message_id(draw.choice(_STRANGE)(draw), number)
            made.append(Sent(raw, flags, received))
        else:
            made.append(_one_of(kinds[number % len(kinds)], number, flags, received))
    return made


def deliver(mails: list[Sent], server: Dovecot) -> None:
    """Put `mails` into the inbox of the user of `server`."""
    for mail in mails:
        server.deliver(mail.raw, flags=mail.flags, received=mail.received)


def _one_of(kind: _Kind, number: int, flags: str, received: datetime) -> Sent:
    raw = _with_message_id(kind.raw, number)
    for address in kind.recipients:
        raw = raw.replace(address.encode(), _own(address, number).encode())
    return Sent(raw, flags, received, tuple(_own(address, number) for address in kind.recipients))


def _own(address: str, number: int) -> str:
    local, _, domain = address.partition("@")
    return f"{local}.{number}@{domain}"


def _with_message_id(raw: bytes, number: int) -> bytes:
    """Return `raw` with a Message-ID of its own in front; a stranger's mail may have had none."""
    head, blank, body = raw.partition(b"\n\n")
    return b"Message-ID: <m%d@mailbox.example.net>\n" % number + _MESSAGE_ID.sub(b"", head + b"\n") + blank[1:] + body


@cache
def _kinds() -> tuple[_Kind, ...]:
    return tuple(_read_kinds())


def _read_kinds() -> Iterator[_Kind]:
    envelopes: dict[str, Any] = tomllib.loads(samples.ENVELOPES.read_text("utf-8"))
    for sample in samples.mails():
        expected = envelopes[sample.path.name].get("expect", ())
        recipients = tuple(each["recipient"] for each in expected)
        if not all(address.isascii() for address in recipients):
            continue  # in several forms in its mail (RFC 6533), and not to be changed in all of them
        yield _Kind(sample.path.read_bytes(), recipients)


def _letter(draw: random.Random) -> bytes:
    words = " ".join(draw.choices(("harvest", "meeting", "Tuesday", "invoice", "garden", "thanks"), k=40))
    return f"From: Ann <ann@example.net>\nTo: bounces@return.example.com\nSubject: {words[:30]}\n\n{words}\n".encode()


def _noise(draw: random.Random) -> bytes:
    """Return bytes that are no mail; no NUL, which IMAP cannot carry (RFC 3501 4.3), and no CR."""
    return bytes(draw.choice(range(1, 256)) for _ in range(draw.randrange(1, 400))).replace(b"\r", b"\n")


def _broken_dsn(draw: random.Random) -> bytes:
    """Return a DSN that ends before it says of whom it speaks."""
    return (
        b"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="cut"\n\n'
        b"--cut\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.exam" + b"p" * draw.randrange(20)
    )


def _large(draw: random.Random) -> bytes:
    line = b"%060d\n" % draw.randrange(10**9)
    return b"Subject: minutes of the meeting\n\n" + line * 5_000


def _empty(draw: random.Random) -> bytes:
    return b"\n"


_STRANGE: Final[tuple[Callable[[random.Random], bytes], ...]] = (_letter, _noise, _broken_dsn, _large, _empty)
