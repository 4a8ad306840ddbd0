"""Where a mail belongs, and whom it was for: what is asked of its bytes before it is handed in."""

from __future__ import annotations

import re
from typing import Final

from bounces import verp
from bounces.addresses import bare, is_address
from bounces.mailbox.ports import Place
from bounces.reading import Reading
from bounces.reading.bounding import bounded

ENVELOPE_FIELDS: Final = (b"delivered-to", b"x-original-to", b"envelope-to", b"to")
"""Fields that say whom a mail was for, those that the final delivery writes first: the author writes only the last."""
MAX_RECIPIENTS: Final = 16

_FOLDED: Final = re.compile(rb"\r?\n[ \t]+")
_BETWEEN: Final = re.compile(r"[\s,;<>\"]+")


def place_of(reading: Reading) -> Place:
    """Return where a mail that was read as `reading` belongs.

    What says nothing of anybody stands apart, so that a person sees what the reader made nothing of.
    """
    named = (report.recipient or report.addressee or report.subscriber for report in reading.reports)
    return Place.PROCESSED if any(named) else Place.UNRECOGNISED


def envelope_recipients(raw: bytes) -> tuple[str, ...]:
    """Return the addresses that the mail `raw` may have been for, at most `MAX_RECIPIENTS`.

    A mailbox does not tell the envelope, but most servers write its recipient into a field. The first is one with a
    token of ours, where there is one; the others follow in the order of `ENVELOPE_FIELDS`.
    """
    raw, end = bounded(raw, [])
    found: dict[str, None] = {}
    fields = [line.partition(b":") for line in _FOLDED.sub(b" ", raw[:end]).splitlines()]
    for wanted in ENVELOPE_FIELDS:
        for name, _, value in fields:
            if name.strip().lower() == wanted:
                found.update(dict.fromkeys(_addresses(value)))
    ours = [address for address in found if verp.read(address)]
    return tuple(dict.fromkeys([*ours, *found]))[:MAX_RECIPIENTS]


def _addresses(value: bytes) -> list[str]:
    words = (bare(word) for word in _BETWEEN.split(value.decode("utf-8", "replace")) if "@" in word)
    return [word for word in words if is_address(word)]
