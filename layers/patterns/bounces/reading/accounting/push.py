"""A pushed body -> its records -> their reports: what the push door does before it hands anything on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bounces.errors import PushTooLarge, RecordError
from bounces.reading.accounting import columns, csv_records, json_records, kumomta, kumomta_events, logstash, powermta
from bounces.reading.accounting.limits import MAX_REASON, MAX_RECIPIENTS, MAX_RECORD, MAX_RECORDS, MAX_REPORTS
from bounces.reading.accounting.media import Form, opened
from bounces.reading.accounting.piece import Piece
from bounces.reading.reports import Arrival
from bounces.records import Report, Source

HEADER: Final = "header"
"""What a header line that a shipper sends as a record is counted as."""
UNKNOWN: Final = "unknown"
"""What records of types that no documentation has are counted as: the types are a stranger's words."""
_FULL: Final = f"is beyond the {MAX_REPORTS} reports that are made of one body; send the rest again by itself"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that is to be kept with its reason, in the rejected prefix.

    `place` is the line on which a row begins, or the number of a JSON record, both from 1. `record` are its bytes as
    they came, cut to `limits.MAX_RECORD`. `is_read` says that its reports were made all the same: the record was too
    long to be known in full.
    """

    place: int
    reason: str
    record: bytes
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """What a body held: the reports in the order of the records, and what became of the records that gave none."""

    reports: tuple[Report, ...]
    accepted: int  # records that gave reports
    ignored: Mapping[str, int]  # by type: records that say nothing of a recipient
    set_aside: tuple[SetAside, ...]

    @property
    def rejected(self) -> int:
        """Records that gave no report and should have."""
        return sum(not record.is_read for record in self.set_aside)


def read_push(body: bytes, arrival: Arrival, content_type: str = "", content_encoding: str = "") -> Push:
    """Return what the pushed `body` holds, with its content type and encoding as the request's headers have them.

    `arrival` has the source (powermta or kumomta), the time of the push, and in `raw` the key under which the body is
    kept; a report's `raw` is that key, `#` and the record's place. A record that cannot be read is set aside and costs
    no other. Raises `UnknownMediaType`, `PushTooLarge` or `UnreadablePush`, and then nothing of the body was taken.
    """
    body, form = opened(body, arrival.source, content_type, content_encoding)
    reports: list[Report] = []
    accepted = 0
    ignored: Counter[str] = Counter()
    set_aside: list[SetAside] = []
    is_full = False
    for piece in _pieces(body, form):
        if is_full:
            set_aside.append(_kept(piece, _FULL))
            continue
        try:
            kind, found = _read(piece, form, arrival)
            if len(reports) + len(found) > MAX_REPORTS:
                is_full = True
                raise RecordError(_FULL)
        except RecordError as error:
            set_aside.append(_kept(piece, str(error)))
            continue
        if not found:
            ignored[_counted(kind)] += 1
            continue
        accepted += 1
        if piece.is_long or len(found) > MAX_RECIPIENTS:
            set_aside.append(_kept(piece, f"is longer than {MAX_RECORD} bytes or {MAX_RECIPIENTS} recipients", True))
            found = tuple(report.replaced(cuts=("record", *report.cuts)) for report in found[:MAX_RECIPIENTS])
        reports.extend(found)
    return Push(tuple(reports), accepted, dict(ignored), tuple(set_aside))


def _pieces(body: bytes, form: Form) -> Iterator[Piece]:
    """Yield the records of `body`, and raise `PushTooLarge` where there are more than are taken."""
    pieces = csv_records.pieces(body) if form is Form.CSV else json_records.pieces(body)
    for number, piece in enumerate(pieces):
        if number == MAX_RECORDS:
            raise PushTooLarge(f"a body has at most {MAX_RECORDS} records, this has more; send fewer at once")
        yield piece


def _read(piece: Piece, form: Form, arrival: Arrival) -> tuple[str, tuple[Report, ...]]:
    """Return the type of the record and its reports. Raises `RecordError`."""
    if piece.fields is None:
        raise RecordError(piece.reason or "cannot be read")
    raw = f"{arrival.raw}#{piece.place}" if arrival.raw else None
    if arrival.source is Source.KUMOMTA:
        return kumomta.reports_of(piece.fields, arrival, raw)
    row = logstash.row_of(piece.fields) if form is Form.JSON else piece.fields
    return powermta.reports_of(row, arrival, raw)


def _kept(piece: Piece, reason: str, is_read: bool = False) -> SetAside:
    return SetAside(piece.place, reason[:MAX_REASON], piece.raw[:MAX_RECORD], is_read)


def _counted(kind: str) -> str:
    if kind == columns.TYPE:
        return HEADER
    return kind if kind in kumomta_events.IGNORED or kind in columns.known().ignored else UNKNOWN
