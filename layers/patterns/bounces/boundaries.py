r"""Where an expression has a `\b` that cannot hold: RE2's knows the letters of ASCII only.

To RE2 `ü` and `ж` are no letters, so that between a space and one of them there is no boundary of a word:
`\b(voll|überfüllt)\b` finds `voll`, and never `überfüllt`.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"(?s)\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+(?=\))))?|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]"
    r"|\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|.)|\{\d+(?:,\d*)?\}|."
)


class _Edges(NamedTuple):
    r"""How a part of an expression begins and ends: the letters beyond ASCII, whether with a `\b`, and whether what it
    matches may be empty.
    """

    first: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    opens: bool = False
    closes: bool = False
    empty: bool = False


_NOTHING: Final = _Edges(empty=True)
_ANYTHING: Final = _Edges()
_BOUNDARY: Final = _Edges(opens=True, closes=True, empty=True)


class _Beside(Exception):
    """Such a letter stands beside a boundary."""


def letter_at_boundary(expression: str) -> str | None:
    r"""Return a letter beyond ASCII that may stand beside a `\b` of `expression`, in RE2's syntax, or None."""
    if expression.isascii() or r"\b" not in expression:
        return None
    try:
        _choices(_TOKEN.findall(expression)[::-1])
    except _Beside as beside:
        return str(beside)
    return None


def _choices(tokens: list[str]) -> _Edges:
    """Read alternatives off the end of `tokens`, up to the group's end."""
    found = [_run(tokens)]
    while tokens and tokens[-1] == "|":
        tokens.pop()
        found.append(_run(tokens))
    return _Edges(
        frozenset().union(*(edges.first for edges in found)),
        frozenset().union(*(edges.last for edges in found)),
        any(edges.opens for edges in found),
        any(edges.closes for edges in found),
        any(edges.empty for edges in found),
    )


def _run(tokens: list[str]) -> _Edges:
    pieces: list[_Edges] = []
    while tokens and tokens[-1] not in ("|", ")"):
        sign = tokens.pop()
        if sign in ("*", "?") or (sign[0] == "{" and sign[1:].startswith(("0,", "0}"))):
            if pieces and pieces[-1] is not _ANYTHING:  # which can always keep the two apart
                pieces[-1] = pieces[-1]._replace(empty=True)
        elif sign[0] == "(":
            pieces.append(_choices(tokens))
            if tokens:
                tokens.pop()
        elif sign != "+" and not (sign[0] == "{" and len(sign) > 1):
            pieces.append(_piece(sign))
    return reduce(_joined, pieces, _NOTHING)


def _piece(sign: str) -> _Edges:
    if sign == r"\b":
        return _BOUNDARY
    if sign in ("^", "$"):
        return _NOTHING
    if sign == "." or sign.startswith("[^"):
        return _ANYTHING
    letters = frozenset(filter(_is_beyond_ascii, sign))
    return _Edges(letters, letters)


def _joined(before: _Edges, after: _Edges) -> _Edges:
    beside = (after.first if before.closes else frozenset()) | (before.last if after.opens else frozenset())
    if beside:
        raise _Beside(min(beside))
    return _Edges(
        before.first | after.first if before.empty else before.first,
        before.last | after.last if after.empty else after.last,
        before.opens or (before.empty and after.opens),
        after.closes or (after.empty and before.closes),
        before.empty and after.empty,
    )


def _is_beyond_ascii(character: str) -> bool:
    return not character.isascii() and character.isalpha()
