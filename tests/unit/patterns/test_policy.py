"""What each category does, and what an operator may change of it."""

from datetime import timedelta

import pytest

from bounces.errors import PatternError
from bounces.patterns import Classifier, categories, default_policy
from bounces.patterns.policy import Counts, Escalation
from bounces.records import BounceType
from tests.unit.patterns.reports import report_of


def test_there_are_powermtas_seventeen_categories_each_with_its_conduct() -> None:
    assert len(categories()) == 17
    assert default_policy().conducts.keys() == categories().keys()


@pytest.mark.parametrize(
    ("names", "bounce_type", "counts", "transient"),
    [
        (["bad-mailbox", "bad-domain", "inactive-mailbox"], "hard", "nothing", "way"),
        (["quota-issues"], "soft", "address", "address"),
        (["message-expired", "no-answer-from-host", "bad-connection", "routing-errors", "bad-configuration"],
         "soft", "way", "way"),
        (["policy-related", "spam-related", "virus-related", "content-related", "relaying-issues", "protocol-errors",
          "invalid-sender"], "soft", "sender", "sender"),
        (["other"], "soft", "nothing", "nothing"),
    ],
)  # fmt: skip
def test_what_a_category_does(names: list[str], bounce_type: str, counts: str, transient: str) -> None:
    for name in names:
        conduct = default_policy().of(name)
        assert (conduct.bounce_type, conduct.counts, conduct.transient) == (bounce_type, counts, transient)


def test_only_other_goes_to_review() -> None:
    assert [name for name, conduct in default_policy().conducts.items() if conduct.review] == ["other"]


def test_when_soft_bounces_add_up_to_a_hard_one() -> None:
    assert default_policy().escalations == {
        Counts.ADDRESS: Escalation(days=3, over_days=14),
        Counts.WAY: Escalation(days=5, within_days=30),
    }


@pytest.mark.parametrize(
    ("counts", "days", "met"),
    [
        (Counts.WAY, 3.9, False), (Counts.WAY, 4, True), (Counts.WAY, 30, True), (Counts.WAY, 31, False),
        (Counts.WAY, -5, False), (Counts.ADDRESS, 13.9, False), (Counts.ADDRESS, 14, True), (Counts.SENDER, 20, False),
        (Counts.NOTHING, 20, False),
    ],
)  # fmt: skip
def test_one_message_tried_for_as_long_meets_the_rule(counts: Counts, days: float, met: bool) -> None:
    assert default_policy().is_met_by(counts, timedelta(days=days)) is met


def test_an_unknown_category_does_what_other_does() -> None:
    assert default_policy().of("made-up") == default_policy().of("other")


def test_an_operator_overrides_what_he_names_and_keeps_the_rest() -> None:
    policy = default_policy().overridden(
        '[categories.inactive-mailbox]\nbounce_type = "soft"\n[escalation.address]\ndays = 2'
    )
    assert policy.of("inactive-mailbox").bounce_type is BounceType.SOFT
    assert policy.of("inactive-mailbox").transient is Counts.WAY
    assert policy.of("bad-mailbox") == default_policy().of("bad-mailbox")
    assert policy.escalations[Counts.ADDRESS] == Escalation(days=2)
    verdict = Classifier(policy=policy).classify(report_of("550 5.2.1 this account is disabled"))
    assert (verdict.category, verdict.bounce_type) == ("inactive-mailbox", BounceType.SOFT)


@pytest.mark.parametrize(
    "text",
    ["nonsense", '[categories.made-up]\nbounce_type = "soft"', '[categories.other]\nbounce_type = "harder"',
     '[categories.other]\ncounts = "x"', "[categories]\nother = 1", "[escalation.address]\nweeks = 2",
     "[categories.other]\nx = 1", '[category.other]\nbounce_type = "soft"'],
)  # fmt: skip
def test_a_policy_that_cannot_be_used_is_an_error(text: str) -> None:
    with pytest.raises(PatternError):
        default_policy().overridden(text)
