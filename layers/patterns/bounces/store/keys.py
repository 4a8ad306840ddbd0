"""What items are found by: the keys of addresses and lists."""

from __future__ import annotations

from typing import Final

from bounces import addresses
from bounces.errors import RecipientError, shown
from bounces.patterns.policy import list_name
from bounces.records import Report

MAX_LIST_BYTES: Final = 255
"""What of a list's id is part of a key: a sort key has at most 1,024 bytes."""


def address_of(report: Report) -> str:
    """Return the key of the address that `report` is about. Raises `RecipientError` where that is none, or was cut."""
    name = "addressee" if report.addressee else "recipient"
    if name in report.cuts:
        raise RecipientError(f"the {name} was longer than any mail address, and what is left of it may be another's")
    return address_key(getattr(report, name))


def address_key(text: str | None) -> str:
    """Return the key of the address `text`. Raises `RecipientError` where it is none."""
    address = addresses.key(text or "")
    if not addresses.is_address(address):
        said = shown(text) if text else "an empty text"
        raise RecipientError(f"{said} is no mail address, so no subscriber can be found by it")
    return address


def list_key(list_id: str) -> str:
    """Return `list_id` as keys hold it."""
    return list_name(list_id).encode()[:MAX_LIST_BYTES].decode(errors="ignore")
