"""What a state rests on: which report said so, and when it happened.

Facts are ordered by (event time, report id), never by their arrival: whatever comes late, twice or out of order, the
same set of reports gives the same state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bounces.errors import RecordError
from bounces.records import Report


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """One report as the ground of a state, comparing as (event time, report id) does."""

    time: datetime  # aware, UTC, whole seconds
    report: str  # its id

    @classmethod
    def of(cls, report: Report) -> Evidence:
        """Return `report` as evidence. Raises `RecordError` where it has no time: a door always gives one."""
        time = report.event_time or report.received_time
        if time is None:
            raise RecordError(
                f"report {report.id} has neither an event time nor a received time; its source must give one"
            )
        return cls(time.astimezone(UTC).replace(microsecond=0), report.id)


def written(time: datetime) -> str:
    """Return `time`, in UTC, as items hold it: ISO 8601 in whole seconds, so that text sorts as time does."""
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    """Return the time that `written` wrote."""
    return datetime.fromisoformat(text)
