"""The capacity rules by the figures of Amazon's DynamoDB Developer Guide."""

from typing import Any

import pytest

from tests.stack.capacity import Index, Item, read_units, size, write_units

KIB = 1024


def text(count: int) -> Item:
    """Return an item of `count` bytes."""
    return {"p": {"S": "x" * (count - 1)}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é\U0001f4a9"}, 2 + 4),  # UTF-8
        ({"B": b"\x00\xff\x00"}, 3),  # raw, not as base64
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "0.00"}, 1),
        ({"N": "7"}, 2),
        ({"N": "12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "12000"}, 3),  # 1 20 00: trailing zeroes are trimmed by pairs
        ({"N": "0012"}, 2),
        ({"N": "1.2"}, 3),  # 01 20
        ({"N": "-7"}, 3),
        ({"N": "1E+125"}, 2),
        ({"N": "1700000000"}, 2),
        ({"N": "1764072000"}, 5),
        ({"N": "9" * 38}, 20),
        ({"SS": ["ab", "é"]}, 4),
        ({"NS": ["7", "-12"]}, 2 + 3),
        ({"BS": [b"ab", b"c"]}, 3),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"L": []}]}, 3 + 1 + 2 + 1 + 3),
        ({"M": {"é": {"S": "ab"}, "b": {"M": {}}}}, 3 + 1 + 2 + 2 + 1 + 1 + 3),
    ],
)
def test_a_value_has_the_size_that_the_guide_says(value: Item, expected: int) -> None:
    assert size({"name": value}) == 4 + expected
    assert size({"näme": value}) == 5 + expected


@pytest.mark.parametrize(
    ("sizes", "units"), [((), 1), ((1,), 1), ((KIB,), 1), ((KIB + 1,), 2), ((3 * KIB, 1), 3), ((1, 3 * KIB + 1), 4)]
)
def test_a_write_costs_by_the_larger_of_before_and_after(sizes: tuple[int, ...], units: int) -> None:
    assert write_units(*map(text, sizes), None) == units


@pytest.mark.parametrize(
    ("read_bytes", "units"), [(0, 1), (1, 1), (3500, 1), (4 * KIB, 1), (4 * KIB + 1, 2), (10 * KIB, 3), (41_779, 11)]
)
def test_a_read_costs_by_4_kb_and_half_where_it_may_be_late(read_bytes: int, units: int) -> None:
    assert read_units(read_bytes, consistent=True) == units
    assert read_units(read_bytes, consistent=False) == units / 2


ALL = Index("all", ("kind", "at"))
KEYS_ONLY = Index("keys", ("kind",), frozenset(("p", "kind")))
BASE: dict[str, Any] = {"p": {"S": "a"}, "kind": {"S": "x"}, "at": {"N": "1"}, "note": {"S": "n"}}


def but(**changes: Any) -> Item:
    """Return `BASE` with other attributes; None takes one away."""
    return {name: value for name, value in (BASE | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("index", "before", "after", "units"),
    [
        (ALL, None, BASE, 1),  # an item with the indexed attributes is new
        (ALL, but(at=None), BASE, 1),  # or gets them
        (ALL, BASE, but(kind={"S": "y"}), 2),  # the key changes: one entry removed, one put
        (ALL, BASE, but(at={"N": "2"}), 2),
        (ALL, BASE, but(kind=None), 1),  # an attribute of the key goes
        (ALL, BASE, None, 1),  # the item goes
        (ALL, None, but(kind=None), 0),  # never in the index
        (ALL, but(at=None), but(at=None, note=None), 0),
        (ALL, BASE, but(note={"S": "m"}), 1),  # something that the index keeps changes
        (KEYS_ONLY, BASE, but(note={"S": "m"}), 0),  # something that it does not keep
        (KEYS_ONLY, BASE, but(kind={"S": "y"}), 2),
        (ALL, BASE, dict(BASE), 0),
        (ALL, BASE, but(at={"N": "1.0"}), 0),  # the same number
        (ALL, but(note={"SS": ["a", "b"]}), but(note={"SS": ["b", "a"]}), 0),  # the same set
        (ALL, but(note={"L": [{"S": "a"}, {"S": "b"}]}), but(note={"L": [{"S": "b"}, {"S": "a"}]}), 1),
        (ALL, None, but(note={"S": "n" * KIB}), 2),
        (ALL, but(note={"S": "n" * 2 * KIB}), BASE, 3),
        (ALL, but(note={"S": "n" * 2 * KIB}), but(kind={"S": "y"}), 3 + 1),
        (KEYS_ONLY, None, but(note={"S": "n" * 2 * KIB}), 1),
    ],
)
def test_an_index_costs_what_changes_in_it(index: Index, before: Item | None, after: Item | None, units: int) -> None:
    assert index.writes(before, after) == units
