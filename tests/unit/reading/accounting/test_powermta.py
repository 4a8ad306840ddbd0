"""Each line of the sample files says what its table says that it says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from bounces.patterns import Classifier, default_policy
from bounces.reading.accounting import Push, known_columns, read_push
from bounces.reading.accounting.columns import plan_for
from bounces.records import Source
from bounces.store.effects import Record, Reset, effect_of
from tests.unit.reading.accounting.samples_of import FILES, POWERMTA, body, rows, table, wrong

LINES = [(name, row) for name in FILES for row in table(name)["rows"]]


def _push(name: str) -> Push:
    return read_push(body(name), POWERMTA, "text/csv")


def _placed(push: Push, line: int) -> list[Any]:
    return [report for report in push.reports if report.raw == f"pushed/a#{line}"]


def test_there_are_enough_lines() -> None:
    assert len(LINES) >= 60


@pytest.mark.parametrize(("name", "row"), LINES, ids=lambda value: value if isinstance(value, str) else value["line"])
def test_line(name: str, row: dict[str, Any]) -> None:
    push, line = _push(name), row["line"]
    reports = _placed(push, line)
    aside = [record for record in push.set_aside if record.place == line]
    if "rejected" in row:
        assert not reports
        assert len(aside) == 1
        assert row["rejected"] in aside[0].reason
        assert aside[0].record
        return
    assert not aside, aside
    if "ignored" in row:
        assert not reports
        return
    others = row.get("also", [])
    assert [report.recipient or "" for report in reports] == [row["recipient"], *others]
    assert not wrong(reports[0], row)
    assert {report.source for report in reports} == {Source.POWERMTA}


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_counted_once(name: str) -> None:
    push, wanted = _push(name), table(name)["rows"]
    assert push.ignored == Counter(row["ignored"] for row in wanted if "ignored" in row)
    assert push.rejected == len(push.set_aside) == sum("rejected" in row for row in wanted)
    assert push.accepted == len(wanted) - push.rejected - sum(push.ignored.values())
    assert len({report.id for report in push.reports}) == len(push.reports)


def test_a_row_under_the_columns_of_another_type_is_never_read() -> None:
    """Every good row of each file, under the header of each other file: none of them may name anybody."""
    moved = [
        dict(zip(rows(other)[0], cells, strict=False))  # as a csv filter with the other's columns does it
        for name, other in permutations([name for name in FILES if name not in ("rotated", "other-order")], 2)
        for row, cells in zip(table(name)["rows"], rows(name)[1], strict=True)
        if cells[0] in ("b", "rb", "f") and "rejected" not in row
    ]
    assert len(moved) > 100
    push = read_push(json.dumps(moved).encode(), POWERMTA, "application/json")
    assert [(report.recipient, moved[int(report.raw[9:]) - 1]) for report in push.reports] == []
    assert push.rejected == len(moved)


BAD_MAILBOX, BAD_SYSTEM = "5.1.1 (bad destination mailbox address)", "5.1.2 (bad destination system: no such domain)"
DISABLED = "5.2.1 (mailbox disabled, not accepting messages)"


@pytest.mark.parametrize(
    ("kind", "status", "diagnostic", "read", "hard"),
    [
        # A reply without a code of its own: the status is what PowerMTA made of its 550, and proves nothing.
        ("b", BAD_MAILBOX, "smtp;550 Not today", "5.0.0", False),
        ("b", BAD_MAILBOX, "smtp;553 nothing for that one", "5.0.0", False),
        ("b", BAD_MAILBOX, "550 Go elsewhere", "5.0.0", False),
        ("b", DISABLED, "smtp;550 Requested action not taken", "5.0.0", False),
        ("b", "5.1.6 (mailbox has moved)", "smtp;551 not so", "5.0.0", False),
        ("b", "4.2.1 (mailbox disabled, not accepting messages)", "smtp;450 not so", "4.0.0", False),
        ("b", BAD_MAILBOX, "smtp;550 there is no such user here", "5.0.0", True),
        ("b", "5.7.1 (delivery not authorized)", "smtp;550 not for you", "5.7.1", False),
        # The reply's own code, nobody's reply, and a DSN that came later, whose status is the remote host's.
        ("b", BAD_MAILBOX, "smtp;550 5.1.1 gone", "5.1.1", True),
        ("b", BAD_MAILBOX, "", "5.1.1", True),
        ("b", BAD_SYSTEM, "", "5.1.2", True),
        ("b", BAD_SYSTEM, "smtp;bad destination system: no such domain", "5.1.2", True),
        ("b", BAD_MAILBOX, "x-pmta;bounce-queue", "5.1.1", False),
        ("rb", "5.1.1", "smtp;550 gone", "5.1.1", True),
    ],
)
def test_a_status_that_powermta_made_up_says_nothing_of_the_address(
    kind: str, status: str, diagnostic: str, read: str, hard: bool
) -> None:
    row = {"type": kind, "timeLogged": "2026-11-20 10:00:00+0000", "rcpt": "kit@example.org", "dsnAction": "failed"}
    push = read_push(json.dumps(row | {"dsnStatus": status, "dsnDiag": diagnostic}).encode(), POWERMTA)
    assert not wrong(push.reports[0], {"status": read, "hard": hard})


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_what_powermta_delivered_ends_soft_bounces_and_what_a_mail_says_of_it_does_not(action: str) -> None:
    """An `rb` is a mail that came in: anybody can write that something was delivered."""
    row = {"timeLogged": "2026-11-20 10:00:00+0000", "rcpt": "kit@example.org", "dsnAction": action}
    its = {}
    for kind in ("d", "rb"):
        (report,) = read_push(json.dumps(row | {"type": kind}).encode(), POWERMTA).reports
        its[kind] = effect_of(Classifier().classify(report), default_policy())
    assert isinstance(its["d"], Reset)
    assert isinstance(its["rb"], Record)


def test_layouts_name_columns_that_are_known() -> None:
    for layout in known_columns().layouts:
        assert set(layout.columns[1:]) <= set(plan_for(layout.columns).identity), layout.name


def test_the_two_directives_of_the_documentation_are_known_layouts() -> None:
    known = {layout.columns for layout in known_columns().layouts}
    for name in ("bounces", "fbl", "generated-feedback", "deliveries"):
        assert tuple(column.lower() for column in rows(name)[0]) in known


def test_generated_layouts_have_one_type_each() -> None:
    generated = [layout for layout in known_columns().layouts if layout.generated]
    assert sorted(kind for layout in generated for kind in layout.types) == ["b", "d", "f", "rb"]
    assert all(len(layout.types) == 1 for layout in generated)
