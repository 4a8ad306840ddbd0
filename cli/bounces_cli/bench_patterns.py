"""What an operator's patterns cost: as many as there may be beside a few, and those made to explode an engine.

The patterns are made here, of words as receivers write them and of numbers, so that each set is the same in every run.
The diagnostics are the built-in rules' samples; every second one holds words of one of the set's patterns.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bounces.patterns import Classifier, parse_patterns
from bounces.patterns.rules import built_in_rules
from bounces.records import Event, Report, Source, Verdict

FEW: Final = (100, 50)  # patterns, and how many of them are expressions
MANY: Final = (100_000, 1_000)
DIAGNOSTICS: Final = 2_000
_OPENINGS: Final = ("our gateway", "this relay", "the filter", "mail host", "your provider", "site policy", "edge node",
                    "the postmaster", "inbound cluster", "the appliance")  # fmt: skip
_VERBS: Final = ("declines", "turned away", "will not take", "has no room for", "holds back", "sent back", "drops",
                 "does not want", "gave up on", "throws out")  # fmt: skip
_OBJECTS: Final = ("the letter", "this item", "such post", "that parcel", "the transfer", "your note", "the envelope",
                   "these papers", "the shipment", "all of it")  # fmt: skip
_STEP: Final = 7919  # a prime
# Each takes a backtracking engine longer than anyone waits, over the texts below it.
_HOSTILE: Final = ("(a+)+$", "(a|aa)+$", "(.*a){20}", "(x+x+)+y", "a{0,500}a{0,400}b", "^(([a-z])+.)+[A-Z]([a-z])+$")
_HOSTILE_TEXTS: Final = ("a" * 119 + "!", "x" * 120, "aA" * 60, "a" * 60 + "b" * 60)


@dataclass(frozen=True, slots=True)
class PatternFigures:
    """Seconds of processor time, medians of the rounds; bytes of memory."""

    few: tuple[int, int]  # patterns, and how many of them are expressions
    many: tuple[int, int]
    few_seconds: float  # a diagnostic, with the few patterns
    many_seconds: float  # the same with the many
    hostile_seconds: float  # a hostile text of ordinary length, with hostile patterns
    parse_seconds: float  # the text of the many, every line checked
    compile_seconds: float  # the many, with the built-in rules
    peak: int  # resident, of the process that held the many and the few
    matched: float  # the share of the diagnostics that a pattern decided

    @property
    def ratio(self) -> float:
        """How many times as long a diagnostic takes with the many as with the few."""
        return self.many_seconds / self.few_seconds

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON's types, with what follows from them."""
        return asdict(self) | {"ratio": self.ratio, "diagnostics_per_second": 1 / self.many_seconds}

    def rows(self) -> list[str]:
        """Return the figures as lines for people."""
        named = (
            (f"{self.few[0]:,} patterns, {self.few[1]:,} expressions", self.few_seconds, ""),
            (
                f"{self.many[0]:,} patterns, {self.many[1]:,} expressions",
                self.many_seconds,
                f"{self.ratio:6.2f} times as long",
            ),
            ("patterns and texts to explode", self.hostile_seconds, ""),
        )
        return [
            f"with an operator's patterns, which decide {self.matched:.0%} of the diagnostics",
            f"{'':38}{'a second':>10}{'µs each':>10}",
            *(f"  {name:36}{1 / each:10,.0f}{each * 1e6:10,.1f}  {ratio}".rstrip() for name, each, ratio in named),
            f"  {f'to read the {self.many[0]:,}, once':36}{self.parse_seconds:10,.2f} s",
            f"  {'to compile them, once':36}{self.compile_seconds:10,.2f} s",
            f"  {'largest size of that process':36}{self.peak / 1e6:10,.1f} MB",
        ]


def measure_patterns(rounds: int, few: tuple[int, int], many: tuple[int, int], diagnostics: int) -> PatternFigures:
    """Return the figures, measured in a process of its own, whose peak of memory is therefore theirs."""
    asked = json.dumps([rounds, few, many, diagnostics])
    command = [sys.executable, "-m", __name__, asked]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603  # this module
    return PatternFigures(**json.loads(said) | {"few": few, "many": many})


