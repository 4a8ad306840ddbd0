"""Each line of the sample files says what its table says that it says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from bounces.reading.accounting import Push, known_columns, read_push
from bounces.reading.accounting.columns import plan_for
from bounces.records import Source
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
