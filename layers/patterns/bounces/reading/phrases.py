"""Finding out which phrases a text has: one of a short list in a line, or of long lists in an explanation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import ahocorasick


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
    """Several lists of phrases, all looked for in one pass over a text (Aho-Corasick)."""

    __slots__ = ("_automaton",)

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        """Take `lists` of phrases by name, the phrases in lower case and with single spaces."""
        names: dict[str, frozenset[str]] = {}
        for name, phrases in lists.items():
            for phrase in phrases:
                names[phrase] = names.get(phrase, frozenset()) | {name}
        self._automaton = ahocorasick.Automaton()
        for phrase, lists_of_it in names.items():
            self._automaton.add_word(phrase, lists_of_it)
        self._automaton.make_automaton()

    def lists_in(self, text: str) -> frozenset[str]:
        """Return the names of the lists of which `text`, which is folded, has a phrase."""
        found: frozenset[str] = frozenset()
        for _, names in self._automaton.iter(text):
            if not names <= found:
                found |= names
        return found


def folded(text: str) -> str:
    """Return `text` as phrases are looked for in it: lower case, each run of white space one space."""
    return " ".join(text.lower().split())
