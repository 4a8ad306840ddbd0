"""One line is one record, whatever brings it: its report and its id are the same in every form."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from bounces.errors import PushTooLarge, UnknownMediaType, UnreadablePush
from bounces.reading import Arrival
from bounces.reading.accounting import COLUMNS, LINE, read_push
from bounces.reading.accounting.limits import MAX_RECORD, MAX_VALUE
from bounces.records import Report
from tests.unit.reading.accounting.samples_of import FILES, KUMOMTA, POWERMTA, body, line, rows

NAMES = [name for name in FILES if name not in ("rotated",)]
CARRIED = {"@timestamp": "2026-11-24T10:00:00Z", "@version": "1", "tags": [], "host": {"name": "mta1"}}


def _csv(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def _event(header: list[str], cells: list[str], **more: Any) -> dict[str, Any]:
    """Return the event that Logstash's csv filter makes of a row: an empty value is null."""
    named = {column: cell or None for column, cell in zip(header, cells, strict=True)}
    return {**CARRIED, "message": line(cells), "path": "/var/log/pmta/a.csv", **named, **more}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


Form = Callable[[list[str], list[str]], tuple[bytes, str, str]]
FORMS: dict[str, Form] = {
    "json": lambda h, c: (_json(_event(h, c)), "application/json", ""),
    "json of a moved file": lambda h, c: (_json(_event(h, c, path="/old/a.csv")), "Application/JSON; a=b", ""),
    "json_batch": lambda h, c: (_json([_event(h, c)]), "application/json", ""),
    "json_batch, packed": lambda h, c: (gzip.compress(_json([_event(h, c)])), "application/json", "gzip"),
    "json, numbers as such": lambda h, c: (
        _json({k: int(v) if isinstance(v, str) and v.isdecimal() else v for k, v in _event(h, c).items()}),
        "application/json",
        "",
    ),
    "json of other order": lambda h, c: (_json(dict(reversed(_event(h, c).items()))), "application/json", ""),
    "one a line": lambda h, c: (_json(_event(h, c)) + b"\n", "application/x-ndjson", ""),
    "the line and its columns": lambda h, c: (
        _json({**CARRIED, "message": "x", LINE: line(c), COLUMNS: ",".join(h)}), "application/json", ""),
    "the line and an array of its columns": lambda h, c: (
        _json([{LINE: line(c) + "\r", COLUMNS: h, "tags": ["_csvparsefailure"]}]), "application/json", ""),
    "raw CSV": lambda h, c: (_csv(line(h), line(c)), "text/csv", ""),
    "raw CSV, CRLF": lambda h, c: (_csv(line(h), line(c)).replace(b"\n", b"\r\n") + b"\r\n", "text/csv", ""),
    "raw CSV as bytes": lambda h, c: (_csv(line(h), line(c)), "application/octet-stream", ""),
    "raw CSV, packed": lambda h, c: (gzip.compress(_csv(line(h), line(c), "")), "text/csv", "gzip"),
    "a packed file": lambda h, c: (gzip.compress(_csv(line(h), line(c), "")), "application/gzip", ""),
    "a packed file, packed again": lambda h, c: (
        gzip.compress(gzip.compress(_csv(line(h), line(c), ""))), "application/octet-stream", "gzip"),
    "two rotated files, packed one by one": lambda h, c: (
        gzip.compress(_csv(line(h), "")) + gzip.compress(_csv(line(h), line(c), "")), "application/gzip", ""),
    "columns in other order": lambda h, c: (
        _csv(line(["type", *reversed(h[1:])]), line([c[0], *reversed(c[1:])])), "text/csv", ""),
    "columns in capitals": lambda h, c: (_csv(line(h).upper(), line(c)), "text/csv", ""),
}  # fmt: skip


def _said(reports: tuple[Report, ...]) -> list[dict[str, Any]]:
    return [{**report.to_json(), "raw": ""} for report in reports]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_one_line_is_one_report_in_every_form(name: str, form: str) -> None:
    header, found = rows(name)
    for cells in found:
        if len(cells) == len(header):
            wanted = read_push(_csv(line(header), line(cells)), POWERMTA, "text/csv")
            push = read_push(*_arguments(FORMS[form](header, cells)))
            assert _said(push.reports) == _said(wanted.reports), cells
            assert push.rejected == wanted.rejected


def _arguments(sent: tuple[bytes, str, str]) -> tuple[bytes, Arrival, str, str]:
    return sent[0], POWERMTA, sent[1], sent[2]


@pytest.mark.parametrize("name", ["bounces", "fbl", "generated-feedback", "deliveries"])
@pytest.mark.parametrize("field", ["message", LINE, "event"])
def test_a_line_that_logstash_could_not_take_apart_is_read_by_the_layout_that_it_fits(name: str, field: str) -> None:
    header, found = rows(name)
    for cells in [cells for cells in found if len(cells) == len(header)]:
        whole = read_push(_csv(line(header), line(cells)), POWERMTA, "text/csv")
        value = {"original": line(cells)} if field == "event" else line(cells)
        push = read_push(_json({**CARRIED, field: value, "tags": ["_csvparsefailure"]}), POWERMTA, "application/json")
        bare = read_push(line(cells).encode(), POWERMTA, "text/csv")
        assert _said(push.reports) == _said(bare.reports) == _said(whole.reports), cells


