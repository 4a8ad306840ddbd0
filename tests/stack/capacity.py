"""What DynamoDB's capacity rules say of items: sizes, units of reads and writes, entries of secondary indexes. Pure.

The rules are those of Amazon's DynamoDB Developer Guide: "DynamoDB item sizes and formats", "DynamoDB read and write
operations", and, of indexes, "Global Secondary Indexes: Provisioned throughput considerations".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

WRITE_BYTES: Final = 1024
READ_BYTES: Final = 4096

Item = dict[str, Any]
"""Attributes by name, each as boto3's client has it: `{"S": "text"}`, `{"B": b"bytes"}`, `{"SS": ["a", "b"]}`."""


def size(item: Item) -> int:
    """Return the size of `item` in bytes."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Item) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "B":
            return len(held)
        case "N":
            return _number_size(held)
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(_size({kind[0]: each}) for each in held)
        case "L":
            return 3 + sum(1 + _size(each) for each in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in held.items())
    raise AssertionError(f"DynamoDB has no type {kind}")


def _number_size(text: str) -> int:
    """A byte, and one for each two significant digits.

    The guide calls that approximate. Two digits are a pair where they are one in a number written to base 100: 12 has
    one pair, 1.2 has two (01 and 20); and the sign of a negative number takes a byte. So dynalite counts too.
    """
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int), f"no number: {text}"
    kept = "".join(map(str, digits)).lstrip("0")
    significant = kept.rstrip("0")
    if not significant:
        return 1
    last = exponent + len(kept) - len(significant)
    first = last + len(significant) - 1
    return 1 + first // 2 - last // 2 + 1 + sign


def write_units(*items: Item | None) -> int:
    """Return the units of a write that finds and leaves `items`: of the larger, one for each 1 KB, at least one."""
    return max(1, math.ceil(max((size(item) for item in items if item is not None), default=0) / WRITE_BYTES))


def read_units(read_bytes: int, *, consistent: bool) -> float:
    """Return the units of reading `read_bytes` at once: one for each 4 KB, at least one; half if not `consistent`."""
    units = max(1, math.ceil(read_bytes / READ_BYTES))
    return units if consistent else units / 2


@dataclass(frozen=True)
class Index:
    """A secondary index: the attributes of its key, and which it keeps of an item (None: all)."""

    name: str
    key: tuple[str, ...]
    keeps: frozenset[str] | None = None

    @classmethod
    def of(cls, described: dict[str, Any], table_key: tuple[str, ...]) -> Index:
        """Return the index that DescribeTable has `described`."""
        key, projection = key_of(described), described["Projection"]
        if projection["ProjectionType"] == "ALL":
            return cls(described["IndexName"], key)
        return cls(described["IndexName"], key, frozenset((*key, *table_key, *projection.get("NonKeyAttributes", ()))))

    def entry(self, item: Item | None) -> Item | None:
        """Return what the index keeps of `item`; None where the item lacks an attribute of the key: it is not in it."""
        if item is None or not all(name in item for name in self.key):
            return None
        return {name: value for name, value in item.items() if self.keeps is None or name in self.keeps}

    def writes(self, before: Item | None, after: Item | None) -> int:
        """Return the units of taking the item's change into the index.

        An entry that is as it was costs nothing, one that is new, changed or gone is a write, and one whose key
        changed is two, since the old one is removed and the new one put.
        """
        old, new = self.entry(before), self.entry(after)
        if _comparable(old) == _comparable(new):
            return 0
        if old is not None and new is not None and self._key(old) != self._key(new):
            return write_units(old) + write_units(new)
        return write_units(old, new)

    def _key(self, entry: Item) -> Any:
        return [_comparable(entry[name]) for name in self.key]


def key_of(described: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the key of a table or an index that DescribeTable has `described`."""
    return tuple(element["AttributeName"] for element in described["KeySchema"])


def _comparable(value: Any) -> Any:
    """The same for what is the same to DynamoDB: a set has no order, and 1.0 is 1."""
    if not isinstance(value, dict):
        return [_comparable(each) for each in value] if isinstance(value, list) else value
    if len(value) == 1:
        ((kind, held),) = value.items()
        if kind == "N" and isinstance(held, str):
            return {kind: Decimal(held)}
        if kind in ("SS", "BS", "NS") and isinstance(held, list):
            return {kind: frozenset(map(Decimal, held) if kind == "NS" else held)}
    return {name: _comparable(each) for name, each in value.items()}
