"""`bounces why ADDRESS` and `bounces subscribers show ADDRESS`: where an address stands, and what brought it there."""

from __future__ import annotations

import argparse
import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bounces.errors import RecipientError
from bounces_cli.address_tables import tables_of
from bounces_cli.errors import DONE, CommandError

if TYPE_CHECKING:
    from bounces_cli.why_report import Story


def run(arguments: argparse.Namespace) -> int:
    """Tell what is known of an address, and return the exit code. Raises `CommandError`."""
    from bounces_cli import why_report

    story = _story(arguments)
    if arguments.as_json:
        print(json.dumps(why_report.as_json(story), indent=1))
        return DONE
    width = max(60, shutil.get_terminal_size((120, 24)).columns)
    for line in why_report.state_lines(story, width):
        print(line)
    if arguments.verb == "why":
        for line in why_report.history_lines(story, width):
            print(line)
    return DONE


def _story(arguments: argparse.Namespace) -> Story:
    from bounces.store.keys import address_key
    from bounces_cli.why_report import Story

    tables = tables_of(arguments)
    store = tables.store()
    try:
        address = address_key(arguments.address)
    except RecipientError as error:
        raise CommandError(str(error)) from error
    with tables.talking():
        return Story(
            address,
            datetime.now(UTC),
            store.status(address),
            store.memberships(address),
            store.suppression(address),
            store.history(address),
            store.decisions(address),
        )
