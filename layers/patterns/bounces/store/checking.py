"""The check before a campaign: which of many addresses may be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bounces import addresses
from bounces.errors import LimitError
from bounces.store.batch_reads import batch_read
from bounces.store.suppressions import Cause, Suppression
from bounces.store.tables import Tables

MAX_CHECKED: Final = 1000
"""Addresses of one check: ten calls, of a hundred items each."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether an address may be mailed, and if not, why: the cause that stands, or that the text is no mail address."""

    address: str  # as it was given
    cause: Cause | None = None
    is_address: bool = True

    @property
    def sendable(self) -> bool:
        """Whether it may be mailed."""
        return self.is_address and self.cause is None


def check(tables: Tables, given: Sequence[str], list_id: str | None, now: datetime) -> tuple[Checked, ...]:
    """Return for each of `given`, in order, whether it may be mailed at `now` for the list `list_id` (None: for any).

    A thousand cost ten calls and 500 read units: each suppression is read as it was a moment ago ("eventually
    consistent", DynamoDB's guide). Raises `LimitError` for more than `MAX_CHECKED`, `ContentionError`.
    """
    if len(given) > MAX_CHECKED:
        raise LimitError(f"{len(given)} addresses in one check; at most {MAX_CHECKED} are taken, so ask several times")
    keys = {text: addresses.key(text) for text in given}
    wanted = {(key,) for key in keys.values() if addresses.is_address(key)}
    known: dict[str, Suppression] = {item.address: item.read() for item in batch_read(tables.suppression, wanted)}

    def checked(text: str) -> Checked:
        key = keys[text]
        if not addresses.is_address(key):
            return Checked(text, is_address=False)
        suppression = known.get(key)
        return Checked(text, None if suppression is None else suppression.cause(list_id, now))

    return tuple(checked(text) for text in given)
