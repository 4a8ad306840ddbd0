"""Blacklist, rate-limit, greylist, quota, size, DMARC and relay refusals: none is about the address."""

import re

import pytest

from bounces.patterns.classifier import Classifier
from bounces.records import BounceType
from tests.unit.patterns.reports import imitations, listed, report_of

CLASSIFIER = Classifier()
REFUSALS = imitations("refusals.txt")


def test_the_list_is_as_long_and_as_misleading_as_it_has_to_be() -> None:
    diagnostics = [diagnostic for _, diagnostic in REFUSALS]
    assert len(set(diagnostics)) >= 100
    assert all(receiver.strip() and diagnostic.strip() for receiver, diagnostic in REFUSALS)
    assert len({receiver for receiver, _ in REFUSALS}) >= 60
    assert sum(bool(re.search(r"\b550[ -]5\.(1\.1|1\.0|2\.1)\b", text)) for text in diagnostics) >= 30
    assert sum(bool(re.search(r"user|mailbox|recipient", text, re.IGNORECASE)) for text in diagnostics) >= 15


@pytest.mark.parametrize(("receiver", "diagnostic"), REFUSALS)
def test_a_refusal_is_never_hard(receiver: str, diagnostic: str) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic))
    assert verdict.bounce_type is BounceType.SOFT, f"{receiver}: {verdict.reason}"


@pytest.mark.parametrize("status", ["5.1.1", "5.2.1", "5.1.0", "5.0.0"])
def test_a_refusal_is_never_hard_whatever_status_the_dsn_gives_it(status: str) -> None:
    hard = [
        (receiver, verdict.rule)
        for receiver, diagnostic in REFUSALS
        if (verdict := CLASSIFIER.classify(report_of(diagnostic, status=status))).bounce_type is BounceType.HARD
    ]
    assert hard == []


@pytest.mark.parametrize("diagnostic", listed("doubtful.txt"))
def test_words_of_a_dead_mailbox_beside_words_about_the_sender_or_the_moment_are_doubt(diagnostic: str) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic))
    assert verdict.bounce_type is BounceType.SOFT, verdict.reason


@pytest.mark.parametrize(("receiver", "diagnostic"), imitations("dead_addresses.txt"))
def test_what_is_said_of_a_dead_address_is_hard(receiver: str, diagnostic: str) -> None:
    verdict = CLASSIFIER.classify(report_of(diagnostic))
    assert verdict.bounce_type is BounceType.HARD, f"{receiver}: {verdict.reason}"
