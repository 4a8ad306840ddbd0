"""Finding out which phrases a text has: one of a short list in a line, or of long lists in an explanation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import Final

import re2

from bounces.octets import has

# Bytes of an automaton and the states that it keeps: some hundred phrases need a tenth of it.
MAX_MEMORY: Final = 8 << 20
_SPACES: Final = bytes.maketrans(b"\t\n\v\f\r\x1c\x1d\x1e\x1f", b" " * 9)


class Phrases:
    """Phrases, each under a word that it has and that as many others as possible have too.

    A search looks for the words first, which are a third as many: what a mail says is nearly always none of a list.
    In a text of ASCII it looks for no others.
    """

    __slots__ = ("_ascii", "_groups")

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take `phrases`, in lower case and with single spaces."""
        words_of = {phrase: tuple(dict.fromkeys(phrase.split())) for phrase in phrases}
        counts = Counter(word for words in words_of.values() for word in words)
        # The most frequent word first, and the longest of those: the rarer in other texts, the better.
        queue = [(-count if len(word) > 2 else 0, -len(word), word) for word, count in counts.items()]
        heapify(queue)
        self._groups: list[tuple[str, tuple[str, ...]]] = []
        while words_of:
            rank, length, word = heappop(queue)
            if rank and -rank != counts[word]:  # some of its phrases are under another word
                heappush(queue, (-counts[word], length, word))
                continue
            group = tuple([phrase for phrase in words_of if word in phrase])
            if group:
                self._groups.append((word, group))
            for phrase in group:
                counts.subtract(words_of.pop(phrase))
        self._ascii = [group for group in self._groups if group[0].isascii()]

    def first_in(self, text: str) -> str | None:
        """Return a phrase that `text`, which is folded, has; None where it has none."""
        for word, phrases in self._ascii if text.isascii() else self._groups:
            if word in text:
                for phrase in phrases:
                    if phrase in text:
                        return phrase
        return None


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
