"""What an expression cannot match without: the words that let most expressions be left aside unread.

One automaton finds the words of all patterns in a single pass; an expression is tried only where its words were seen.
RE2 knows these words too (its filter), but finds them anew, by compiling every expression, in each process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

MIN_ATOM: Final = 3  # bytes; shorter words stand in every other text
MIN_MARK: Final = 2  # likewise of what is no word, such as `<>`
MAX_TOGETHER: Final = 32  # texts that a run of pieces is spelled out to
MAX_CHOICES: Final = 256  # words of one clause
MAX_WAYS: Final = 8  # of one expression
MAX_STARTS: Final = 24  # of one expression: looking for more takes longer than the expression
MIN_START: Final = 2  # characters
LONGEST_START: Final = 4  # likewise
MAX_DEPTH: Final = 40  # groups within groups
_SMALL_CLASS: Final = 4  # characters
# `re` compiles and keeps them when they are first used; most processes never do.
_COUNT: Final = r"\{(\d+)(?:,\d*)?\}"
_GROUP: Final = r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|(?P<flags>[a-zA-Z-]+)\)))?"
_CLASS: Final = r"(?s)\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]"
_ESCAPED_CLASS: Final = r"(?s)\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[a-zA-Z])"

Clause = frozenset[str]  # words, of which one is enough
Way = tuple[Clause, ...]  # the rarest, to go by, first


class _Needs(NamedTuple):
    """What a part of an expression needs: all the texts that it matches, or else the ways to match it, and texts with
    one of which whatever it matches begins.
    """

    exact: Clause | None
    ways: tuple[Way, ...] = ()
    inexact_starts: Clause = frozenset({""})

    @property
    def starts(self) -> Clause:
        return self.inexact_starts if self.exact is None else self.exact


class _Unsure(Exception):
    """What this reader does not know; the expression is then said to need nothing."""


_ANYTHING: Final = _Needs(None, ((),))
_NO_WIDTH: Final = _Needs(frozenset({""}))


def required_words(expression: str) -> tuple[Way, ...]:
    """Return the ways in which a text can match `expression`, in RE2's syntax: of one of them, it holds a word of each
    clause, once its case is folded. No ways: nothing is known.

    Reads only what is certain. Anything unusual ends with less to go by, never with what is wrong.
    """
    ways = _ways_of(_read(expression))
    return tuple(tuple(sorted(way, key=_worth, reverse=True)) for way in ways) if all(ways) else ()


def possible_starts(expression: str) -> Clause:
    """Return words with one of which whatever `expression`, in RE2's syntax, matches begins, once its case is folded.
    An empty set where nothing is known, or where they are too many.
    """
    starts = _cut(_read(expression).starts)
    return starts if len(starts) <= MAX_STARTS and min(map(len, starts)) >= MIN_START else frozenset()


def _read(expression: str) -> _Needs:
    reader = _Reader(expression)
    try:
        found = reader.choices(0)
    except _Unsure:
        return _ANYTHING
    return found if reader.place == len(expression) else _ANYTHING


class _Reader:
    """Reads one expression from left to right; `place` is how far."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self.place = 0

    def choices(self, depth: int) -> _Needs:
        """Read alternatives up to the group's end."""
        found = [self._run(depth)]
        while self._next() == "|":
            self.place += 1
            found.append(self._run(depth))
        return found[0] if len(found) == 1 else _either(found)

    def _next(self) -> str:
        return self._expression[self.place : self.place + 1]

    def _run(self, depth: int) -> _Needs:
        ways: tuple[Way, ...] = ((),)
        exact: Clause = frozenset({""})
        starts: Clause | None = None  # exact until something was not
        while self._next() not in ("", "|", ")"):
            piece = self._repeated(self._piece(depth))
            together = _joined(exact, piece.exact)
            if together is not None:
                exact = together
                continue
            if starts is None:
                starts = _cut(first + second for first in exact for second in piece.starts)
            ways = _both(ways, _ways_of(_Needs(exact)))
            if piece.exact is None:
                ways = _both(ways, piece.ways)
            exact = piece.exact or frozenset({""})
        return _Needs(exact) if starts is None else _Needs(None, _both(ways, _ways_of(_Needs(exact))), starts)

    def _repeated(self, piece: _Needs) -> _Needs:
        while sign := self._next():
            counted = re.compile(_COUNT).match(self._expression, self.place)
            if sign == "?":
                piece = _ANYTHING if piece.exact is None else _Needs(piece.exact | {""})
            elif sign == "*" or (counted and int(counted[1]) == 0):
                piece = _ANYTHING
            elif sign == "+" or counted:
                piece = _Needs(None, _ways_of(piece), piece.starts)
            else:
                break
            self.place = counted.end() if counted else self.place + 1
            if self._next() == "?":  # not greedy: matches no other texts
                self.place += 1
        return piece

    def _piece(self, depth: int) -> _Needs:
        sign = self._next()
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return _one_of(self._taken(_CLASS)[1:-1])
        if sign == "\\":
            return self._escaped()
        self.place += 1
        if sign in "^$":
            return _NO_WIDTH
        return _ANYTHING if sign in ".*+?" else _literal(sign)

    def _group(self, depth: int) -> _Needs:
        opened = re.compile(_GROUP).match(self._expression, self.place)
        if opened is None or depth >= MAX_DEPTH or self._expression.startswith("(?", opened.end() - 1):
            raise _Unsure
        self.place = opened.end()
        if opened["flags"]:
            return _NO_WIDTH
        found = self.choices(depth + 1)
        if self._next() != ")":
            raise _Unsure
        self.place += 1
        return found

    def _escaped(self) -> _Needs:
        character = self._expression[self.place + 1 : self.place + 2]
        if not character or character.isdigit() or character in "QE":
            raise _Unsure
        if not character.isalnum():
            self.place += 2
            return _literal(character)
        self._taken(_ESCAPED_CLASS)
        return _NO_WIDTH if character in "bBAz" else _ANYTHING

    def _taken(self, form: str) -> str:
        found = re.compile(form).match(self._expression, self.place)
        if found is None:
            raise _Unsure
        self.place = found.end()
        return found.group()


