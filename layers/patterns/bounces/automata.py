"""Many words, found in one pass over a text. Compiled: it goes over each text that is read."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

import ahocorasick

_NUMBER: Final = itemgetter(1)  # of where a word ends and its number


class WordAutomaton:
    """Words with a number each: filled with `add`, closed by `seal`, then asked.

    It is two automata of Aho and Corasick. Words of other letters than ASCII's, which few texts have, are in one of
    their own: it goes through the letters that can come next one by one, and at the start of a word those would be some
    hundred.
    """

    __slots__ = ("_ascii", "_others")

    def __init__(self) -> None:
        self._ascii: Any = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        self._others: Any = ahocorasick.Automaton(ahocorasick.STORE_INTS)

    def add(self, word: str, number: int) -> None:
        """Add `word`, which is not empty, with `number`."""
        (self._ascii if word.isascii() else self._others).add_word(word, number)

    def number_of(self, word: str) -> int | None:
        """Return the number of `word`, None where it is not among them."""
        number: int | None = (self._ascii if word.isascii() else self._others).get(word, None)
        return number

    def seal(self) -> None:
        """Make automata of the words so far. No word can be added from then on."""
        self._ascii.make_automaton()
        self._others.make_automaton()

    def all_in(self, text: str) -> set[int]:
        """Return the numbers of the words that stand in `text`, anywhere and within other words too."""
        seen = set(map(_NUMBER, self._ascii.iter(text))) if self._ascii else set()  # one without words cannot be asked
        if self._others and not text.isascii():
            seen.update(map(_NUMBER, self._others.iter(text)))
        return seen

    def first_in(self, text: str) -> int | None:
        """Return the number of a word that stands in `text`, None where none does."""
        found: tuple[int, int] | None = next(self._ascii.iter(text), None) if self._ascii else None
        if found is None and self._others and not text.isascii():
            found = next(self._others.iter(text), None)
        return None if found is None else found[1]
