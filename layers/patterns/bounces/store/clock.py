"""When something is written here, and how long it is kept from then on.

No statement: what a state is follows from its facts alone, and no etag contains what comes from here. A report's time
is what a stranger's mail says, or that of an old mail which is found today; an item that counted its end from that
alone would be deleted before anybody could look at it, together with an undo that stands in it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Return this moment, in UTC and whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def kept_until(time: datetime, kept: timedelta) -> int:
    """Return until when what is of `time` is kept, in seconds since 1970: so long after it, and after this moment."""
    return int((max(time, now()) + kept).timestamp())
