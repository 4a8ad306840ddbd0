"""Editing a set of an operator's patterns: adding lines, taking patterns out, switching them on and off. Pure.

A set is a text to the letter, so that what nobody edited stays as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bounces.errors import PatternError, shown
from bounces.patterns.operator_patterns import OperatorPattern, OperatorPatterns, Outcome, Refused, Remark
from bounces.patterns.operator_syntax import parse_patterns, switched

Entry = OperatorPattern | Remark


def added(
    patterns: OperatorPatterns, lines: Sequence[str], at: int | None = None
) -> tuple[OperatorPatterns, tuple[Refused, ...]]:
    """Return `patterns` with `lines` before the pattern number `at` (from 1; None: behind all), and what is refused.

    A refused line has its place among `lines` as its number. Raises `PatternError` where there is no such number.
    """
    lines = [part for line in lines for part in line.split("\n")]
    entries = patterns.entries
    place = _end(entries) if at is None else _place(patterns, at)
    known = [pattern.line for pattern in patterns]
    together, refused = parse_patterns("\n".join((*known, *lines)))
    new = together.entries[len(known) :]
    told = tuple(line._replace(number=line.number - len(known)) for line in refused)
    return patterns.with_entries((*entries[:place], *new, *entries[place:])), told


def with_refused(patterns: OperatorPatterns, refused: Iterable[Refused]) -> OperatorPatterns:
    """Return `patterns` with the `refused` lines of its text in their places, where they say nothing.

    So that an edit of a set leaves them to whoever wrote them.
    """
    entries = list(patterns.entries)
    for line in refused:
        entries.insert(line.number - 1, Remark(line.line))
    return patterns.with_entries(tuple(entries))


def removed(patterns: OperatorPatterns, which: Iterable[str]) -> tuple[OperatorPatterns, tuple[OperatorPattern, ...]]:
    """Return `patterns` without those that `which` names, and these. Raises `PatternError` where one is not there."""
    places = {_named(patterns, name) for name in which}
    kept = tuple(entry for place, entry in enumerate(patterns.entries) if place not in places)
    return patterns.with_entries(kept), tuple(_at(patterns, places))


def set_enabled(
    patterns: OperatorPatterns, which: Iterable[str], enabled: bool
) -> tuple[OperatorPatterns, tuple[OperatorPattern, ...]]:
    """Return `patterns` with those that `which` names on or off, and these as they were. Raises `PatternError`."""
    places = {_named(patterns, name) for name in which}
    entries = tuple(
        switched(entry, enabled) if place in places and isinstance(entry, OperatorPattern) else entry
        for place, entry in enumerate(patterns.entries)
    )
    return patterns.with_entries(entries), tuple(_at(patterns, places))


def newly_hard(before: OperatorPatterns, after: OperatorPatterns) -> tuple[OperatorPattern, ...]:
    """Return the patterns of `after` that say Hard, are on, and were not so in `before`."""
    known = {_meaning(pattern) for pattern in before if _is_hard(pattern)}
    return tuple(pattern for pattern in after if _is_hard(pattern) and _meaning(pattern) not in known)


def _is_hard(pattern: OperatorPattern) -> bool:
    return pattern.enabled and pattern.outcome is Outcome.HARD


def _meaning(pattern: OperatorPattern) -> tuple[object, ...]:
    return pattern.scope, pattern.is_expression, pattern.text


def _end(entries: Sequence[Entry]) -> int:
    """Return the place behind the last line; a text that ends in a line end goes on ending in one."""
    return len(entries) - 1 if entries and not entries[-1].line else len(entries)


def _place(patterns: OperatorPatterns, number: int) -> int:
    """Return the place among the entries of the pattern `number`, as verdicts and lists count them."""
    places = [place for place, entry in enumerate(patterns.entries) if isinstance(entry, OperatorPattern)]
    if not 1 <= number <= len(places):
        raise PatternError(f"there is no pattern {number}; there are {len(places)}")
    return places[number - 1]


def _named(patterns: OperatorPatterns, name: str) -> int:
    """Return the place of the pattern that `name` means: its number, its line or its text."""
    if name.isascii() and name.isdigit():
        return _place(patterns, int(name))
    numbered = [(n, entry) for n, entry in enumerate(patterns.entries) if isinstance(entry, OperatorPattern)]
    by_line = [place for place, pattern in numbered if pattern.line.strip() == name.strip()]
    by_text = [place for place, pattern in numbered if pattern.text == name.strip()]
    found = by_line or by_text
    if not found:
        raise PatternError(f"no pattern is {shown(name)}; name one by its number, its line or its text")
    if len(found) > 1:
        raise PatternError(f"{len(found)} patterns have the text {shown(name)}; name one by its number or its line")
    return found[0]


def _at(patterns: OperatorPatterns, places: set[int]) -> Iterator[OperatorPattern]:
    for place, entry in enumerate(patterns.entries):
        if place in places and isinstance(entry, OperatorPattern):
            yield entry
