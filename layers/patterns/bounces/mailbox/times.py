"""When a mailbox got a mail, where it does not say so itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from bounces.reading import dates

Now = Callable[[], datetime]

_HEADER_BYTES: Final = 64 * 1024
_FIELD_LINES: Final = 50


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def received_time(raw: bytes, now: datetime) -> datetime:
    """Return the time in the topmost Received field of the mail `raw`, never later than `now`; `now` where it has none.

    The topmost was written by the last server, which is the mailbox's own, or one that it trusts (RFC 5321 4.4).
    """
    received = _topmost_received(raw[:_HEADER_BYTES])
    time = dates.parsed(received.rpartition(";")[2]) if ";" in received else None
    return min(time, now) if time else now


def _topmost_received(raw: bytes) -> str:
    """Return the value of the first Received field, unfolded; "" where there is none."""
    lines = raw.splitlines()
    for number, line in enumerate(lines):
        if not line:
            break
        if line[:9].lower() == b"received:":
            field = [line[9:]]
            for more in lines[number + 1 : number + _FIELD_LINES]:
                if more[:1] not in (b" ", b"\t"):
                    break
                field.append(more)
            return b" ".join(field).decode("ascii", "replace")
    return ""
