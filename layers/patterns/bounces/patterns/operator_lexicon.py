"""An operator's patterns, found in a text: the first of them that holds there.

However many they are, a text costs what stands in it: literals are among the words of the one pass, and an expression
is tried only where the words that it needs were seen. Those without such words, or whose words many share, are
searched for together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from bounces.patterns.expressions import Condition, Expression, ExpressionSet
from bounces.patterns.lexicon import Found, Sighting
from bounces.patterns.normal import Text, folded
from bounces.patterns.operator_patterns import OperatorPattern
from bounces.patterns.scopes import Scoped
from bounces.patterns.words import Words

if TYPE_CHECKING:
    from bounces.atoms import Clause, Way

MAX_SHARING: Final = 16  # expressions that one word may cause to be tried; one search for all costs less than more


class OperatorLexicon:
    """`patterns` in their order."""

    def __init__(self, patterns: Sequence[OperatorPattern], words: Words) -> None:
        """Put what the patterns look for into `words`. Those that are off are left out but keep their number."""
        self._patterns = patterns
        self._literals: dict[int, int | Scoped] = {}  # a bare number where one pattern has the words, anywhere
        self._expressions: dict[int, tuple[Condition, Expression]] = {}
        self._by_word: dict[int, list[int]] = {}
        self._loose: list[int] = []
        self._loose_set = ExpressionSet(())
        numbers: list[int] = []
        for number, pattern in enumerate(patterns):
            if pattern.enabled and pattern.is_expression:
                numbers.append(number)
            elif pattern.enabled:
                self._add_literal(number, pattern, words)
        if numbers:
            self._add_expressions(numbers, words)

    def met(self, seen: Sighting, text: Text) -> Found | None:
        """Return the first pattern that `seen` holds, or None."""
        if not self._literals and not self._expressions:
            return None
        number = self._first_literal(seen)
        found = self._first_expression(seen, text, number) if self._expressions else None
        if found is None and number is not None:
            literal = folded(self._patterns[number].text)
            start = text.folded.find(literal)
            found = number, (start, start + len(literal))
        return Found(found[0], text.part(*found[1])) if found else None

    def _first_literal(self, seen: Sighting) -> int | None:
        first: int | None = None
        for word in seen.words:
            holds = self._literals.get(word)
            number = holds.first(seen.scopes) if isinstance(holds, Scoped) else holds
            if number is not None and (first is None or number < first):
                first = number
        return first

    def _first_expression(self, seen: Sighting, text: Text, before: int | None) -> tuple[int, tuple[int, int]] | None:
        """Return the first expression that matches and its place, if it comes before the pattern `before`."""
        candidates = {self._loose[place] for place in self._loose_set.matching(text.shown)}
        for word in seen.words:
            candidates.update(self._by_word.get(word, ()))
        for number in sorted(candidates):
            if before is not None and number > before:
                return None
            scope = self._patterns[number].scope
            condition, expression = self._expressions[number]
            if (scope is None or scope in seen.scopes) and condition.holds(seen.words):
                span = expression.search(text.shown)
                if span is not None:
                    return number, span
        return None

    def _add_literal(self, number: int, pattern: OperatorPattern, words: Words) -> None:
        word = words.number_of(folded(pattern.text))
        holds = self._literals.get(word)
        if holds is None and pattern.scope is None:
            self._literals[word] = number
            return
        if not isinstance(holds, Scoped):
            first, holds = holds, Scoped()
            self._literals[word] = holds
            if first is not None:
                holds.add(None, first)
        holds.add(pattern.scope, number)

    def _add_expressions(self, numbers: Sequence[int], words: Words) -> None:
        from bounces.atoms import required_words  # which most processes do without

        ways = {number: required_words(self._patterns[number].text) for number in numbers}
        common = Counter(word for some in ways.values() for word in {word for way in some for c in way for word in c})
        for number, some in ways.items():
            numbered = [[[words.number_of(word) for word in clause] for clause in way] for way in some]
            self._expressions[number] = Condition(numbered), Expression(self._patterns[number].text)
            own = {word for way in some for word in _rarest(way, common)}
            if not own or max(common[word] for word in own) > MAX_SHARING:
                self._loose.append(number)
                continue
            for word in own:
                self._by_word.setdefault(words.number_of(word), []).append(number)
        self._loose_set = ExpressionSet([self._patterns[number].text for number in self._loose])


def _rarest(way: Way, common: Mapping[str, int]) -> Clause:
    """Return the clause whose words the fewest other expressions share."""
    return min(way, key=lambda clause: (max(common[word] for word in clause), sorted(clause)))
