"""Finding out which phrases a text has: one of a short list in a line, or of long lists in an explanation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import re2

# Bytes of an automaton and the states that it keeps: some hundred phrases need a tenth of it.
MAX_MEMORY: Final = 8 << 20


class Phrases:
    """Phrases, each under a word that it has and that as many others as possible have too.

    A search looks for the words first, which are a third as many: what a mail says is nearly always none of a list.
    In a text of ASCII it looks for no others.
    """

    __slots__ = ("_ascii", "_groups")

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take `phrases`, in lower case and with single spaces."""
        left = dict.fromkeys(phrases)
        self._groups: list[tuple[str, tuple[str, ...]]] = []
        while left:
            words = Counter(word for phrase in left for word in dict.fromkeys(phrase.split()))
            # The longest of the most frequent: the rarer in other texts, the better.
            word = max(words, key=lambda word: (words[word] if len(word) > 2 else 0, len(word)))
            group = tuple(phrase for phrase in left if word in phrase)
            self._groups.append((word, group))
            for phrase in group:
                del left[phrase]
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
        found = self._set.Match(text.encode("utf-8", "replace"))
        return frozenset([self._names[number] for number in found or ()])


def folded(text: str) -> str:
    """Return `text` as phrases are looked for in it: lower case, each run of white space one space."""
    return " ".join(text.lower().split())