def _literal(character: str) -> _Needs:
    folded = character.casefold()
    return _Needs(frozenset({folded})) if len(folded) == 1 else _ANYTHING


def _one_of(characters: str) -> _Needs:
    if characters[0] == "^" or len(characters) > _SMALL_CLASS or re.search(r"[\\\[\]]|.-.", characters):
        return _ANYTHING
    return _either([_literal(character) for character in characters])


def _cut(starts: Iterable[str]) -> Clause:
    """Return `starts` no longer than they need be, without those that begin with another of them."""
    cut = {start[:LONGEST_START] for start in starts}
    return frozenset(start for start in cut if not any(start != other and start.startswith(other) for other in cut))


def _joined(exact: Clause, more: Clause | None) -> Clause | None:
    if more is None or len(exact) * len(more) > MAX_TOGETHER:
        return None
    return frozenset(first + second for first in exact for second in more)


def _either(found: list[_Needs]) -> _Needs:
    spelled = frozenset(text for needs in found if needs.exact is not None for text in needs.exact)
    starts = _cut(text for needs in found for text in needs.starts)
    if len(spelled) > MAX_CHOICES:
        return _Needs(None, ((),), starts)
    others = [way for needs in found if needs.exact is None for way in needs.ways]
    if not others:
        return _Needs(spelled)
    ways = (*_ways_of(_Needs(spelled)), *others) if spelled else tuple(others)
    return _Needs(None, ways if len(ways) <= MAX_WAYS else _narrowed(ways), starts)


def _both(first: tuple[Way, ...], second: tuple[Way, ...]) -> tuple[Way, ...]:
    if len(first) * len(second) > MAX_WAYS:
        second = _narrowed(second)
    return tuple(one + other for one in first for other in second)


def _narrowed(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """Return one way that stands for all of `ways`: a word of the best clause of any."""
    chosen = [max(way, key=_worth, default=frozenset()) for way in ways]
    clause = frozenset().union(*chosen)
    return ((clause,),) if all(chosen) and len(clause) <= MAX_CHOICES else ((),)


def _ways_of(needs: _Needs) -> tuple[Way, ...]:
    """Return the ways to match what `needs` says. A word within another of the same clause is enough for both."""
    if needs.exact is None:
        return needs.ways
    if not all(map(_is_telling, needs.exact)):
        return ((),)
    words = (text for text in needs.exact if not any(other != text and other in text for other in needs.exact))
    return ((frozenset(words),),)


def _is_telling(text: str) -> bool:
    size = len(text.encode("utf-8", "replace"))
    return size >= MIN_ATOM or (size >= MIN_MARK and not any(c.isalnum() or c.isspace() for c in text))


def _worth(clause: Clause) -> tuple[int, int, list[str]]:
    """Return how rare the words of `clause` are likely to be: the longest, then the fewest."""
    return min(map(len, clause)), -len(clause), sorted(clause)
