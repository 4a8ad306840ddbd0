"""Every literal word of rules and patterns, numbered, and found in one pass over a text."""

from __future__ import annotations

from collections.abc import Iterable

from bounces.automata import WordAutomaton


class Words:
    """Words by number: filled with `number_of`, closed by `seal`, then asked with `seen_in`."""

    def __init__(self, vocabulary: Iterable[str] = ()) -> None:
        """Fill them with `vocabulary`, of words that differ: each word's number is its place there."""
        self._automaton = WordAutomaton()
        self._count = 0
        for word in vocabulary:
            self._automaton.add(word, self._count)
            self._count += 1

    def number_of(self, word: str) -> int:
        """Return the number of `word`, which is in the form of `Text.folded`; the first time, one is given to it."""
        number = self._automaton.number_of(word)
        if number is None:
            number = self._count
            self._automaton.add(word, number)
            self._count += 1
        return number

    def seal(self) -> None:
        """Have no word added from then on."""
        self._automaton.seal()

    def seen_in(self, folded_text: str) -> set[int]:
        """Return the numbers of the words that stand in `folded_text`, anywhere and within other words too."""
        return self._automaton.all_in(folded_text)


def places_of(word: str, folded_text: str, begin: int = 0) -> list[tuple[int, int]]:
    """Return where `word` stands in `folded_text`, from `begin` on, as a word, not as a part of another (`spam` in
    `antispam`).
    """
    found = []
    start = folded_text.find(word, begin)
    while start >= 0:
        end = start + len(word)
        if _stands_alone(folded_text, start, end):
            found.append((start, end))
        start = folded_text.find(word, start + 1)
    return found


def _stands_alone(text: str, start: int, end: int) -> bool:
    first, last = text[start], text[end - 1]
    if _is_letter(first) and start and _is_letter(text[start - 1]):
        return False
    return not (_is_letter(last) and end < len(text) and _is_letter(text[end]))


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalnum()
