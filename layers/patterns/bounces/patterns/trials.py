"""What a set of patterns would change, and which of its Hard patterns meet what is known to say something else. Pure.

For whoever edits a set: before it is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import re2

from bounces.patterns.classifier import Classifier
from bounces.patterns.expressions import ExpressionSet
from bounces.patterns.normal import folded, text_of
from bounces.patterns.operator_patterns import OperatorPattern
from bounces.patterns.operator_syntax import expression_options
from bounces.patterns.policy import OTHER, Policy, default_policy
from bounces.patterns.rules import Rule, built_in_rules
from bounces.patterns.words import Words
from bounces.records import BounceType, Report, Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """A report on which two sets decide differently."""

    report: Report
    before: Verdict
    after: Verdict

    @property
    def is_to_hard(self) -> bool:
        """Whether it becomes hard and was not."""
        return is_hard(self.after) and not is_hard(self.before)


@dataclass(frozen=True, slots=True)
class Hazard:
    """A Hard pattern, and a built-in rule that knows what it matches as no fault of the address, with a sample."""

    pattern: OperatorPattern
    category: str
    rule: str
    sample: str


def changes(before: Classifier, after: Classifier, reports: Iterable[Report]) -> Iterator[Change]:
    """Yield the reports on which `after` decides otherwise than `before`: another category, hard or soft, or ignore."""
    for report in reports:
        change = Change(report, before.classify(report), after.classify(report))
        if _effect(change.before) != _effect(change.after):
            yield change


def is_hard(verdict: Verdict) -> bool:
    """Say whether `verdict` gives the address up."""
    return verdict.bounce_type is BounceType.HARD and not verdict.ignore


def hazards(patterns: Sequence[OperatorPattern]) -> tuple[Hazard, ...]:
    """Return those of `patterns`, all of them Hard, that match what is known to say nothing of the address.

    Known is a sample of a built-in rule whose category is soft, such as a block of the sender, a full mailbox or
    throttling, and the rule's own words where they stand in the pattern. Scopes are left aside: within them, the
    words mean the same.
    """
    rules = [rule for rule in built_in_rules() if _is_known_otherwise(rule)]
    found: dict[int, Hazard] = {}
    met = _Met(patterns)
    for rule in rules:
        for sample in rule.samples:
            for number in met.in_text(sample):
                found.setdefault(number, Hazard(patterns[number], rule.category, rule.id, sample))
    words = _RuleWords(rules)
    for number, pattern in enumerate(patterns):
        if number not in found and not pattern.is_expression:
            for rule in words.in_text(folded(pattern.text)):
                found.setdefault(number, Hazard(pattern, rule.category, rule.id, rule.samples[0]))
    return tuple(found[number] for number in sorted(found))


def hardened(policy: Policy) -> tuple[str, ...]:
    """Return the categories that `policy` makes hard and that say nothing of the address."""
    return tuple(
        name
        for name, conduct in policy.conducts.items()
        if conduct.bounce_type is BounceType.HARD and default_policy().of(name).bounce_type is not BounceType.HARD
    )


class _RuleWords:
    """The rules' own words, to be found in a text in its folded form."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._literals = [(folded(rule.text), rule) for rule in rules if not rule.is_expression]
        self._expressions = [rule for rule in rules if rule.is_expression]
        self._set = ExpressionSet([rule.text for rule in self._expressions])

    def in_text(self, text: str) -> Iterator[Rule]:
        """Yield the rules whose words stand in `text`."""
        yield from (rule for literal, rule in self._literals if literal in text)
        yield from (self._expressions[number] for number in self._set.matching(text))


class _Met:
    """Which of many patterns stand in a text."""

    _EXPRESSION: Final = expression_options()

    def __init__(self, patterns: Sequence[OperatorPattern]) -> None:
        self._expressions = [
            (number, re2.compile(pattern.text, self._EXPRESSION))
            for number, pattern in enumerate(patterns)
            if pattern.is_expression
        ]
        self._words = Words()
        self._by_word: dict[int, list[int]] = {}
        for number, pattern in enumerate(patterns):
            if not pattern.is_expression:
                self._by_word.setdefault(self._words.number_of(folded(pattern.text)), []).append(number)
        self._words.seal()

    def in_text(self, diagnostic: str) -> Iterator[int]:
        """Yield the numbers of the patterns that stand in `diagnostic`."""
        text = text_of(diagnostic)
        for word in self._words.seen_in(text.folded):
            yield from self._by_word[word]
        for number, expression in self._expressions:
            if expression.search(text.shown):
                yield number


def _is_known_otherwise(rule: Rule) -> bool:
    is_soft = default_policy().of(rule.category).bounce_type is BounceType.SOFT
    return is_soft and rule.category != OTHER and not rule.weak


def _effect(verdict: Verdict) -> tuple[object, ...]:
    return verdict.category, verdict.bounce_type, verdict.ignore
