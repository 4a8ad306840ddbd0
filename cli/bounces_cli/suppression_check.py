"""`bounces suppressions check`: which of any number of addresses may be mailed, asked a thousand at a time."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from bounces import addresses
from bounces_cli.address_tables import tables_of
from bounces_cli.errors import DONE, INCOMPLETE
from bounces_cli.given_addresses import addresses_given, list_given
from bounces_cli.plain import plain

if TYPE_CHECKING:
    from bounces.store import Checked

MAX_SHOWN: Final = 300
"""Characters of what was given that are shown: more than any address has."""

WIDTH: Final = 36
"""Columns of an address, where it is no longer."""


class Answer(StrEnum):
    """What is said of an address."""

    SENDABLE = "sendable"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no address"


def run(arguments: argparse.Namespace) -> int:
    """Say of each address whether it may be mailed; `INCOMPLETE` where one may not. Raises `CommandError`."""
    tables = tables_of(arguments)
    store = tables.store()
    say = _json if arguments.as_json else _sendable if arguments.sendable else _line
    list_id = list_given(arguments)
    counts: Counter[Answer] = Counter()
    for some in _thousands(addresses_given(arguments)):
        with tables.talking():
            answers = store.check(some, list_id, datetime.now(UTC))
        for checked in answers:
            answer = _answer(checked)
            counts[answer] += 1
            if (said := say(checked, answer)) is not None:
                print(said)
    sys.stdout.flush()
    print(f"bounces: {_summary(counts)}", file=sys.stderr)
    return DONE if counts.total() == counts[Answer.SENDABLE] else INCOMPLETE


def _thousands(given: Iterator[str]) -> Iterator[list[str]]:
    from bounces.store import MAX_CHECKED

    while some := list(islice(given, MAX_CHECKED)):
        yield some


def _answer(checked: Checked) -> Answer:
    if not checked.is_address:
        return Answer.NO_ADDRESS
    return Answer.SENDABLE if checked.sendable else Answer.SUPPRESSED


def _line(checked: Checked, answer: Answer) -> str:
    address = plain(checked.address.strip()[:MAX_SHOWN])
    if checked.cause is None:
        return f"{address:<{WIDTH}}  {answer}"
    cause = checked.cause
    words = f"{plain(cause.reason)} since {cause.evidence.time:%Y-%m-%d}, by {plain(cause.source)}"
    if cause.expires is not None:
        words += f", until {cause.expires:%Y-%m-%d %H:%M} UTC"
    return f"{address:<{WIDTH}}  {answer:<10}  {words}"


def _sendable(checked: Checked, answer: Answer) -> str | None:
    """Return the address as it was given, bare, or where nobody could mail that, as it was asked for."""
    if answer is not Answer.SENDABLE:
        return None
    bare = addresses.bare(checked.address)
    return bare if addresses.is_address(bare) else addresses.key(bare)


def _json(checked: Checked, answer: Answer) -> str:
    row: dict[str, Any] = {"address": checked.address[:MAX_SHOWN], "sendable": checked.sendable, "answer": answer}
    cause = checked.cause
    if cause is not None:
        row |= {"reason": cause.reason, "source": cause.source, "evidence": cause.evidence.report}
        row |= {"created": _time(cause.evidence.time), "expires": _time(cause.expires)}
        row |= {"by": cause.by, "why": cause.why}
    return json.dumps(row)


def _time(time: datetime | None) -> str | None:
    return None if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _summary(counts: Counter[Answer]) -> str:
    told = [f"{counts[Answer.SENDABLE]:,} sendable", f"{counts[Answer.SUPPRESSED]:,} suppressed"]
    if counts[Answer.NO_ADDRESS]:
        told.append(f"{counts[Answer.NO_ADDRESS]:,} no mail address")
    return f"{counts.total():,} checked: {', '.join(told)}"
