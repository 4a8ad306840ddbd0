"""`bounces suppressions import`: another system's list, or an export of this one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bounces_cli.address_tables import tables_of
from bounces_cli.import_rows import ReadRow
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

    def ready(row: ReadRow, began: datetime) -> Suppression:
        return suppression_of(row.cells, Told(began, by, arguments.why, arguments.list, arguments.reason))

    def write(suppressions: Sequence[Suppression], each: Each) -> int:
        return store.merge(suppressions, each).changed

    return run_import(arguments, tables, Import("suppressions", ready, write, tells_anew=False))
