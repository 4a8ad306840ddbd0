"""Every built-in rule proves itself: its samples, its near miss, and what happens without it."""

import re

import pytest

from bounces.patterns.classifier import Classifier, Decision
from bounces.patterns.rules import Rule, built_in_rules
from bounces.records import BounceType
from tests.unit.patterns.reports import report_of

RULES = built_in_rules()
BY_ID = {rule.id: rule for rule in RULES}
CLASSIFIER = Classifier()


def _decided(rule: Rule, diagnostic: str, without: frozenset[str] = frozenset()) -> Decision:
    report = report_of(diagnostic)
    text, seen = CLASSIFIER.read(report)
    return CLASSIFIER.decide(report, text, seen, without)


def _own_words(rule: Rule, diagnostic: str) -> str | None:
    """Return what `rule` met in `diagnostic`, whatever decided."""
    text, seen = CLASSIFIER.read(report_of(diagnostic))
    return next((met.matched for met in CLASSIFIER.rules_met(seen, text) if RULES[met.number] is rule), None)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_sample_is_decided_by_its_rule_or_one_that_says_the_same(rule: Rule) -> None:
    assert rule.samples
    for sample in rule.samples:
        assert _own_words(rule, sample), sample
        decided = _decided(rule, sample)
        assert (decided.category, decided.soft, decided.ignore) == (rule.category, rule.soft, rule.ignore), decided


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_at_least_half_of_each_sample_is_not_the_rules_own_words(rule: Rule) -> None:
    for sample in rule.samples:
        assert len(_own_words(rule, sample) or sample) * 2 <= len(sample)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_without_the_rule_a_sample_is_decided_otherwise_unless_a_named_rule_covers_it(rule: Rule) -> None:
    remaining = [_decided(rule, sample, frozenset({rule.id})) for sample in rule.samples]
    same = [d.rule for d in remaining if (d.category, d.soft, d.ignore) == (rule.category, rule.soft, rule.ignore)]
    if rule.covered_by:
        assert rule.covered_by in same
    else:
        assert len(same) < len(rule.samples), f"covered by {same}: say so in covered_by, or give a better sample"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.covered_by], ids=lambda rule: rule.id)
def test_the_rule_that_covers_another_is_another_that_says_the_same(rule: Rule) -> None:
    covering = BY_ID.get(rule.covered_by or "")
    if covering is None:  # a code: what the status or the reply code of the sample says
        assert str(rule.covered_by).startswith(("status.", "reply-code."))
        return
    assert covering is not rule
    assert (covering.category, covering.soft, covering.ignore) == (rule.category, rule.soft, rule.ignore)


# What a server's answer has besides its words: a code, a host, whom or where it is about, and something to look up.
_PARTS = {
    "code": re.compile(r"\b[245]\d\d\b|\b[245]\.\d\.\d"),
    "host": re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE),
    "address": re.compile(r"\S@\S|\b\d{1,3}(\.\d{1,3}){3}\b"),
    "reference": re.compile(r"\d{2}|[(\[]"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_sample_is_a_whole_diagnostic(rule: Rule) -> None:
    for sample in rule.samples:
        found = {name for name, part in _PARTS.items() if part.search(sample)}
        assert "address" in found
        assert len(found) >= 3, f"{sample} has only {found}"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.can_be_hard], ids=lambda rule: rule.id)
def test_the_near_miss_of_a_rule_that_can_say_hard_is_not_met_by_it(rule: Rule) -> None:
    assert rule.near_miss, "a rule that can say hard has a near miss"
    assert _own_words(rule, rule.near_miss) is None


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.can_be_hard], ids=lambda rule: rule.id)
def test_near_misses_are_not_hard(rule: Rule) -> None:
    assert CLASSIFIER.classify(report_of(rule.near_miss)).bounce_type is BounceType.SOFT


def test_the_big_providers_are_known() -> None:
    known = {rule.provider.id for rule in RULES if rule.provider}
    assert known >= {
        "google", "microsoft", "yahoo", "apple", "comcast", "att", "verizon-wireless", "cox", "orange", "free", "sfr",
        "gmx", "t-online", "mail-ru", "yandex", "tencent", "netease", "naver", "docomo", "kddi", "softbank",
        "proofpoint", "mimecast", "barracuda", "cisco", "trend-micro", "messagelabs", "cloudflare", "seznam", "wp-pl",
        "libero", "laposte", "daum", "sina", "alibaba", "zoho", "earthlink", "spectrum", "godaddy", "emailsrvr",
    }  # fmt: skip


def test_there_are_rules_for_every_category_but_other() -> None:
    from bounces.patterns import categories

    assert {rule.category for rule in RULES} >= categories().keys() - {"other"}
