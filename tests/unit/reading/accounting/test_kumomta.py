"""Each type of KumoMTA's log records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bounces.reading.accounting import Push, read_push
from bounces.reading.accounting.kumomta_events import IGNORED, kinds
from tests.unit.reading.accounting.samples_of import KUMOMTA, table, wrong

TABLE = table("kumomta")
RECORDS: list[dict[str, Any]] = TABLE["record"]


def _record(row: dict[str, Any]) -> dict[str, Any]:
    record = {**TABLE["base"], "meta": {}, "headers": {}, "feedback_report": None, **row["fields"]}
    for name in row.get("without", ()):
        record[name] = None
    if "response" in record:
        record["response"].setdefault("enhanced_code", None)
    return record


def _push(*records: dict[str, Any]) -> Push:
    return read_push(json.dumps(list(records)).encode(), KUMOMTA, "application/json")


@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row["name"])
def test_record(row: dict[str, Any]) -> None:
    push = _push(_record(row))
    if "rejected" in row:
        assert not push.reports
        assert row["rejected"] in push.set_aside[0].reason
    elif "ignored" in row:
        assert not push.reports
        assert push.ignored == {row["ignored"]: 1}
    else:
        assert not push.set_aside, push.set_aside
        assert len(push.reports) == len(row["reports"])
        assert [
            found
            for report, wanted in zip(push.reports, row["reports"], strict=True)
            if (found := wrong(report, wanted))
        ] == []


@pytest.mark.parametrize(
    ("command", "verb"),
    [
        ("RCPT TO:<a@example.org>", "RCPT"),
        ("MAIL FROM:<b@example.net>", "MAIL"),
        ("ehlo mta4.example.net", "EHLO"),
        ("STARTTLS", "STARTTLS"),
        ("AUTH PLAIN", "AUTH"),
        ("RSET", "RSET"),
        (".", None),
        (None, None),
    ],
)
def test_the_verb_of_the_refused_command_is_kept(command: str | None, verb: str | None) -> None:
    response = {"code": 550, "content": "no", "command": command}
    (report,) = _push(_record({"fields": {"type": "Bounce", "response": response}})).reports
    assert report.command == verb


def test_every_known_type_has_a_sample() -> None:
    assert {*kinds(), *IGNORED} <= {row["fields"].get("type") for row in RECORDS}


def test_all_in_one_array_is_the_same_as_each_alone() -> None:
    whole = _push(*map(_record, RECORDS))
    alone = [report.id for row in RECORDS for report in _push(_record(row)).reports]
    assert [report.id for report in whole.reports] == alone
    assert whole.rejected == sum("rejected" in row for row in RECORDS)


def test_a_record_is_one_by_id_recipient_type_and_time() -> None:
    record = _record(RECORDS[0])
    same = {**record, "nodeid": "another", "num_attempts": 3, "meta": {"a": 1}, "bounce_classification": "Other"}
    others = [{**record, change: value} for change, value in
              (("id", "x"), ("recipient", "x@example.org"), ("type", "OOB"), ("timestamp", 1795500001))]  # fmt: skip
    assert _push(record).reports[0].id == _push(same).reports[0].id
    assert len({push.reports[0].id for push in map(_push, [record, *others])}) == 5


def test_ids_stay_what_they_are() -> None:
    assert _push(_record(RECORDS[0])).reports[0].id == "fb304a29ac2eb48acca40328f4a5996983be7bd8"


def test_records_without_an_id_are_told_apart() -> None:
    record = {**_record(RECORDS[0]), "id": None}
    other = {**record, "response": {"code": 550, "content": "another"}}
    assert _push(record).reports[0].id != _push(other).reports[0].id
