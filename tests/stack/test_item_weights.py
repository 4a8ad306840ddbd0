"""What items of any type weigh, against what dynalite says that they consume.

Of a text dynalite takes a character for a byte (its `db/index.js`, `valSize`), Amazon's guide ("DynamoDB item sizes and
formats") UTF-8: texts here are ASCII but in one test.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stack import units
from tests.stack.capacity import Item, size
from tests.stack.things import KEY, KIB, TABLE, things, told


@pytest.fixture(scope="module")
def client(second_dynamodb: str) -> Iterator[Any]:
    with things(second_dynamodb) as made:
        yield made


def numbers() -> st.SearchStrategy[str]:
    """Return numbers of up to 38 digits, of any magnitude that DynamoDB takes."""
    digits = st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-200, 200)
    powers = st.integers(-90, 80)
    return st.builds(lambda digit, power: f"{digit}E{power}" if power else str(digit), digits, powers | st.just(0))


def several(each: st.SearchStrategy[Any], by: Callable[[Any], Any] = lambda held: held) -> st.SearchStrategy[list[Any]]:
    return st.lists(each, min_size=1, max_size=5, unique_by=by)


ASCII = st.text(st.characters(codec="ascii"), min_size=1, max_size=40)
BYTES = st.binary(min_size=1, max_size=40)
NAMES = st.text("abcdefghijkl-. #:", max_size=10).map(lambda text: "n" + text)  # not JavaScript's __proto__
SCALARS = st.one_of(
    st.fixed_dictionaries({"S": ASCII}),
    st.fixed_dictionaries({"N": numbers()}),
    st.fixed_dictionaries({"B": BYTES}),
    st.fixed_dictionaries({"BOOL": st.booleans()}),
    st.fixed_dictionaries({"NULL": st.just(True)}),
    st.fixed_dictionaries({"SS": several(ASCII)}),
    st.fixed_dictionaries({"NS": several(numbers(), by=float)}),
    st.fixed_dictionaries({"BS": several(BYTES)}),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"L": st.lists(inner, max_size=4)}),
        st.fixed_dictionaries({"M": st.dictionaries(NAMES, inner, max_size=4)}),
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(st.dictionaries(NAMES, VALUES, max_size=8), st.integers(0, 2), st.booleans())
def test_any_item_is_weighed_to_the_byte_as_dynalite_weighs_it(
    client: Any, attributes: Item, over: int, consistent: bool
) -> None:
    """Each item is filled up to a multiple of 4 KB, and 0 to 2 bytes more: a byte too many or too few shows."""
    item = KEY | attributes
    full = 4 * KIB * math.ceil((size(item) + 10) / (4 * KIB)) + over
    item |= {"t": {"S": "x" * (full - size(item) - 1)}}
    client.delete_item(TableName=TABLE, Key=KEY)
    with units.counted() as used:
        put = told(client, "PutItem", TableName=TABLE, Item=item)
        got = told(client, "GetItem", TableName=TABLE, Key=KEY, ConsistentRead=consistent)
        deleted = told(client, "DeleteItem", TableName=TABLE, Key=KEY)
    assert used.by_operation == {"PutItem": put, "GetItem": got, "DeleteItem": deleted}
    assert put == math.ceil(full / KIB)


def test_a_text_weighs_its_utf_8_bytes_where_dynalite_takes_characters(client: Any) -> None:
    with units.counted() as used:
        assert told(client, "PutItem", TableName=TABLE, Item=KEY | {"t": {"S": "é" * 600}}) == 1
    assert used.writes() == 2
