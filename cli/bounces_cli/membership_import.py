"""`bounces subscribers import`: who is on which list, and what the platform calls them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bounces.errors import RecordError
from bounces_cli.address_tables import tables_of
from bounces_cli.given_addresses import list_given
from bounces_cli.import_rows import ReadRow
from bounces_cli.import_survey import looks_like_suppressions
from bounces_cli.importing import Import, run_import

if TYPE_CHECKING:
    from bounces.store.merging import Each, Told

MAX_SUBSCRIBER = 255
"""Characters of a subscriber's id, as a report has them at most."""


def run(arguments: argparse.Namespace) -> int:
    """Import and return the exit code. Raises `CommandError`."""
    from bounces.store.keys import address_key, list_key
    from bounces.store.merging import Told

    tables = tables_of(arguments)
    store, policy = tables.store(), tables.policy()
    usual = list_key(list_given(arguments) or "")

    def ready(row: ReadRow, began: datetime) -> Told:
        list_id = list_key(row.cells.get("list") or "") or usual
        if not list_id:
            raise RecordError("the row names no list; --list LIST names it for such rows")
        subscriber = row.cells.get("subscriber")
        if subscriber is not None and len(subscriber) > MAX_SUBSCRIBER:
            raise RecordError(f"a subscriber id of {len(subscriber)} characters; at most {MAX_SUBSCRIBER} are taken")
        return Told(address_key(row.cells.get("address")), list_id, subscriber, began)

    def write(rows: Sequence[Told], each: Each) -> int:
        return store.subscribe_all(rows, policy, each)

    work = Import("memberships", ready, write, store.unknown_memberships, looks_like_suppressions, tells_anew=True)
    return run_import(arguments, tables, work)
