"""What an edit would change, and which Hard patterns meet what is known to say nothing of the address."""

import pytest

from bounces.patterns import Classifier, default_policy, parse_patterns
from bounces.patterns.operator_patterns import OperatorPattern
from bounces.patterns.rules import built_in_rules
from bounces.patterns.trials import changes, hardened, hazards
from bounces.records import BounceType
from tests.unit.patterns.reports import report_of


def _patterns(*lines: str) -> tuple[OperatorPattern, ...]:
    patterns, refused = parse_patterns("\n".join(lines))
    assert refused == ()
    return tuple(patterns)


@pytest.mark.parametrize(
    ("line", "category"),
    [
        ("550 5.7.1 Unfortunately, messages from==>Hard", "policy-related"),
        ("@mx:*.outlook.com Unfortunately, messages from==>Hard", "policy-related"),
        ("Unfortunately, messages from [192.0.2.1] were not wanted here==>Hard", "policy-related"),
        ("regex:messages from .* weren't sent==>Hard", "policy-related"),
        ("over quota==>Hard:bad-mailbox", "quota-issues"),
        ("we know that the mailbox is over quota, alas==>Hard", "quota-issues"),
        ("rate limit==>Hard", "policy-related"),
        ("550 5.1.1==>Hard", None),
        ("no such customer==>Hard", ""),
        ("user unknown==>Hard", ""),
        ("regex:account [0-9]{9} closed==>Hard", ""),
    ],
)
def test_a_hard_pattern_that_meets_what_is_known_as_something_else(line: str, category: str | None) -> None:
    found = hazards(_patterns(line))
    if category == "":
        assert found == ()
        return
    (hazard,) = found
    rule = next(rule for rule in built_in_rules() if rule.id == hazard.rule)
    assert hazard.sample in rule.samples
    assert hazard.category == rule.category
    assert default_policy().of(hazard.category).bounce_type is BounceType.SOFT
    assert category in (None, hazard.category)


def test_of_many_each_is_told_once_in_its_order() -> None:
    patterns = _patterns("over quota==>Hard", "no such customer==>Hard", "regex:over ?quota==>Hard", "quota==>Hard")
    assert [hazard.pattern for hazard in hazards(patterns)] == [patterns[0], patterns[2], patterns[3]]
    assert hazards(()) == ()


def test_every_change_of_an_effect_is_told_and_nothing_else() -> None:
    texts = ["550 5.1.1 user unknown", "552 5.2.2 over quota", "421 busy", "never seen"]
    after, _ = parse_patterns("user unknown==>Hard\nover quota==>Hard\nbusy==>Ignore\nnever==>Soft:policy-related")
    found = list(changes(Classifier(), Classifier(after), map(report_of, texts)))
    assert [change.report.diagnostic for change in found] == texts[1:]
    assert [change.is_to_hard for change in found] == [True, False, False]
    assert [change.after.ignore for change in found] == [False, True, False]


def test_a_policy_that_makes_hard_what_says_nothing_of_the_address_is_told() -> None:
    policy = default_policy().overridden(
        '[categories]\nspam-related = {bounce_type = "hard"}\nbad-domain = {bounce_type = "soft"}\n'
    )
    assert hardened(policy) == ("spam-related",)
    assert hardened(default_policy()) == ()
