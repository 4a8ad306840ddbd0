"""`bounces suppressions import`: another system's list, or an export of this one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bounces_cli.address_tables import tables_of
from bounces_cli.given_addresses import list_given
from bounces_cli.import_rows import ReadRow
from bounces_cli.import_survey import Survey, looks_like_members
from bounces_cli.importing import Import, run_import
from bounces_cli.people import author

if TYPE_CHECKING:
    from bounces.store import Suppression
    from bounces.store.merging import Each


def run(arguments: argparse.Namespace) -> int:
    """Import and return the exit code. Raises `CommandError`."""
    from bounces.store.rows import Told, suppression_of

    tables = tables_of(arguments)
    store = tables.store()
    by = author(arguments.author)
    list_id = list_given(arguments)
    now = datetime.now(UTC).replace(microsecond=0)

    def ready(row: ReadRow, began: datetime) -> Suppression:
        return suppression_of(row.cells, Told(began, by, arguments.why, list_id, arguments.reason, now))

    def write(suppressions: Sequence[Suppression], each: Each) -> int:
        return store.merge(suppressions, each).changed

    def subscribed(addresses: Sequence[str]) -> int:
        answers = store.check(addresses, list_id, datetime.now(UTC))
        may_be = [checked.address for checked in answers if checked.sendable]
        return sum(any(each.is_subscribed for each in store.memberships(address)) for address in may_be)

    def doubts(found: Survey) -> list[str]:
        return looks_like_members(found, subscribed)

    return run_import(arguments, tables, Import("suppressions", ready, write, store.unknown, doubts, tells_anew=False))
