"""A verdict that waits for a person, the group that it is of, and what of it is kept. Pure."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from bounces.records import Report, Verdict
from bounces.store.decisions import Decision
from bounces.store.evidence import Evidence, came, noted
from bounces.store.evidence import written as written_time
from bounces.store.review_reasons import shape_of_verdict
from bounces.store.shapes import id_of

KEPT: Final = timedelta(days=90)
"""How long what waits is kept after it came in and after it was put here, whichever is later."""
MAX_ITEM_BYTES: Final = 1024
"""One write unit."""

# What applying the verdict needs, and where the mail is: always kept. The mail has the rest.
_NEEDED: Final = (
    *("version", "source", "event", "recipient", "addressee", "original_recipient", "action", "feedback_type"),
    *("event_time", "received_time", "status", "reply_code", "list_id", "subscriber", "campaign"),
    *("cuts", "raw"),  # of an address that was cut, what is left may be another's
)
_NEEDED_OF_VERDICT: Final = ("version", "category", "bounce_type")
# The most useful first; the last are left out where there is no room.
_USEFUL: Final = (
    *("note", "remote_mta", "system", "source_category", "envelope_recipient", "reporting_mta"),
    *("sending_mta", "returned_to", "message_id", "feedback_id"),
)
_USEFUL_OF_VERDICT: Final = ("rule", "layer", "patterns_version", "reason")
_LEAST_DIAGNOSTIC: Final = 240
"""Bytes that the diagnostic has before anything useful: it is what a person judges by."""


@dataclass(frozen=True, slots=True)
class Item:
    """A verdict that waits for a person, or did: its shape's id, why it waits, and what was decided."""

    shape_id: str
    why: str
    verdict: Verdict
    decision: Decision | None = None

    @property
    def id(self) -> str:
        """Return what names it: its shape's id and its report's."""
        return f"{self.shape_id}-{self.verdict.report.id}"

    @property
    def came(self) -> datetime:
        """Return when it came in."""
        return arrival_of(self.verdict.report)


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """That verdicts of a shape came in on a day."""

    shape_id: str
    day: date
    why: str
    shape: str


def arrival_of(report: Report) -> datetime:
    """Return when `report` came in: of an old log that is sent today, today.

    Of a record, which a shipper may send again, it is the beginning of that day, or the event where that is later: what
    is written of it says the same when it is read again. Raises `RecordError` where it has no time.
    """
    return came(noted(report), Evidence.of(report).time, report.source)


def day_of(verdict: Verdict, why: str) -> Day:
    """Return the group that `verdict`, which waits because of `why`, is of, on the day on which it came in."""
    shape = shape_of_verdict(verdict)
    return Day(id_of(why, shape), arrival_of(verdict.report).date(), why, shape)


def written_in(room: int, verdict: Verdict) -> str:
    """Return `verdict` as JSON in `room` bytes of UTF-8, without the report's id.

    What applying it needs is there in any case, though it be longer; then the most useful of the rest, and of the
    diagnostic as much as fits. Headers, subject and what else a person may want are in the mail.
    """
    whole = verdict.to_json()
    report, diagnostic = whole["report"], verdict.report.diagnostic or ""
    kept: dict[str, Any] = {name: report[name] for name in _NEEDED if name in report}
    kept["received_time"] = written_time(arrival_of(verdict.report))
    outer: dict[str, Any] = {name: whole[name] for name in _NEEDED_OF_VERDICT if name in whole}
    room -= _size({**outer, "report": kept}) + 1
    reserved = min(_size({"diagnostic": diagnostic}), _LEAST_DIAGNOSTIC) if diagnostic else 0
    for into, names, given in ((kept, _USEFUL, report), (outer, _USEFUL_OF_VERDICT, whole)):
        for name in names:
            size = _size({name: given[name]}) if name in given else 0
            if size and size <= room - reserved:
                into[name] = given[name]
                room -= size
    fits = bisect_right(range(len(diagnostic) + 1), room, key=lambda end: _size({"diagnostic": diagnostic[:end]})) - 1
    if fits > 0:
        kept["diagnostic"] = diagnostic[:fits]
    return _json({**outer, "report": kept})


def _size(members: dict[str, Any]) -> int:
    """Return the bytes of `members` within an object that has others: without its braces, with a comma."""
    return len(_json(members).encode()) - 1


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
