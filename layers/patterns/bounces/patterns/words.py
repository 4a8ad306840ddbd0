"""Every literal word of rules and patterns, numbered, and found in one pass over a text."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, Final

import ahocorasick

_NUMBER: Final = itemgetter(1)  # of where a word ends and its number


class Words:
    """Aho-Corasick automata of words: filled with `number_of`, closed by `seal`, then asked with `seen_in`.

    Words of other letters than ASCII's, which few texts have, are in an automaton of their own: it goes through the
    letters that can come next one by one, and at the start of a word those would be three hundred.
    """

    def __init__(self, vocabulary: Iterable[str] = ()) -> None:
        """Fill them with `vocabulary`, of words that differ: each word's number is its place there."""
        self._ascii: Any = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._others: Any = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._count = 0
        for word in vocabulary:
            (self._ascii if word.isascii() else self._others).add_word(word, self._count)
            self._count += 1

    def number_of(self, word: str) -> int:
        """Return the number of `word`, which is in the form of `Text.folded`; the first time, one is given to it."""
        automaton = self._ascii if word.isascii() else self._others
        number: int = automaton.get(word, self._count)
        if number == self._count:
            automaton.add_word(word, number)
            self._count += 1
        return number

    def seal(self) -> None:
        """Make automata of the words so far. No word can be added from then on."""
        self._ascii.make_automaton()
        self._others.make_automaton()

    def seen_in(self, folded_text: str) -> set[int]:
        """Return the numbers of the words that stand in `folded_text`, anywhere and within other words too."""
        seen = _seen_by(self._ascii, folded_text)
        return seen if folded_text.isascii() else seen | _seen_by(self._others, folded_text)


def _seen_by(automaton: Any, folded_text: str) -> set[int]:
    return set(map(_NUMBER, automaton.iter(folded_text))) if automaton else set()  # one without words cannot be asked


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