def lines(count: int, expressions: int) -> list[str]:
    """Return `count` patterns, the `expressions` among them spread evenly, every one different."""
    every = count // expressions
    return [_line(number, number % every == 0 and number // every < expressions) for number in range(count)]


def reports(count: int, patterns: int) -> list[Report]:
    """Return `count` bounces, each second one with words of one of the first `patterns` patterns of `lines`.

    Its id is that pattern's number, from 1; of the others it is 0.
    """
    samples = [sample for rule in built_in_rules() for sample in rule.samples]
    made = []
    for number in range(count):
        sample = samples[number * 7 % len(samples)]
        if number % 2 == 0:
            made.append(_report(0, sample))
            continue
        pattern = number // 2 * _STEP % patterns  # from all over the set, so that none is at hand from the one before
        made.append(_report(pattern + 1, f"{sample[:60]} {_words(pattern)} {sample[60:120]}"))
    return made


def _report(number: int, diagnostic: str) -> Report:
    return Report(
        id=str(number), source=Source.MAILBOX, event=Event.BOUNCE, recipient=f"person{number}@example.com",
        diagnostic=diagnostic, status="5.0.0", reply_code="550", remote_mta="dns; mx.example.com",
    )  # fmt: skip


def _words(number: int) -> str:
    return f"{_OPENINGS[number % 10]} {_VERBS[number // 10 % 10]} {_OBJECTS[number // 100 % 10]} ({number})"


def _line(number: int, is_expression: bool) -> str:
    decision = ("Soft", "Hard:bad-mailbox", "Ignore")[number % 3]
    if is_expression:
        opening, verb = _OPENINGS[number % 10], _VERBS[number // 10 % 10]
        return rf"regex:{opening} ({verb}|refuses) .{{3,20}} \({number}\)==>{decision}"
    return f"{_words(number)}==>{decision}"


def _measured(rounds: int, few: tuple[int, int], many: tuple[int, int], diagnostics: int) -> PatternFigures:
    text = "\n".join(lines(*many))
    begun = time.process_time()
    patterns, refused = parse_patterns(text)
    parsed = time.process_time()
    with_many = Classifier(patterns)
    compiled = time.process_time()
    hostile = [f"regex:{expression}==>Soft" for expression in _HOSTILE]
    others = [parse_patterns("\n".join(some)) for some in (lines(*few), hostile)]
    if refused or any(not_taken for _, not_taken in others):
        raise AssertionError("a pattern of the measurement itself was refused")
    texts = [_report(number, _HOSTILE_TEXTS[number % len(_HOSTILE_TEXTS)]) for number in range(diagnostics)]
    ways = (
        (Classifier(others[0][0]).classify, reports(diagnostics, few[0])),
        (with_many.classify, reports(diagnostics, many[0])),
        (Classifier(others[1][0]).classify, texts),
    )
    verdicts = [with_many.classify(report) for report in ways[1][1]]
    spent = [[_seconds(classify, given) for classify, given in ways] for _ in range(rounds + 1)][1:]
    few_seconds, many_seconds, hostile_seconds = (median(column) for column in zip(*spent, strict=True))
    return PatternFigures(
        few=few,
        many=many,
        few_seconds=few_seconds,
        many_seconds=many_seconds,
        hostile_seconds=hostile_seconds,
        parse_seconds=parsed - begun,
        compile_seconds=compiled - parsed,
        peak=_peak(),
        matched=sum(verdict.layer == "operator" for verdict in verdicts) / len(verdicts),
    )


def _seconds(classify: Callable[[Report], Verdict], given: Sequence[Report]) -> float:
    gc.collect()
    begun = time.process_time()
    for report in given:
        classify(report)
    return (time.process_time() - begun) / len(given)


def _peak() -> int:
    """Return the most bytes that were resident. What `getrusage` says goes back to before this program was executed."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(*json.loads(sys.argv[1])))))
