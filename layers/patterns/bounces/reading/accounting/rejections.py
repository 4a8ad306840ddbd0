"""A record that could not be read -> a report that says so, so that it comes before a person like all that is doubtful.

It is about nobody: whoever stands in a row whose values stand under the wrong columns is anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bounces.identity import rejected_digest, report_id
from bounces.reading.accounting.push import SetAside
from bounces.reading.reports import Arrival
from bounces.reading.text import one_line
from bounces.records import Event, Report

MAX_SHOWN: Final = 200
"""Characters of the record that are shown. A message has room for a hundred such reports; the bucket has the rest."""


def reports_of(records: Iterable[SetAside], arrival: Arrival) -> tuple[Report, ...]:
    """Return a report of each of `records` that gave none of its own; `arrival.raw` is where such records are kept.

    A report's id is of the record's bytes, so the same record is one report however often it stands there or comes. Its
    time is the push's: what the record says itself is not known. The note is the reason.
    """
    found: dict[str, Report] = {}
    for record in records:
        identity = report_id(rejected_digest(arrival.source, record.record), Event.OTHER, "")
        if not record.is_read and identity not in found:
            found[identity] = _report(identity, record, arrival)
    return tuple(found.values())


def _report(identity: str, record: SetAside, arrival: Arrival) -> Report:
    shown = one_line(record.record[: 4 * MAX_SHOWN].decode("utf-8", "replace"))[:MAX_SHOWN]
    return Report(
        id=identity,
        source=arrival.source,
        event=Event.OTHER,
        recipient=None,
        diagnostic=shown or None,
        event_time=arrival.received_time,
        received_time=arrival.received_time,
        note=record.reason,
        raw=f"{arrival.raw}#{record.place}" if arrival.raw else None,
    )
