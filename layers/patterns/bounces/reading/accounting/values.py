"""A JSON value as the text that an accounting file has for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bounces.reading.accounting.limits import MAX_ADDRESSES, MAX_VALUE

_MAX_LISTED: Final = 1_000


def text_of(value: Any) -> str:
    """Return `value` as text, cut to `MAX_VALUE`; "" for null and objects, a list with commas between.

    Shippers turn an empty value into null and digits into numbers; the file has neither.
    """
    if isinstance(value, str):
        return bounded(value)
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        parts = [text_of(part) for part in value[:_MAX_LISTED] if not isinstance(part, list)]
        return bounded(",".join(filter(None, parts)))
    return str(value)


def bounded(text: str) -> str:
    """Return `text` cut to `MAX_VALUE`, without NUL."""
    if len(text) > MAX_VALUE:
        text = text[:MAX_VALUE]
    return text.replace("\0", "\ufffd") if "\0" in text else text


def addresses_of(text: str) -> str:
    """Return the address field `text` cut to `MAX_ADDRESSES`, after a comma: half an address is another's."""
    return text if len(text) <= MAX_ADDRESSES else text[:MAX_ADDRESSES].rpartition(",")[0]


def part_of(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object `name` in `record`; an empty one where it is null, missing or something else."""
    part = record.get(name)
    return part if isinstance(part, dict) else {}
