"""Finding out which phrases a text has: one of a short list in a line, or of long lists in an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import re2

from bounces.automata import WordAutomaton
from bounces.octets import has

# Bytes of an automaton and the states that it keeps: some hundred phrases need a tenth of it.
MAX_MEMORY: Final = 8 << 20
_SPACES: Final = bytes.maketrans(b"\t\n\v\f\r\x1c\x1d\x1e\x1f", b" " * 9)


class Phrases:
    """A list of phrases, all looked for in one pass over a text."""

    __slots__ = ("_automaton", "_phrases")

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take `phrases`, in lower case and with single spaces."""
        self._phrases = tuple(phrases)
        self._automaton = WordAutomaton()
        for number, phrase in enumerate(self._phrases):
            self._automaton.add(phrase, number)
        self._automaton.seal()

    def first_in(self, text: str) -> str | None:
        """Return a phrase that `text`, which is folded, has; None where it has none."""
        number = self._automaton.first_in(text)
        return None if number is None else self._phrases[number]


class PhraseBook:
    """Several lists of phrases, all looked for in one pass over a text, by RE2's automaton for many expressions."""

    __slots__ = ("_names", "_set")

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        """Take `lists` of phrases by name, the phrases in lower case and with single spaces."""
        options = re2.Options()
        options.literal = True
        options.max_mem = MAX_MEMORY
        self._set = re2.Set.SearchSet(options)
        self._names: list[str] = []
        for name, phrases in lists.items():
            for phrase in phrases:
                self._set.Add(phrase)
                self._names.append(name)
        self._set.Compile()

    def lists_in(self, text: str) -> frozenset[str]:
        """Return the names of the lists of which `text`, which is folded, has a phrase."""
        # Half a character, as some charsets leave one, cannot be written in UTF-8.
        return self._lists_in(text.encode("utf-8", "replace"))

    def lists_in_explanation(self, text: str) -> frozenset[str]:
        """Return the same of `text` as it stands: folded in bytes, where it has no letters beyond ASCII."""
        return self._lists_in(_folded(text.encode())) if text.isascii() else self.lists_in(folded(text))

    def _lists_in(self, text: bytes) -> frozenset[str]:
        return frozenset([self._names[number] for number in self._set.Match(text) or ()])


def folded(text: str) -> str:
    """Return `text` as phrases are looked for in it: lower case, each run of white space one space."""
    return " ".join(text.lower().split())


def _folded(text: bytes) -> bytes:
    """Return `text`, in ASCII, as `folded` does, but for its ends: without an object for each of its words."""
    text = text.lower().translate(_SPACES)
    while has(text, b"  "):
        text = text.replace(b"  ", b" ")
    return text
