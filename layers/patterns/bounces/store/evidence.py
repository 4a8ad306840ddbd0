"""What a state rests on: which report said so, and when it happened.

Facts are ordered by (event time, report id), never by their arrival: whatever comes late, twice or out of order, the
same set of reports gives the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bounces.errors import RecordError
from bounces.records import Report, Source

LOGS: Final = frozenset({Source.POWERMTA, Source.KUMOMTA})
"""What our own MTAs log, and shippers push."""

SHORT_ID: Final = 16
"""Characters of a report's id that are enough to find it in its address' history: 64 bits."""


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One report as the ground of a state, comparing as (event time, report id) does."""

    time: datetime  # aware, UTC, whole seconds
    report: str  # its id

    @property
    def short(self) -> Evidence:
        """The same with the report's id cut to what finds it in its address' history."""
        return Evidence(self.time, self.report[:SHORT_ID])

    @classmethod
    def of(cls, report: Report) -> Evidence:
        """Return `report` as evidence. Raises `RecordError` where it has no time: a door always gives one."""
        time = report.event_time or report.received_time
        if time is None:
            raise RecordError(
                f"report {report.id} has neither an event time nor a received time; its source must give one"
            )
        return cls(time.astimezone(UTC).replace(microsecond=0), report.id)


def noted(report: Report) -> datetime:
    """Return when our door got `report`, which is never before its event. Raises `RecordError` where it has no time.

    A mail has a time of receipt. A shipper sends a record again until it is taken, each time at another, so of a record
    the end of that day is given: two tries then say the same.
    """
    event = Evidence.of(report).time
    received = (report.received_time or event).astimezone(UTC).replace(microsecond=0)
    if report.source in LOGS:
        received = received.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    return max(event, received)


def came(noted: datetime, event: datetime, source: str) -> datetime:
    """Return when what was `noted` so came in, for people: of a record the day, or its event where that is later."""
    return max(event, noted - timedelta(days=1)) if source in LOGS else noted


def written(time: datetime) -> str:
    """Return `time`, in UTC, as items hold it: ISO 8601 in whole seconds, so that text sorts as time does."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    """Return the time that `written` wrote."""
    return datetime.fromisoformat(text)
