"""Reports and verdicts: their limits, their JSON form, and what is refused on reading."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces import records
from bounces.errors import RecordError, UnknownVersion
from bounces.records import BounceType, Event, Report, Source, Verdict

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LEAST: dict[str, Any] = {"version": 1, "id": "a1", "source": "ses", "event": "bounce"}


def report(**fields: Any) -> Report:
    return Report(**{"id": "a1", "source": Source.SES, "event": Event.BOUNCE, "recipient": "user@example.com"} | fields)


texts = st.none() | st.text(max_size=40)
times = st.none() | st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2999, 1, 1), timezones=st.just(UTC))
reports = st.builds(
    Report,
    id=st.text(min_size=1, max_size=70),
    source=st.sampled_from(Source),
    event=st.sampled_from(Event),
    recipient=texts,
    addressee=texts,
    status=texts,
    reply_code=texts,
    diagnostic=texts | st.text(max_size=2100),
    event_time=times,
    received_time=times,
    first_attempt=times,
    last_attempt=times,
    list_id=texts,
    headers=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=20),
    cuts=st.lists(st.sampled_from(["diagnostic", "subject"])).map(tuple),
)
verdicts = st.builds(
    Verdict,
    report=reports,
    category=texts,
    bounce_type=st.sampled_from(BounceType),
    rule=texts,
    reason=texts,
    ignore=st.booleans(),
)


@given(reports)
def test_a_report_comes_back_as_it_was(made: Report) -> None:
    assert Report.from_json(json.loads(json.dumps(made.to_json()))) == made


@given(verdicts)
def test_a_verdict_comes_back_as_it_was(made: Verdict) -> None:
    assert Verdict.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_fields_that_hold_nothing_are_not_written() -> None:
    assert report(recipient=None).to_json() == LEAST
    assert report(recipient="", headers={}, cuts=()).to_json() == LEAST | {"recipient": ""}


def test_times_are_written_and_read_in_utc() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    assert report(event_time=east).to_json()["event_time"] == "2026-11-24T12:00:00Z"
    for text in ("2026-11-24T21:00:00+09:00", "2026-11-24T12:00:00Z"):
        read = Report.from_json(LEAST | {"event_time": text}).event_time
        assert read == NOON
        assert read is not None
        assert read.tzinfo is UTC


@pytest.mark.parametrize(("name", "limit"), records._REPORT_LIMITS.items())
def test_each_text_of_a_report_is_cut_and_named(name: str, limit: int) -> None:
    made = report(**{name: "x" * (limit + 1)})
    assert getattr(made, name) == "x" * limit
    assert made.cuts == (name,)
    assert report(**{name: "x" * limit}).cuts == ()


@pytest.mark.parametrize(("name", "limit"), records._VERDICT_LIMITS.items())
def test_each_text_of_a_verdict_is_cut(name: str, limit: int) -> None:
    fields: dict[str, Any] = {"report": report(), "category": "other", "bounce_type": BounceType.SOFT}
    assert getattr(Verdict(**fields | {name: "x" * (limit + 1)}), name) == "x" * limit


def test_every_text_has_a_limit() -> None:
    free = {"source", "event", *records._TIMES, "headers", "authentication", "cuts"}
    assert set(records._NAMES["report"]) == set(records._REPORT_LIMITS) | free
    assert set(records._NAMES["verdict"]) == set(records._VERDICT_LIMITS) | {"report", "bounce_type", "ignore"}


@pytest.mark.parametrize("name", ["headers", "authentication"])
def test_maps_are_bounded_in_number_and_in_length(name: str) -> None:
    many = report(**{name: {f"X-{number}": "v" for number in range(17)}})
    assert len(getattr(many, name)) == records.MAX_RETURNED_HEADERS
    assert many.cuts == (name,)
    long = report(**{name: {"X" * 300: "v" * 2000}})
    assert getattr(long, name) == {"X" * 255: "v" * 998}
    assert long.cuts == (name,)


def test_a_cut_is_named_once_and_the_list_of_cuts_is_bounded() -> None:
    again = report(diagnostic="x" * 3000, cuts=("diagnostic", "body"))
    assert again.cuts == ("diagnostic", "body")
    assert len(report(cuts=tuple(str(number) for number in range(99))).cuts) == records.MAX_CUTS


def test_a_lone_surrogate_is_replaced() -> None:
    made = report(diagnostic="caf\udce9", headers={"X\udce9": "\ud800"})
    assert made.diagnostic == "caf?"
    assert made.headers == {"X?": "?"}


REFUSED: list[tuple[object, str]] = [
    (None, "a report is a JSON object"),
    ([], "a report is a JSON object"),
    ("{}", "a report is a JSON object"),
    ({k: v for k, v in LEAST.items() if k != "id"}, "report without id"),
    (LEAST | {"id": ""}, "report without id"),
    ({k: v for k, v in LEAST.items() if k != "source"}, "report without source"),
    ({k: v for k, v in LEAST.items() if k != "event"}, "report without event"),
    (LEAST | {"id": 7}, "report's id cannot be 7"),
    (LEAST | {"source": "carrier pigeon"}, "report's source cannot be 'carrier pigeon'"),
    (LEAST | {"source": []}, "report's source cannot be"),
    (LEAST | {"event": "explosion"}, "report's event cannot be"),
    (LEAST | {"recipient": ["user@example.com"]}, "report's recipient cannot be"),
    (LEAST | {"event_time": "yesterday"}, "report's event_time cannot be 'yesterday'"),
    (LEAST | {"event_time": "2026-11-24T12:00:00"}, "report's event_time cannot be"),
    (LEAST | {"event_time": 1764000000}, "report's event_time cannot be"),
    (LEAST | {"event_time": "0001-01-01T00:00:00+23:59"}, "report's event_time cannot be"),
    (LEAST | {"headers": {"X": 1}}, "report's headers cannot be"),
    (LEAST | {"headers": "X: 1"}, "report's headers cannot be"),
    (LEAST | {"cuts": "body"}, "report's cuts cannot be"),
    (LEAST | {"cuts": [1]}, "report's cuts cannot be"),
    (LEAST | {"colour": "red"}, "unknown field 'colour'"),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_what_is_no_report_is_refused_with_its_reason(value: object, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        Report.from_json(value)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(UnknownVersion, match="version"):
        Report.from_json(LEAST | {"version": version})
    with pytest.raises(UnknownVersion, match="version"):
        Verdict.from_json(
            {"version": 1, "report": LEAST | {"version": version}, "category": "x", "bounce_type": "soft"}
        )


@pytest.mark.parametrize("ignore", ["yes", 1, None])
def test_a_verdict_is_ignored_only_by_true(ignore: object) -> None:
    with pytest.raises(RecordError, match="ignore"):
        Verdict.from_json({"version": 1, "report": LEAST, "category": "x", "bounce_type": "soft", "ignore": ignore})


def test_a_refusal_shows_little_of_what_it_refuses() -> None:
    with pytest.raises(RecordError) as refused:
        Report.from_json(LEAST | {"source": "x" * 10_000})
    assert len(str(refused.value)) < 200
