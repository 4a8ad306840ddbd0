"""What `bounces bench` measures, and how."""

from __future__ import annotations

import gc
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from statistics import median
from typing import Any, Final

from bounces.patterns import Classifier
from bounces.reading import read_mail
from bounces.records import Report
from bounces_cli.inspect import CHUNK

# A round goes over the mails as often as it takes to spend so many seconds.
MIN_ROUND: Final = 0.3


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of processor time for all mails once, medians of the rounds; bytes of memory."""

    mails: int
    bytes: int
    largest: int
    reports: int
    rounds: int
    parse_seconds: float  # email.message_from_bytes alone
    read_seconds: float  # bytes to reports, every field made
    classify_seconds: float  # reports to verdicts
    compile_seconds: float  # the built-in rules, once a process
    parse_peak: int  # beyond the largest mail's own bytes
    read_peak: int  # likewise, without what the MIME parser in Rust holds
    process_peak: int  # resident, of the whole run

    @property
    def ratio(self) -> float:
        """How many times as fast as the parser alone the way from bytes to reports is."""
        return self.parse_seconds / self.read_seconds

    @property
    def whole_ratio(self) -> float:
        """Likewise, of the way from bytes to verdicts."""
        return self.parse_seconds / (self.read_seconds + self.classify_seconds)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON's types, with what follows from them."""
        return asdict(self) | {
            "mails_per_second": self.mails / self.read_seconds,
            "parsed_mails_per_second": self.mails / self.parse_seconds,
            "verdicts_per_second": self.reports / self.classify_seconds,
            "ratio": self.ratio,
            "whole_ratio": self.whole_ratio,
        }


def measure(raws: Sequence[bytes], rounds: int) -> Figures:
    """Return the figures over the mails `raws`. The three are measured in turn, so that all have the same weather.

    Reports are judged in the chunks in which `bounces inspect` does.
    """
    start = time.process_time()
    classify = Classifier().classify_all
    compile_seconds = time.process_time() - start
    reports: list[Report] = [report for raw in raws for report in read_mail(raw).reports]  # and compiles what it needs
    largest = max(raws, key=len)

    def parse_all() -> None:
        for raw in raws:
            message_from_bytes(raw)

    def read_all() -> None:
        for raw in raws:
            read_mail(raw)

    def classify_all() -> None:
        for begin in range(0, len(reports), CHUNK):
            classify(reports[begin : begin + CHUNK])

    gc.freeze()  # what is there is looked through by the collections of none of the three
    ways = (parse_all, read_all, classify_all)
    repeats = [_repeats(way) for way in ways]
    spent: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for seconds, way, times in zip(spent, ways, repeats, strict=True):
            seconds.append(_seconds(way, times))
    gc.unfreeze()
    parse, read, judge = (median(seconds) for seconds in spent)
    return Figures(
        mails=len(raws),
        bytes=sum(map(len, raws)),
        largest=len(largest),
        reports=len(reports),
        rounds=rounds,
        parse_seconds=parse,
        read_seconds=read,
        classify_seconds=judge,
        compile_seconds=compile_seconds,
        parse_peak=_peak(lambda: message_from_bytes(largest)),
        read_peak=_peak(lambda: read_mail(largest)),
        process_peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def _seconds(way: Callable[[], None], times: int) -> float:
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        way()
    return (time.process_time() - start) / times


def _repeats(way: Callable[[], None]) -> int:
    return 1 + int(MIN_ROUND / max(_seconds(way, 1), 1e-6))


def _peak(way: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        way()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
