"""Reading many items by few calls, at the pace that DynamoDB asks for.

A call may leave some of a batch undone where a table is pressed. PynamoDB's own `batch_get` asks for that again without
a pause and without an end, which presses it more.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from bounces.errors import ContentionError
from bounces.store.models import AnyModel

READ_AT_ONCE: Final = 100
"""What one call of DynamoDB takes (BatchGetItem)."""
ATTEMPTS: Final = 8
FIRST_PAUSE_SECONDS: Final = 0.05
"""Before what was left undone is asked for again; doubled each time, so six seconds until it is given up."""


def batch_read(model: type[AnyModel], keys: Collection[tuple[str, ...]]) -> Iterator[AnyModel]:
    """Yield those items of `keys` that are there, in no order; each key once.

    They are read as they were a moment ago ("eventually consistent", DynamoDB's guide), at half the price. A key is its
    hash key and, where the table has one, its range key. Raises `ContentionError`.
    """
    names = [name for name in (model._hash_keyname, model._range_keyname) if name is not None]
    for some in parts(sorted(set(keys)), READ_AT_ONCE):
        wanted = [{name: {"S": text} for name, text in zip(names, key, strict=True)} for key in some]
        yield from map(model.from_raw_data, _read(model, wanted))


def attempts() -> Iterator[int]:
    """Yield as often as something is tried, with a pause before each time but the first."""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        yield attempt


def pressed(table: str) -> ContentionError:
    """Return the error of a batch of which `table` leaves some undone again and again."""
    return ContentionError(f"{table} left some of a batch undone {ATTEMPTS} times in a row; try again")


def parts(whole: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """Yield `whole` in parts of at most `size`."""
    following = iter(whole)
    while part := list(islice(following, size)):
        yield part


def _read(model: type[AnyModel], wanted: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of the keys `wanted`, at most a hundred."""
    table = str(model.Meta.table_name)
    for _ in attempts():
        answer = model._get_connection().batch_get_item(wanted)
        yield from answer.get("Responses", {}).get(table, [])
        wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys")
        if not wanted:
            return
    raise pressed(table)
