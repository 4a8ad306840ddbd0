"""Whole diagnostics of many systems, none of which a rule was written from: how right the rules are in general."""

from collections import Counter

import pytest

from bounces.patterns import categories
from bounces.patterns.classifier import Classifier
from bounces.patterns.rules import built_in_rules
from bounces.records import BounceType
from tests.unit.patterns.reports import listed, report_of

CLASSIFIER = Classifier()
DIAGNOSTICS = [tuple(line.split(" | ", 3)) for line in listed("diagnostics.txt")]
EITHER = "any"  # hard or soft, where receivers mean both by the same words


def test_the_list_is_long_broad_and_not_the_rules_own_samples() -> None:
    assert len(DIAGNOSTICS) >= 150
    wanted = Counter(name for _, names, _, _ in DIAGNOSTICS for name in names.split(", "))
    assert wanted.keys() == categories().keys()
    assert len({receiver for receiver, *_ in DIAGNOSTICS}) >= 60
    samples = {sample for rule in built_in_rules() for sample in rule.samples}
    assert not samples & {diagnostic for *_, diagnostic in DIAGNOSTICS}


@pytest.mark.parametrize(("receiver", "wanted", "kind", "diagnostic"), DIAGNOSTICS)
def test_a_diagnostic_has_the_right_category_and_weight(receiver: str, wanted: str, kind: str, diagnostic: str) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic))
    assert verdict.category in wanted.split(", "), f"{receiver}: {verdict.reason}"
    if kind != EITHER:
        assert verdict.bounce_type is BounceType(kind), f"{receiver}: {verdict.reason}"
