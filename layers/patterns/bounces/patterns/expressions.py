"""RE2 expressions: each tried only where its words are, and those without words searched for together.

RE2 takes time linear in the text, whatever the expression and whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import methodcaller
from typing import Any, Final

import re2

from bounces.errors import PatternError
from bounces.knowledge import NumberedWay
from bounces.patterns.normal import Text
from bounces.patterns.operator_syntax import expression_options

MAX_SET_MEMORY: Final = 16 << 20  # bytes of a set's program and the states it keeps
# RE2's set finds nothing, without a word, where its memory does not suffice. Each set therefore holds one more
# expression, which must be found in the text that it was made for.
_PROBE: Final = "\x01probe\x02"
_ESCAPE: Final = re.compile(r"\\.")
_SPAN: Final = methodcaller("span")


class Expression:
    """An expression, compiled when it is first tried: in one process few ever are."""

    __slots__ = ("_compiled", "_compiled_for_ascii", "_is_folded", "_starts", "_text")

    def __init__(self, text: str, *, is_folded: bool = False, starts: Sequence[str] = ()) -> None:
        """Take note of `text`, which is RE2 syntax; with `is_folded`, to be held against folded texts alone.

        Whatever it matches begins with one of the `starts`, of which none begins with another (none: with anything).
        """
        self._text = text
        self._is_folded = is_folded
        self._starts = tuple(starts)
        self._compiled: Any = None
        self._compiled_for_ascii: Any = None

    def places(self, text: Text, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """Yield where it matches in `text.folded`, one after the other, from `begin` on.

        Where a match begins at `end` or later is of no interest (None: of all).
        """
        if len(text.raw) != len(text.folded):
            return map(_SPAN, (self._compiled or self._compile()).finditer(text.folded, begin))
        if self._starts:
            last = len(text.folded) if end is None else end
            return self._places_of_starts(text.folded, text.raw, begin, last)
        return map(_SPAN, (self._compiled_for_ascii or self._compile_for_ascii()).finditer(text.raw, begin))

    def search(self, text: str) -> tuple[int, int] | None:
        """Return where it first matches in `text`, or None."""
        if not text.isascii():
            found = (self._compiled or self._compile()).search(text)
        elif self._starts:
            return next(self._places_of_starts(text, text.encode(), 0, len(text)), None)
        else:
            found = (self._compiled_for_ascii or self._compile_for_ascii()).search(text.encode())
        return None if found is None else found.span()

    def _places_of_starts(self, text: str, raw: bytes, begin: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield where it matches in `raw`, which is `text` in ASCII: tried from each of its starts on.

        To find where a match begins RE2 makes a second program, and runs it backwards from the match's end.
        """
        places = []
        for start in self._starts:
            place = text.find(start, begin)
            while 0 <= place < last:
                places.append(place)
                place = text.find(start, place + 1)
        if not places:
            return
        places.sort()
        match = (self._compiled_for_ascii or self._compile_for_ascii()).match
        end = 0
        for place in places:
            if place >= end:
                found = match(raw, place)
                if found is not None:
                    span: tuple[int, int] = found.span()
                    yield span
                    end = span[1]

    def _compile(self) -> Any:
        self._compiled = _compiled(self._text, self._ignores_case(), "UTF8")
        return self._compiled

    def _compile_for_ascii(self) -> Any:
        """Compile it for texts in ASCII, which are found in their bytes: those are places too, and in Latin-1 each
        stands for itself, of which RE2 makes less than of what may be a letter of several.
        """
        is_ascii = self._text.isascii()
        text = self._text.encode()
        self._compiled_for_ascii = _compiled(text, self._ignores_case(), "LATIN1" if is_ascii else "UTF8")
        return self._compiled_for_ascii

    def _ignores_case(self) -> bool:
        if not self._is_folded:
            return True
        # What has one case only compiles in half the time when the other is not looked for.
        letters = _ESCAPE.sub("", self._text)
        return letters != letters.casefold()


def _compiled(text: str | bytes, ignores_case: bool, encoding: str) -> Any:
    try:
        return re2.compile(text, _options(ignores_case, encoding))
    except re2.error as error:
        raise PatternError(f"an expression cannot be compiled: {error}") from error


@cache
def _options(ignores_case: bool, encoding: str) -> Any:
    options = expression_options()
    options.never_capture = True  # where an expression matches is found faster than what its groups do
    options.case_sensitive = not ignores_case
    options.encoding = getattr(re2.Options.Encoding, encoding)
    return options


class Condition:
    """What must be seen in a text for an expression to match it: a word of each clause, of one of the ways."""

    __slots__ = ("_ways", "words")

    def __init__(self, ways: Iterable[NumberedWay]) -> None:
        """Take note of the `ways` to match it, as `bounces.knowledge` numbers them."""
        self._ways = [[frozenset(clause) for clause in way] for way in ways]
        self.words: frozenset[int] = frozenset().union(*[clause for way in self._ways for clause in way])

    def holds(self, seen: set[int]) -> bool:
        """Say whether a text in which the words `seen` stand may match."""
        for way in self._ways:
            for clause in way:
                if seen.isdisjoint(clause):
                    break
            else:
                return True
        return not self._ways


class ExpressionSet:
    """Expressions that are searched for together; each one's number is its place in `expressions`."""

    def __init__(self, expressions: Sequence[str]) -> None:
        """Compile `expressions`. Raises `PatternError` where one alone is beyond the memory of a set."""
        self._sets: list[tuple[int, Any]] = []
        if expressions:
            self._add(expressions, 0)

    def matching(self, text: str) -> list[int]:
        """Return the numbers of the expressions that match somewhere in `text`, in no order."""
        found: list[int] = []
        for first, together in self._sets:
            found.extend(first + number for number in together.Match(text) or ())
        return found

    def _add(self, expressions: Sequence[str], first: int) -> None:
        together = re2.Set.SearchSet(expression_options(MAX_SET_MEMORY))
        for expression in expressions:
            together.Add(expression)
        probe = together.Add(_PROBE)
        try:
            together.Compile()
            if probe in (together.Match(_PROBE) or ()):
                self._sets.append((first, together))
                return
        except re2.error:
            pass
        if len(expressions) == 1:
            raise PatternError("an expression is too large to be searched for; make it shorter")
        half = len(expressions) // 2
        self._add(expressions[:half], first)
        self._add(expressions[half:], first + half)
