"""Pushed bodies that are damaged, invented or made to be slow: nothing but the named errors leaves the reader."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounces.errors import PushError
from bounces.reading.accounting import COLUMNS, LINE, known_columns, read_push
from bounces.reading.accounting.kumomta_events import IGNORED, kinds
from bounces.reading.accounting.limits import MAX_REASON, MAX_RECORD
from bounces.reading.accounting.media import MEDIA_TYPES
from bounces.reading.reports import Arrival
from bounces.records import Report, Source
from tests.fuzz.cases import bounded as as_the_reader
from tests.fuzz.cases import randoms
from tests.fuzz.mutations import mutated
from tests.fuzz.pushes import KUMOMTA, POWERMTA, cost_of
from tests.machine import quickest

# Three times the second that is allowed, on the machine that `tests.machine` names; `python -m tests.fuzz.pushes`
# prints what each takes.
SECONDS: Final = 3.0
MEBIBYTES: Final = 192  # beyond the body and its packed form

bounded = settings(as_the_reader, max_examples=200)

SAMPLES: Final = Path(__file__).parents[1] / "unit" / "reading" / "accounting" / "samples"
SEEDS: Final = [path.read_bytes() for path in sorted(SAMPLES.glob("*.csv"))]
EVENTS: Final = [
    json.dumps([{**dict.fromkeys(layout.columns, "a@example.org"), "type": kind} for kind in layout.types]).encode()
    for layout in known_columns().layouts
]
NAMES: Final = sorted({name for layout in known_columns().layouts for name in layout.columns})
FIELDS: Final = (
    "id", "type", "sender", "recipient", "response", "peer_address", "timestamp", "event_time", "meta", "headers",
    "feedback_report", "bounce_classification", "egress_source",
)  # fmt: skip
INNER: Final = ("code", "enhanced_code", "content", "class", "subject", "detail", "name", "addr", "campaign", "X-FBLId",
    "original_rcpto_to", "original_mail_from", "original_message", "feedback_type", "source_ip")  # fmt: skip
WORDS: Final = ("b", "rb", "f", "d", "failed", "5.1.1", "550", "a@example.org", "smtp;550 5.1.1 x", "1795600000",
    "2026-11-20 10:00:00+0100", "bounces+a.b.c.defg@example.org", "\ud800", "\0", "\n", *kinds(), *IGNORED)  # fmt: skip

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.sampled_from(WORDS))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(INNER), inner, max_size=5)),
    max_leaves=12,
)
events = st.dictionaries(st.sampled_from((*NAMES, LINE, COLUMNS, "message", "tags", "event")), values, max_size=12)
log_records = st.dictionaries(st.sampled_from(FIELDS), values, min_size=2).map(
    lambda record: {**record, "type": record.get("type") if isinstance(record.get("type"), str) else "Bounce"}
)


def _check(source: Source, body: bytes, content_type: str = "", encoding: str = "") -> None:
    arrival = Arrival(source=source, raw="k")
    try:
        push = read_push(body, arrival, content_type, encoding)
    except PushError as error:
        assert 0 < len(str(error)) < 600
        return
    assert push == read_push(body, arrival, content_type, encoding)
    assert push.accepted <= len(push.reports)
    assert push.rejected + sum(record.is_read for record in push.set_aside) == len(push.set_aside)
    for record in push.set_aside:
        assert record.place >= 1
        assert 0 < len(record.record) <= MAX_RECORD
        assert 0 < len(record.reason) <= MAX_REASON
        assert record.reason.isprintable()
    for report in push.reports:
        assert report.source is source
        assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


@bounded
@given(randoms)
def test_damaged_files_are_read(source: random.Random) -> None:
    _check(Source.POWERMTA, mutated(source, SEEDS))


@bounded
@given(randoms)
def test_damaged_events_are_read(source: random.Random) -> None:
    _check(Source.POWERMTA, mutated(source, EVENTS), "application/json")


@bounded
@given(st.binary(max_size=400), st.sampled_from((Source.POWERMTA, Source.KUMOMTA)), st.sampled_from(["", *MEDIA_TYPES]))
def test_bytes_are_read(body: bytes, source: Source, content_type: str) -> None:
    _check(source, body, content_type)


@bounded
@given(st.text(alphabet='[]{}",:\\\n 1atype\0\u20ac', max_size=120))
def test_signs_of_json_are_read(text: str) -> None:
    _check(Source.KUMOMTA, ("[" + text).encode(), "application/json")


@bounded
@given(st.text(alphabet='",\n\r\0 btype@.;', max_size=120))
def test_signs_of_csv_are_read(text: str) -> None:
    _check(Source.POWERMTA, ("type,rcpt,dsnDiag\n" + text).encode(), "text/csv")


@bounded
@given(st.lists(events, max_size=3))
def test_events_of_any_values_are_read(sent: list[dict[str, Any]]) -> None:
    _check(Source.POWERMTA, json.dumps(sent).encode(), "application/json")


@bounded
@given(st.lists(log_records, max_size=3))
def test_log_records_of_any_values_are_read(sent: list[dict[str, Any]]) -> None:
    _check(Source.KUMOMTA, json.dumps(sent).encode(), "application/json")


@bounded
@given(randoms)
def test_damaged_gzip_is_read(source: random.Random) -> None:
    _check(Source.POWERMTA, mutated(source, [gzip.compress(seed) for seed in SEEDS]), "", "gzip")


@pytest.mark.parametrize("name", POWERMTA)
def test_powermta_bodies_made_to_cost_much_are_bounded(name: str) -> None:
    _check_cost(Source.POWERMTA, *POWERMTA[name])


@pytest.mark.parametrize("name", KUMOMTA)
def test_kumomta_bodies_made_to_cost_much_are_bounded(name: str) -> None:
    _check_cost(Source.KUMOMTA, *KUMOMTA[name])


def _check_cost(source: Source, content_type: str, make: Any) -> None:
    body = make()
    cost = cost_of(source, content_type, body)
    assert cost.mebibytes < MEBIBYTES, cost
    if cost.seconds > SECONDS:
        assert quickest(lambda: cost_of(source, content_type, body).seconds, SECONDS) <= SECONDS, cost
