"""The built-in rules, found in a text: which of them are there, in the order in which they decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bounces.knowledge import NumberedWay, numbered_ways, starts_of
from bounces.patterns.expressions import Expression
from bounces.patterns.normal import Text, folded, is_in_address
from bounces.patterns.rules import Provider, Rule
from bounces.patterns.words import Words, places_of


class Found:
    """Where a rule or pattern was met: its number, the words there, and where they begin in the folded text."""

    __slots__ = ("matched", "number", "start")

    def __init__(self, number: int, matched: str, start: int = 0) -> None:
        self.number = number
        self.matched = matched
        self.start = start


class Sighting:
    """What one pass over a text saw, not yet judged: the numbers of its words, and the scopes that it lies in."""

    __slots__ = ("scopes", "words")

    def __init__(self, words: set[int], scopes: list[str]) -> None:
        self.words = words
        self.scopes = scopes


class _Watch:
    """What rules, by their numbers, are to be tried for which words: those of one provider, or of none."""

    __slots__ = ("_always", "_by_word", "_words")

    def __init__(self) -> None:
        self._always: list[int] = []  # what can be left aside for no missing word
        # What a word is a reason to try, with what else must be seen: a word of each clause.
        self._by_word: dict[int, tuple[tuple[int, list[frozenset[int]]], ...]] = {}
        self._words: set[int] = set()

    def add(self, number: int, ways: list[NumberedWay]) -> None:
        """Watch for the `ways` in which texts can match the rule `number`."""
        if not ways:
            self._always.append(number)
        by_word = self._by_word
        for way in ways:
            first = way[0]
            watched = ((number, [frozenset(clause) for clause in way[1:]]),)
            self._words.update(first)
            for word in first:
                before = by_word.get(word)
                by_word[word] = watched if before is None else before + watched

    def tell(self, seen: set[int], found: set[int]) -> None:
        """Add to `found` the rules that a text may match in which the words `seen` stand."""
        found.update(self._always)
        by_word = self._by_word
        for word in seen & self._words:
            for number, others in by_word[word]:
                if number in found:
                    continue
                for clause in others:
                    if seen.isdisjoint(clause):
                        break
                else:
                    found.add(number)


class RuleLexicon:
    """The built-in rules, in their order."""

    def __init__(self, rules: Sequence[Rule], words: Words) -> None:
        """Put what the rules look for into `words`."""
        self._strong = [not rule.weak for rule in rules]
        self._finders: list[Expression | str] = []
        self._watch = _Watch()  # of the rules of no provider
        self._watches: dict[str, _Watch] = {}
        self._marks: dict[int, list[tuple[str, str]]] = {}  # a provider's words, and its id
        self._scopes: dict[str, list[str]] = {}
        for number, rule in enumerate(rules):
            self._add(number, rule, words)

    def met(self, seen: Sighting, text: Text) -> Iterator[Found]:
        """Yield each rule that stands in `text`, the one that decides first: those in the receiver's answer, then
        those before it; weak ones last, and in the answer alone.
        """
        candidates = self._candidates(seen, text)
        if not candidates:
            return
        before = []
        for number in candidates:
            if self._strong[number]:
                place = self._first_place(number, text)
                if place is not None and place[0] >= text.answer:
                    yield Found(number, text.part(*place), place[0])
                elif place is not None:
                    before.append(Found(number, text.part(*place), place[0]))
        yield from before
        for number in candidates:
            if not self._strong[number]:
                place = self._first_place(number, text)
                if place is not None and place[0] >= text.answer:
                    yield Found(number, text.part(*place), place[0])

    def _candidates(self, seen: Sighting, text: Text) -> list[int]:
        found: set[int] = set()
        self._watch.tell(seen.words, found)
        for provider in self._providers(seen, text):
            self._watches[provider].tell(seen.words, found)
        return sorted(found)

    def _providers(self, seen: Sighting, text: Text) -> set[str]:
        found: set[str] = set()
        for scope in seen.scopes:
            if scope in self._scopes:
                found.update(self._scopes[scope])
        for word in seen.words & self._marks.keys():
            found.update(provider for mark, provider in self._marks[word] if places_of(mark, text.folded))
        return found

    def _first_place(self, number: int, text: Text) -> tuple[int, int] | None:
        """Return where the rule first stands in the answer, else where it first stands, outside of addresses."""
        finder = self._finders[number]
        # In the answer first: a match that begins before it would hide the one within it.
        place = _first_between(finder, text, text.answer, len(text.folded))
        return place or (_first_between(finder, text, 0, text.answer) if text.answer else None)

    def _add(self, number: int, rule: Rule, words: Words) -> None:
        if rule.is_expression:
            self._finders.append(Expression(rule.text, is_folded=True, starts=starts_of(rule.text)))
            ways = numbered_ways(rule.text)
        else:
            self._finders.append(folded(rule.text))
            ways = [[[words.number_of(folded(rule.text))]]]
        watch = self._watch
        if rule.provider is not None:
            if rule.provider.id not in self._watches:
                self._add_provider(rule.provider, words)
            watch = self._watches[rule.provider.id]
        watch.add(number, ways)

    def _add_provider(self, provider: Provider, words: Words) -> None:
        self._watches[provider.id] = _Watch()
        for scope in provider.scopes:
            self._scopes.setdefault(scope, []).append(provider.id)
        for mark in map(folded, (*provider.words, *_marks(provider.scopes))):
            self._marks.setdefault(words.number_of(mark), []).append((mark, provider.id))


def _first_between(finder: Expression | str, text: Text, begin: int, end: int) -> tuple[int, int] | None:
    """Return where `finder` first stands, outside of addresses, beginning from `begin` on and before `end`."""
    if isinstance(finder, str):
        places: Iterable[tuple[int, int]] = places_of(finder, text.folded, begin)
    else:
        places = finder.places(text, begin, end)
    for place in places:
        if place[0] >= end:
            return None
        if not is_in_address(text.folded, place[0], place[1]):
            return place
    return None


def _marks(scopes: Iterable[str]) -> Iterator[str]:
    """Yield what a provider's hosts and addresses look like in a text: `.example.com`, `@example.com`."""
    for scope in scopes:
        yield scope.removeprefix("@mx:").removeprefix("*") if scope.startswith("@mx:") else scope
