"""What holds for every mail, whatever it is."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from bounces import envelopes, records
from bounces.patterns import Classifier
from bounces.reading import Reading, limits, read_mail
from bounces.records import Event, Report, Verdict
from tests.machine import quickest

# Of processor time, on the machine that `tests.machine` names.
SECONDS: Final = 0.050
SECONDS_PER_MIB: Final = 0.100
SECONDS_PER_REPORT: Final = 40e-6  # 50,000 recipients may take 2 s
HOPELESS: Final = 12.0  # seconds; the slowest mail that is allowed takes 2, on a slow machine several times that

_REPORT_LIMITS: Final[dict[str, int]] = records._REPORT_LIMITS
_VERDICT_LIMITS: Final[dict[str, int]] = records._VERDICT_LIMITS


def check(raw: bytes) -> Reading:
    """Read and judge the mail `raw`, and return the reading. Raises `AssertionError` where a property does not hold."""
    reading, spent = timed(raw)
    limit = allowed(raw, reading)
    assert spent <= limit, f"{spent * 1000:.0f} ms, allowed are {limit * 1000:.0f} for {len(raw)} bytes"
    assert isinstance(reading.kind, Event)
    assert reading.reason
    assert "\n" not in reading.reason
    assert len(reading.reports) <= limits.MAX_RECIPIENTS + 1
    ids = [report.id for report in reading.reports]
    assert len(set(ids)) == len(ids), "two reports of one id"
    if reading.cuts:
        assert any(report.event is Event.OTHER and report.note for report in reading.reports), "cut, and not told"
    _check_reports(reading.reports)
    return reading


def allowed(raw: bytes, reading: Reading) -> float:
    """Return the processor time, in seconds, that reading the mail `raw` may take."""
    return SECONDS + SECONDS_PER_MIB * len(raw) / (1 << 20) + SECONDS_PER_REPORT * len(reading.reports)


class TooSlow(BaseException):
    """A reading was stopped: it took so long that it may never end. The reader catches no such error."""


def timed(raw: bytes) -> tuple[Reading, float]:
    """Return the reading of the mail `raw` and the least processor time that it took (`tests.machine.quickest`).

    Raises `TooSlow` where it takes `HOPELESS` seconds.
    """
    reading, first = _read(raw)
    limit = allowed(raw, reading)
    return reading, first if first <= limit else quickest(lambda: _read(raw)[1], limit)


def _read(raw: bytes) -> tuple[Reading, float]:
    start = time.process_time()
    with _stopped_after(HOPELESS):
        reading = read_mail(raw)
    return reading, time.process_time() - start


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow(f"stopped after {seconds} s")

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@cache
def classifier() -> Classifier:
    """Return the classifier with the built-in rules, and read one mail, which compiles what the reader needs."""
    import mailparser  # noqa: F401  40 ms that the first damaged mail would take

    read_mail(b"From: postmaster@mx.example\nSubject: Undelivered\n\n<u@example.org>: unknown user\n")
    return Classifier()


def _check_reports(reports: tuple[Report, ...]) -> None:
    verdicts = [classifier().classify(report) for report in reports]
    for report, verdict in zip(reports, verdicts, strict=True):
        _check_texts(report, _REPORT_LIMITS)
        _check_texts(verdict, _VERDICT_LIMITS)
        assert len(report.headers) <= records.MAX_RETURNED_HEADERS
        assert all(len(value) <= records.MAX_LINE for value in report.headers.values())
        assert len(report.cuts) <= records.MAX_CUTS
        assert not report.diagnostic or not set(report.diagnostic) & set("\r\n\x0b\x0c\x85\u2028\u2029"), "not one line"
        assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
        assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict
    _check_envelopes(Report, reports)
    _check_envelopes(Verdict, verdicts)


def _check_texts(record: Any, names: dict[str, int]) -> None:
    for name, limit in names.items():
        text = getattr(record, name)
        assert text is None or (isinstance(text, str) and len(text) <= limit), f"{name}: {text!r}"
        assert text is None or text.encode("utf-8"), f"{name}: {text!r} is empty"


def _check_envelopes(kind: Any, sent: Any) -> None:
    got: list[Any] = []
    for message in envelopes.pack(kind, sent):
        assert len(message.encode()) <= envelopes.MAX_BYTES
        opened = envelopes.unpack(kind, message)
        assert opened.rejected == ()
        got.extend(opened.records)
    assert got == list(sent)
