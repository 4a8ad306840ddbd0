"""The records of a JSON body, each cut out of it before a parser sees it.

A whole body given to a parser is a stranger's choice of its depth, and of 25 times its size in memory; and one bad
record would cost the others. So the body is only tokenised (RFC 8259 2), linearly and without recursion, to find
where each record begins and ends. An object, an array of objects, and objects one a line are all the same to that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from bounces.errors import RecordError
from bounces.reading.accounting.limits import MAX_DEPTH, MAX_READABLE, MAX_RECORD, MAX_RECORD_TOKENS, MAX_TOKENS
from bounces.reading.accounting.piece import Piece

# A raw line end cannot stand in a string (RFC 8259 7), so a string that is not closed ends its line, not the body.
_STRING: Final = rb'"(?:[^"\\\n]++|\\[^\n])*+"'
_BETWEEN: Final = re.compile(rb"[\s,\x1e]*+")
_SHALLOW_LEVELS: Final = 5
_TOKEN: Final = re.compile(_STRING + rb'|[{}\[\]"]')
_OTHER: Final = re.compile(rb"(?:" + _STRING + rb"|[^,\]\n])*+")
_OPENING: Final = frozenset(b"{[")
_WASTE: Final = 8  # bytes gone over in vain that cost as much as a token


def _nested(levels: int) -> bytes:
    """Return an expression for an object or array of at most `levels` levels, whichever brackets close it."""
    inner = b"|" + _nested(levels - 1) if levels > 1 else b""
    return rb'[{\[](?:[^{}\[\]"]++|' + _STRING + inner + rb")*+[}\]]"


# What nearly all records are; deeper and longer ones are gone over token by token.
_SHALLOW: Final = re.compile(_nested(_SHALLOW_LEVELS))
_DECODER: Final = json.JSONDecoder(strict=False)


def pieces(body: bytes) -> Iterator[Piece]:
    """Yield each record of the JSON body `body`, numbered from 1; one that cannot be read with the reason."""
    place, number, within, tokens = 0, 0, False, MAX_TOKENS
    while (place := _BETWEEN.match(body, place).end()) < len(body):  # type: ignore[union-attr]  # matches anything
        first = body[place]
        if first == 0x5B and not within:  # [
            within, place = True, place + 1
            continue
        if first == 0x5D and within:  # ]
            within, place = False, place + 1
            continue
        number += 1
        start = place
        place, spent, reason = _end(body, start, tokens)
        tokens -= spent
        raw = body[start : min(place, start + MAX_READABLE)]
        yield Piece(number, raw, None, reason) if reason else _parsed(number, raw)


def _end(body: bytes, start: int, tokens: int) -> tuple[int, int, str | None]:
    """Return where the value at `start` ends, how many tokens it took to find that, and why not to parse it."""
    first = body[start]
    if first not in _OPENING:
        found = _OTHER.match(body, start)
        end = max(found.end() if found else start, start + 1)
        return end, 1, "is no JSON object"
    shallow = _SHALLOW.match(body, start, start + MAX_RECORD + 1) if tokens > 0 else None
    if shallow is not None:
        end = shallow.end()
        brackets = body.count(b"[", start, end) + body.count(b"{", start, end)
        spent = body.count(b'"', start, end) // 2 + 2 * brackets + _numbers(body, start, end)
        return end, spent, _why_not(first, end - start, 1, spent)
    return _end_of_nested(body, start, tokens)


def _end_of_nested(body: bytes, start: int, tokens: int) -> tuple[int, int, str | None]:
    depth = deepest = spent = 0
    for spent, token in enumerate(_TOKEN.finditer(body, start), 1):
        sign = body[token.start()]
        if sign == 0x22:  # a string, or a quote that opens one that its line does not close
            if token.end() - token.start() == 1:
                return _next_line(body, start), spent, "is no sound JSON: a string is not closed"
        elif sign in _OPENING:
            depth += 1
            deepest = max(depth, deepest)
        else:
            depth -= 1
        if depth == 0:
            end = token.end()
            return end, spent + _numbers(body, start, end), _why_not(body[start], end - start, deepest, spent)
        if spent > tokens:
            return len(body), spent, "is where reading stopped: the body has too many values; send fewer at once"
    # The way to the body's end was for nothing, and the next record may ask for it again.
    return _next_line(body, start), spent + (len(body) - start) // _WASTE, "is no sound JSON: it is not closed"


def _numbers(body: bytes, start: int, end: int) -> int:
    """Return what the values between commas that are no strings cost at most, in tokens."""
    return body.count(b",", start, end) // 2


def _why_not(first: int, size: int, deepest: int, spent: int) -> str | None:
    if first == 0x5B:
        return "is no JSON object, but an array in an array"
    if deepest > MAX_DEPTH:
        return f"is nested deeper than {MAX_DEPTH} levels"
    if spent > MAX_RECORD_TOKENS:
        return "has too many values"
    return f"is longer than {MAX_READABLE} bytes" if size > MAX_READABLE else None


def _next_line(body: bytes, start: int) -> int:
    """Return where to go on after a record that is not closed: where records stand one a line, the next is sound."""
    end = body.find(b"\n", start)
    return len(body) if end < 0 else end


def _parsed(number: int, raw: bytes) -> Piece:
    try:
        return Piece(number, raw, parsed(raw.decode("utf-8", "replace")), None)
    except RecordError as error:
        return Piece(number, raw, None, str(error))


def parsed(text: str) -> dict[str, Any]:
    """Return the JSON object `text`, whose depth and number of values are bounded. Raises `RecordError`."""
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"is no sound JSON: {str(error)[:80]}") from error
    if not isinstance(value, dict) or end != len(text):
        raise RecordError("is no JSON object")
    return value
