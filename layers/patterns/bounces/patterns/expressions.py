"""Many RE2 expressions, searched together in time linear in the text, whatever they are.

RE2 has two ways. A *set* runs one automaton for all: best for expressions without fixed words. A *filter* looks for the
words that the expressions need, all in one pass, and runs the few whose words are there: best for our own rules,
whose counted gaps (`.{0,40}`) would make one automaton for all of them large and slow to build.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import re2

from bounces.errors import PatternError
from bounces.patterns.operator_syntax import expression_options

MAX_SET_MEMORY: Final = 16 << 20  # bytes of a set's program and the states it keeps
MAX_FILTERED_MEMORY: Final = 2 << 20  # the same of one expression in a filter
# RE2's set finds nothing, without a word, where its memory does not suffice. Each set therefore holds one more
# expression, which must be found in the text that it was made for.
_PROBE: Final = "\x01probe\x02"


class ExpressionFilter:
    """Expressions with words in them; each one's number is its place in `expressions`."""

    def __init__(self, expressions: Sequence[str]) -> None:
        """Compile `expressions`. Raises `PatternError` where one cannot be."""
        self._filter = re2.Filter() if expressions else None
        if self._filter is None:
            return
        try:
            for expression in expressions:
                self._filter.Add(expression, expression_options(MAX_FILTERED_MEMORY))
            self._filter.Compile()
        except re2.error as error:
            raise PatternError(f"an expression cannot be compiled: {error}") from error

    def matching(self, text: str) -> list[int]:
        """Return the numbers of the expressions that match somewhere in `text`, which is in lower case."""
        return (self._filter.Match(text) or []) if self._filter is not None else []


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
        for first, compiled in self._sets:
            found.extend(first + number for number in compiled.Match(text) or ())
        return found

    def _add(self, expressions: Sequence[str], first: int) -> None:
        compiled = re2.Set.SearchSet(expression_options(MAX_SET_MEMORY))
        for expression in expressions:
            compiled.Add(expression)
        probe = compiled.Add(_PROBE)
        try:
            compiled.Compile()
            if probe in (compiled.Match(_PROBE) or ()):
                self._sets.append((first, compiled))
                return
        except re2.error:
            pass
        if len(expressions) == 1:
            raise PatternError("an expression is too large to be searched for; make it shorter")
        half = len(expressions) // 2
        self._add(expressions[:half], first)
        self._add(expressions[half:], first + half)
