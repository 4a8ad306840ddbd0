"""All literals and expressions of built-in rules and an operator's patterns, compiled once and found in one reading.

Literals are found together by an Aho-Corasick automaton, the rules' expressions together by an RE2 filter; an
operator's expression is tried only where the words that it cannot do without were seen. So a hundred thousand
patterns cost what a hundred do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import ahocorasick
import re2

from bounces.patterns.atoms import required_words
from bounces.patterns.codes import reply_start
from bounces.patterns.expressions import ExpressionFilter, ExpressionSet
from bounces.patterns.normal import Text, address_spans, folded
from bounces.patterns.operator_patterns import OperatorPattern
from bounces.patterns.operator_syntax import expression_options
from bounces.patterns.rules import Rule
from bounces.patterns.scopes import Place, Scoped

MANY_EXPRESSIONS: Final = 16  # from so many candidates on, one pass of the set is cheaper than trying each


@dataclass(frozen=True, slots=True)
class Found:
    """Where a rule or pattern was met: its number, the words there, and where they begin in the folded text."""

    number: int
    matched: str
    start: int = 0


@dataclass(slots=True)
class Word:
    """What a literal means to whom: rules, an operator's patterns, expressions that need it, a provider's mark."""

    literal: str
    rules: list[int] = field(default_factory=list)
    patterns: Scoped | None = None
    expressions: list[int] = field(default_factory=list)
    providers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Sighting:
    """What one reading of a text saw, not yet judged."""

    rules: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    providers: set[str] = field(default_factory=set)
    pattern: int | None = None
    pattern_span: tuple[int, int] = (0, 0)
    expressions: set[int] = field(default_factory=set)


class Lexicon:
    """`rules` and `patterns`, both in order, compiled."""

    def __init__(self, rules: Sequence[Rule], patterns: Sequence[OperatorPattern]) -> None:
        """Compile. Patterns that are off are left out but keep their number."""
        self._rules = rules
        self._patterns = patterns
        self._words: list[Word] = []
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._provider_scopes: dict[str, set[str]] = {}
        words: dict[str, Word] = {}
        self._add_rules(words)
        self._add_expressions(words)
        self._fill(words)
        self._automaton.make_automaton()

    def read(self, text: Text, place: Place) -> Sighting:
        """Return what stands in `text`, in one pass for literals and one for expressions."""
        seen = Sighting()
        scopes = tuple(place.names())
        for scope in scopes:
            seen.providers.update(self._provider_scopes.get(scope, ()))
        if text.folded and len(self._automaton):
            for end, value in self._automaton.iter(text.folded):
                if value >= 0:
                    self._see_pattern(seen, value, end, len(self._literals[value]))
                else:
                    self._see_word(seen, self._words[-1 - value], end + 1, text.folded, scopes)
        for number in self._rule_filter.matching(text.folded):
            seen.rules[self._rule_expressions[number]] = []
        self._try_expressions(seen, text, scopes)
        return seen

    def rules_met(self, seen: Sighting, text: Text) -> Iterator[Found]:
        """Yield the built-in rules that `seen` holds: in the receiver's answer, then before it; weak
        ones last, and in the answer alone."""
        numbers = [number for number in sorted(seen.rules) if self._applies(self._rules[number], seen)]
        strong = [number for number in numbers if not self._rules[number].weak]
        weak = [number for number in numbers if self._rules[number].weak]
        names = list(address_spans(text.folded)) if numbers else []
        answer = reply_start(text.folded)
        passes = ((strong, answer), (strong, 0), (weak, answer)) if answer else ((strong, 0), (weak, 0))
        for some, begin in passes:
            for number in some:
                for start, end in self._places(number, seen, text):
                    if start >= begin and not any(first <= start and end <= last for first, last in names):
                        yield Found(number, text.part(start, end), start)
                        break

    @staticmethod
    def _applies(rule: Rule, seen: Sighting) -> bool:
        return rule.provider is None or rule.provider.id in seen.providers

    def pattern_met(self, seen: Sighting, text: Text) -> Found | None:
        """Return the operator's first pattern in `seen`, or None."""
        if seen.pattern is None:
            return None
        return Found(seen.pattern, text.part(*seen.pattern_span))

    def _places(self, number: int, seen: Sighting, text: Text) -> Iterable[tuple[int, int]]:
        if not self._rules[number].is_expression:
            return seen.rules[number]
        return (found.span() for found in _compiled_once(self._rules[number].text).finditer(text.folded))

    def _see_word(self, seen: Sighting, word: Word, end: int, folded_text: str, scopes: tuple[str, ...]) -> None:
        start = end - len(word.literal)
        if word.patterns is not None:
            number = word.patterns.first(scopes)
            if number is not None:
                self._see_pattern(seen, number, end - 1, end - start)
        if word.expressions:
            seen.expressions.update(word.expressions)
        if (word.rules or word.providers) and _stands_alone(folded_text, start, end):
            for number in word.rules:
                seen.rules.setdefault(number, []).append((start, end))
            seen.providers.update(word.providers)

    def _see_pattern(self, seen: Sighting, number: int, last: int, length: int) -> None:
        if seen.pattern is None or number < seen.pattern:
            seen.pattern, seen.pattern_span = number, (last + 1 - length, last + 1)

    def _try_expressions(self, seen: Sighting, text: Text, scopes: tuple[str, ...]) -> None:
        if not self._expressions:
            return
        candidates = seen.expressions
        if len(candidates) > MANY_EXPRESSIONS:
            candidates = {self._set_numbers[place] for place in self._pattern_set.matching(text.shown)}
        elif self._loose_numbers:
            candidates.update(self._loose_numbers[place] for place in self._loose_set.matching(text.shown))
        for number in sorted(candidates):
            if seen.pattern is not None and number > seen.pattern:
                return
            scope = self._patterns[number].scope
            if scope is None or scope in scopes:
                found = self._expressions[number].search(text.shown)
                if found is not None:
                    seen.pattern, seen.pattern_span = number, found.span()
                    return

    def _add_rules(self, words: dict[str, Word]) -> None:
        self._rule_expressions: list[int] = []
        for number, rule in enumerate(self._rules):
            if rule.is_expression:
                self._rule_expressions.append(number)
            else:
                _word(words, folded(rule.text)).rules.append(number)
            if rule.provider is not None:
                for literal in (*rule.provider.words, *_marks(rule.provider.scopes)):
                    _word(words, folded(literal)).providers.add(rule.provider.id)
                for scope in rule.provider.scopes:
                    self._provider_scopes.setdefault(scope, set()).add(rule.provider.id)
        self._rule_filter = ExpressionFilter([self._rules[number].text for number in self._rule_expressions])

    def _add_expressions(self, words: dict[str, Word]) -> None:
        self._expressions: dict[int, Any] = {}
        required: dict[int, list[str]] = {}
        for number, pattern in enumerate(self._patterns):
            if pattern.enabled and pattern.is_expression:
                self._expressions[number] = _compiled(pattern.text)
                required[number] = required_words(pattern.text)
        common = Counter(word for found in required.values() for word in set(found))
        self._loose_numbers: list[int] = []
        for number, found in required.items():
            if found:
                rarest = min(found, key=lambda word: (common[word], -len(word)))
                _word(words, rarest).expressions.append(number)
            else:
                self._loose_numbers.append(number)
        self._set_numbers = list(self._expressions)
        self._pattern_set = ExpressionSet([self._patterns[number].text for number in self._set_numbers])
        self._loose_set = ExpressionSet([self._patterns[number].text for number in self._loose_numbers])

    def _fill(self, words: dict[str, Word]) -> None:
        """Put every literal into the automaton: an unscoped pattern by its number, all else by a `Word`."""
        self._literals: dict[int, str] = {}
        plain: dict[str, int] = {}
        for number, pattern in enumerate(self._patterns):
            if not pattern.enabled or pattern.is_expression:
                continue
            literal = folded(pattern.text)
            word = words.get(literal)
            if word is None and pattern.scope is None:
                plain.setdefault(literal, number)
                continue
            word = word or _word(words, literal)
            word.patterns = word.patterns or Scoped()
            word.patterns.add(pattern.scope, number)
        for literal, number in plain.items():
            word = words.get(literal)
            if word is not None:
                word.patterns = word.patterns or Scoped()
                word.patterns.add(None, number)
            else:
                self._literals[number] = literal
                self._automaton.add_word(literal, number)
        for literal, word in words.items():
            self._words.append(word)
            self._automaton.add_word(literal, -len(self._words))


def _word(words: dict[str, Word], literal: str) -> Word:
    if literal not in words:
        words[literal] = Word(literal)
    return words[literal]


def _marks(scopes: Iterable[str]) -> Iterator[str]:
    """Yield what a provider's hosts and addresses look like in a text: `.example.com`, `@example.com`."""
    for scope in scopes:
        yield scope.removeprefix("@mx:").removeprefix("*") if scope.startswith("@mx:") else scope


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Say whether the words at this place are words, not part of others (`spam` in `antispam`)."""
    first, last = text[start], text[end - 1]
    if _is_letter(first) and start and _is_letter(text[start - 1]):
        return False
    return not (_is_letter(last) and end < len(text) and _is_letter(text[end]))


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()


@cache
def _compiled_once(expression: str) -> Any:
    """Return a built-in rule's expression compiled, when it is first met: few of them ever are in one process."""
    return _compiled(expression)


def _compiled(expression: str) -> Any:
    return re2.compile(expression, expression_options())
