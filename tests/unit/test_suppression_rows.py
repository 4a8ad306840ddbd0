"""Suppressions as rows and back, and bringing rows together with what is known."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces import cells
from bounces.errors import BouncesError
from bounces.store.evidence import Evidence
from bounces.store.merging import merged
from bounces.store.rows import FIELDS, Row, Told, live_rows_of, rows_of, suppression_of, time_of
from bounces.store.suppressions import GLOBAL, Cause, Lift, Scope, Suppression, scope_of

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = Told(NOON + 400 * DAY, "ann", "from the old system")
USER = "=user@example.com"

times = st.integers(0, 300 * 86400).map(lambda seconds: NOON + timedelta(seconds=seconds))
words = st.text(st.sampled_from("=-+@'\";,\t\r\n abc\u00e9"), max_size=12)
causes = st.builds(
    Cause,
    words,
    words,
    st.builds(Evidence, times, words),
    times,
    st.none() | times,
    st.none() | words,
    st.none() | words,
)
lifts = st.builds(Lift, times, words, words)


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    """Draw a scope as facts make one, never one that they could not come to."""
    scope = Scope(freed=draw(st.none() | lifts)).with_causes(draw(st.lists(causes, max_size=4)))
    if draw(st.booleans()):
        scope = scope.with_escalation(draw(causes), draw(lifts))
    return scope.lifted(draw(lifts)) if draw(st.booleans()) else scope


names = st.sampled_from([GLOBAL, scope_of("news"), scope_of("=offers"), scope_of("global")])


@st.composite
def suppressions(draw: st.DrawFn) -> Suppression:
    suppression = Suppression(USER)
    for name, scope in draw(st.dictionaries(names, scopes(), min_size=1)).items():
        suppression = suppression.changed(name, lambda _, made=scope: made)  # type: ignore[misc]
    return suppression


def through_csv(rows: list[Row]) -> list[Row]:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    for row in rows:
        writer.writerow([cells.written(row[name]) for name in FIELDS])
    read = csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)
    return [dict(zip(FIELDS, map(cells.read, row), strict=True)) for row in read]


def merged_rows(rows: list[Row]) -> Suppression:
    suppression = Suppression(USER)
    for row in rows:
        suppression = merged(suppression, suppression_of(row, TOLD))
    return suppression


@given(suppressions())
def test_what_is_exported_is_imported_as_it_was(suppression: Suppression) -> None:
    rows = list(rows_of(suppression))
    assert merged_rows(through_csv(rows)) == suppression
    assert merged_rows(rows) == suppression


@given(suppressions())
def test_importing_it_again_changes_nothing(suppression: Suppression) -> None:
    again = suppression
    for row in rows_of(suppression):
        again = merged(again, suppression_of(row, TOLD))
    assert again == suppression


@given(suppressions(), suppressions())
def test_what_was_known_of_causes_and_lifts_is_not_forgotten(known: Suppression, given_: Suppression) -> None:
    both = merged(known, given_)
    assert merged(both, given_) == both
    for name, scope in known.scopes.items():
        if scope.lift is not None:
            lift = both.of(name).lift
            assert lift is not None
            assert lift >= scope.lift


def foreign(**row: str | None) -> Cause:
    suppression = suppression_of({"address": "Ann@Example.COM"} | row, TOLD)
    assert suppression.address == "ann@example.com"
    ((_, scope),) = suppression.scopes.items()
    (cause,) = scope.causes
    return cause


def test_an_address_alone_is_suppressed_since_the_import_began() -> None:
    cause = foreign()
    assert (cause.reason, cause.source, cause.evidence.time, cause.noted) == ("import", "import", TOLD.at, TOLD.at)
    assert (cause.by, cause.why, cause.expires) == ("ann", "from the old system", None)


def test_a_row_says_more() -> None:
    cause = foreign(reason="complaint", created="2024-05-01", expires="2025-05-01T00:00:00+02:00", why="wrote to us")
    assert (cause.reason, cause.why) == ("complaint", "wrote to us")
    assert cause.evidence.time == datetime(2024, 5, 1, tzinfo=UTC)
    assert cause.expires == datetime(2025, 4, 30, 22, tzinfo=UTC)
    assert suppression_of({"address": "a@b.example", "list": "News"}, TOLD).scopes.keys() == {"list#news"}


def test_the_same_row_is_the_same_evidence_whoever_imports_it_when() -> None:
    row: Row = {"address": "ann@example.com", "reason": "complaint", "created": "2024-05-01", "why": "wrote"}
    first = suppression_of(row, TOLD)
    later = suppression_of(row, Told(TOLD.at + DAY, "bob"))
    assert merged(first, later) == first
    other = suppression_of({**row, "reason": "hard-bounce"}, TOLD)
    assert merged(first, other) != first


def test_a_lift_stands_against_an_older_row() -> None:
    row: Row = {"address": "ann@example.com", "created": "2024-05-01"}
    lifted = Suppression("ann@example.com").changed(GLOBAL, lambda known: known.lifted(Lift(NOON + DAY, "ann", "ok")))
    assert merged(lifted, suppression_of(row, TOLD)).cause(None, NOON + 2 * DAY) is None
    newer: Row = {**row, "created": "2024-05-03"}
    assert merged(lifted, suppression_of(newer, TOLD)).cause(None, NOON + 2 * DAY) is not None


def test_an_escalation_that_was_taken_back_is_not_brought_back_by_an_older_export() -> None:
    cause = Cause("escalation", "policy", Evidence(NOON, "abcd"), NOON)
    before = Suppression(USER, {GLOBAL: Scope(escalation=cause)})
    now = before.changed(GLOBAL, lambda known: known.with_escalation(None, Lift(NOON + DAY, "delivery", "delivered")))
    assert merged(now, before) == now


def test_live_rows_are_those_that_suppress_now() -> None:
    expired = Cause("a", "operator", Evidence(NOON, "1"), NOON, expires=NOON + DAY)
    standing = Cause("b", "operator", Evidence(NOON, "2"), NOON)
    scope = Scope((expired, standing), lift=Lift(NOON - DAY, "ann", "ok"))
    suppression = Suppression(USER, {GLOBAL: scope})
    assert [row["reason"] for row in live_rows_of(suppression, NOON + 2 * DAY)] == ["b"]
    assert [row["kind"] for row in rows_of(suppression)] == ["cause", "cause", "lift"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"address": None}, "^an empty text is no mail address"),
        ({"address": "nobody"}, "no mail address"),
        ({"address": "a@b.example", "created": "yesterday"}, "'yesterday' is no time"),
        ({"address": "a@b.example", "created": "2999-01-01"}, "later than this import began"),
        ({"address": "a@b.example", "expires": "1e9"}, "is no time"),
        ({"address": "a@b.example", "kind": "liftoff"}, "'liftoff' is not a valid Kind"),
        ({"address": "a@b.example", "kind": "cause", "created": "2024-05-01"}, "a row of kind cause has no reason"),
        (
            {"address": "a@b.example", "kind": "lift", "created": "2024-05-01", "by": "x" * 500, "why": ""},
            "at most 400",
        ),
    ],
)
def test_a_row_that_cannot_be_used_says_why(row: dict[str, Any], says: str) -> None:
    with pytest.raises(BouncesError, match=says):
        suppression_of(row, TOLD)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        (" 2024-05-01T12:00:00Z ", NOON),
        ("2024-05-01 14:00:00.9+02:00", NOON),
        ("1714564800", NOON),
        ("20240501", datetime(2024, 5, 1, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_people_and_systems_write_them(text: str, time: datetime) -> None:
    assert time_of(text) == time


MIDNIGHT = datetime(2025, 6, 6, tzinfo=UTC)
"""The end of the day on which `TOLD` imports: when of a record of that day it is said that a door got it."""


def test_what_an_mta_logged_today_can_be_imported_today() -> None:
    logged = Cause("hard-bounce", "powermta", Evidence(TOLD.at - DAY / 24, "a"), MIDNIGHT)
    freed = Lift(MIDNIGHT, "delivery", "delivered between its soft bounces")
    known = Suppression(USER, {GLOBAL: Scope((logged,), escalation=logged, freed=freed)})
    assert merged_rows(through_csv(list(rows_of(known)))) == known


@pytest.mark.parametrize("noted", [MIDNIGHT + timedelta(seconds=1), MIDNIGHT - timedelta(seconds=1)])
def test_no_door_got_anything_later(noted: datetime) -> None:
    [row] = rows_of(Suppression(USER, {GLOBAL: Scope((Cause("manual", "operator", Evidence(NOON, "a"), noted),))}))
    with pytest.raises(BouncesError, match="later than this import began"):
        suppression_of(row, TOLD)


def test_nobody_lifts_at_the_end_of_today() -> None:
    [row] = rows_of(Suppression(USER, {GLOBAL: Scope(lift=Lift(MIDNIGHT, "ann", "ok"))}))
    with pytest.raises(BouncesError, match="later than this import began"):
        suppression_of(row, TOLD)
