"""Every literal word of rules and patterns, numbered, and found in one pass over a text."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, Final

import ahocorasick

_NUMBER: Final = itemgetter(1)  # of where a word ends and its number


class Words:
    """An Aho-Corasick automaton of words: filled with `number_of`, closed by `seal`, then asked with `seen_in`."""

    def __init__(self, vocabulary: Iterable[str] = ()) -> None:
        """Fill it with `vocabulary`, of words that differ: each word's number is its place there."""
        self._automaton: Any = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        add = self._automaton.add_word
        for number, word in enumerate(vocabulary):
            add(word, number)

    def number_of(self, word: str) -> int:
        """Return the number of `word`, which is in the form of `Text.folded`; the first time, one is given to it."""
        number: int = self._automaton.get(word, len(self._automaton))
        self._automaton.add_word(word, number)
        return number

    def seal(self) -> None:
        """Make the automaton of the words so far. No word can be added from then on."""
        self._automaton.make_automaton()

    def seen_in(self, folded_text: str) -> set[int]:
        """Return the numbers of the words that stand in `folded_text`, anywhere and within other words too."""
        return set(map(_NUMBER, self._automaton.iter(folded_text)))


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
