"""An operator's patterns: as many as there may be decide as a few do, and cost as they do.

The same code at two sizes: a tenth says that every verdict is right and that the limits hold; the full size, on a
machine with nothing else to do, also says what it costs (`make full`).
"""

from __future__ import annotations

import pytest

from bounces.patterns import Classifier, parse_patterns
from bounces.patterns.operator_patterns import MAX_EXPRESSIONS, MAX_PATTERNS
from bounces_cli.bench_patterns import DIAGNOSTICS, FEW, MANY, lines, measure_patterns, reports
from tests.stack.expanded import WRITTEN

ROUNDS = 5
SIZES = [
    pytest.param((10_000, 100), id="a tenth"),
    pytest.param(MANY, id="full", marks=pytest.mark.full),
]
MOST_TIMES_AS_LONG = 1.5
MOST_SECONDS_TO_COMPILE = 5.0


@pytest.mark.parametrize("size", SIZES)
def test_among_many_patterns_each_decides_what_it_says(size: tuple[int, int]) -> None:
    patterns, refused = parse_patterns("\n".join(lines(*size)))
    assert not refused
    assert (len(patterns), sum(pattern.is_expression for pattern in patterns)) == size
    given = reports(DIAGNOSTICS, size[0])
    listed = tuple(patterns)
    meant = [listed[int(report.id) - 1] for report in given if report.id != "0"]
    assert any(pattern.is_expression for pattern in meant)
    with_them, without = Classifier(patterns), Classifier()
    for report in given:
        verdict, alone = with_them.classify(report), without.classify(report)
        if report.id == "0":
            assert verdict.rule == alone.rule
        else:
            outcome = listed[int(report.id) - 1].outcome.value
            assert (verdict.rule, verdict.ignore) == (f"operator.{report.id}", outcome == "Ignore")
            assert verdict.bounce_type == (alone.bounce_type if outcome == "Ignore" else outcome.lower())


@pytest.mark.full
def test_a_pattern_too_many_is_refused_and_the_others_are_kept() -> None:
    patterns, refused = parse_patterns("\n".join(lines(MAX_PATTERNS + 1, MAX_EXPRESSIONS + 1)))
    assert len(patterns) == MAX_PATTERNS
    assert [("expressions" in line.reason, "patterns" in line.reason) for line in refused] == [(True, False)]


@pytest.mark.parametrize("size", SIZES)
def test_many_patterns_cost_what_a_few_do(size: tuple[int, int], request: pytest.FixtureRequest) -> None:
    is_full = size == MANY
    figures = measure_patterns(ROUNDS if is_full else 1, FEW, size, DIAGNOSTICS)
    print(*figures.rows(), sep="\n")
    assert figures.matched == 0.5
    memory = WRITTEN["Resources"]["ClassifyFunction"]["Properties"]["MemorySize"] * 2**20
    assert figures.peak < (memory if is_full else memory / 4)
    if is_full:
        assert figures.ratio <= MOST_TIMES_AS_LONG
        assert figures.parse_seconds + figures.compile_seconds <= MOST_SECONDS_TO_COMPILE
        assert figures.hostile_seconds <= figures.few_seconds