def test_a_header_line_that_is_sent_as_a_record_is_ignored() -> None:
    header, _ = rows("bounces")
    events = [_event(header, header), {"message": line(header), "tags": ["_csvparsefailure"]}]
    push = read_push(_json(events), POWERMTA, "application/json")
    assert push.ignored == {"header": 2}
    assert not push.set_aside


def test_values_beyond_the_columns_are_a_shifted_row() -> None:
    header, found = rows("bounces")
    push = read_push(_json(_event(header, found[0], column14="x")), POWERMTA, "application/json")
    assert push.set_aside[0].reason == "has more values than columns"


def test_a_long_record_is_read_cut_and_kept_with_one_id_in_every_form() -> None:
    header, found = rows("bounces")
    cells = [
        cell if column != "dsnDiag" else cell + " x" * MAX_RECORD for column, cell in zip(header, found[0], strict=True)
    ]
    pushes = [read_push(*_arguments(FORMS[form](header, cells))) for form in ("json", "raw CSV")]
    short = [cell[:MAX_VALUE] for cell in cells]
    for push in pushes:
        assert push.accepted == 1
        assert push.rejected == 0
        assert [record.is_read for record in push.set_aside] == [True]
        assert len(push.set_aside[0].record) == MAX_RECORD
        assert "record" in push.reports[0].cuts
        assert push.reports[0].recipient == "dorothy@example.org"
    ids = {push.reports[0].id for push in (*pushes, read_push(_csv(line(header), line(short)), POWERMTA, "text/csv"))}
    assert len(ids) == 1


def test_another_line_is_another_report() -> None:
    header, found = rows("bounces")
    base = found[0]
    changed = [[*base[:place], value, *base[place + 1 :]] for place, value in
               ((2, "2026-11-20 08:10:05+0100"), (4, "x@example.org"), (8, "smtp;550 no"), (10, "c8"))]  # fmt: skip
    push = read_push(_csv(line(header), *map(line, [base, *changed, ["rb", *base[1:]]])), POWERMTA, "text/csv")
    assert len({report.id for report in push.reports}) == 6


def test_ids_stay_what_they_are() -> None:
    """Ids are keys of stored items: a release that makes others would apply every report a second time."""
    push = read_push(body("bounces"), POWERMTA, "text/csv")
    assert push.reports[0].id == "434ff9aa568f73ef610d06879756e3af10c95831"


@pytest.mark.parametrize("text", ["", "\n", "type,timeLogged,rcpt\n", "\ufefftype,rcpt", "[]", " [\n] "])
def test_a_body_without_records_is_taken(text: str) -> None:
    push = read_push(text.encode(), POWERMTA)
    assert (push.reports, push.ignored, push.set_aside) == ((), {}, ())


@pytest.mark.parametrize(
    ("sent", "content_type", "encoding", "error"),
    [
        (b"a", "text/html", "", UnknownMediaType),
        (b"a", "multipart/form-data; boundary=x", "", UnknownMediaType),
        (b"[]", "application/json", "br", UnknownMediaType),
        (b"[]", "application/json", "gzip", UnreadablePush),
        (b"a,b", "application/gzip", "", UnreadablePush),
        (gzip.compress(b"[]", mtime=0)[:-4], "application/json", "gzip", UnreadablePush),
        (gzip.compress(b"[]" * 99, mtime=0)[:20] + b"damage" * 9, "application/json", "gzip", UnreadablePush),
        (gzip.compress(b"[]", mtime=0) + b"more", "application/json", "gzip", UnreadablePush),
        (b"type,rcpt", "application/json", "", UnreadablePush),
        (b"", "application/json", "", UnreadablePush),
        (b"\0" * (32 * 1024 * 1024 + 1), "text/csv", "", PushTooLarge),
        (gzip.compress(b"\0" * (33 * 1024 * 1024)), "text/csv", "gzip", PushTooLarge),
        (gzip.compress(b"") * 2000, "text/csv", "gzip", PushTooLarge),
        (b"type\n" + b"b\n" * 20_001, "text/csv", "", PushTooLarge),
        (b"[" + b"{}," * 20_001 + b"]", "application/json", "", PushTooLarge),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused_by_name(
    sent: bytes, content_type: str, encoding: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        read_push(sent, POWERMTA, content_type, encoding)
    assert len(str(raised.value)) < 400


def test_kumomta_sends_no_csv() -> None:
    with pytest.raises(UnknownMediaType):
        read_push(b"type,rcpt\n", KUMOMTA, "text/csv")


@pytest.mark.parametrize("between", ["\n", "\r\n", ",", " ", "\x1e"])
def test_records_of_a_body_are_numbered_from_one(between: str) -> None:
    record = json.dumps({"type": "Bounce", "id": "1", "recipient": "a@example.org"})
    push = read_push(
        between.join([record, '{"type":"Delivery"', record]).encode() + b"\n", KUMOMTA, "application/x-ndjson"
    )
    if between.strip(" ,\x1e"):
        assert [report.raw for report in push.reports] == ["pushed/b#1", "pushed/b#3"]
        assert [record.place for record in push.set_aside] == [2]
    else:
        assert [report.raw for report in push.reports][:1] == ["pushed/b#1"]
        assert push.rejected >= 1
