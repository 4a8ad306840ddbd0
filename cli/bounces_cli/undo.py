"""`bounces undo`: one report taken back, or all that a rule decided, that a mail provider sent, or that came one way.

Taking back what is taken back already changes nothing, so what was broken off is done again from its beginning.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Final

from bounces.errors import RecipientError, UnknownReport
from bounces_cli.address_tables import WINDOW, WORKERS, AddressTables, tables_of
from bounces_cli.errors import DONE, INCOMPLETE, CommandError
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.progress import progress_to
from bounces_cli.suppression_decisions import Decision, decision_of
from bounces_cli.times import time_given

if TYPE_CHECKING:
    from bounces.store import Status
    from bounces.store.scanning import Sought

WHOSE: Final = ("rule", "provider", "source", "remote_mta")
"""Of which many reports may be taken back at once; times only narrow that."""


def run(arguments: argparse.Namespace) -> int:
    """Take back what `arguments` name, and return the exit code. Raises `CommandError`."""
    decision = decision_of(arguments)
    is_one = arguments.address is not None and arguments.report is not None
    is_many = any(getattr(arguments, name) is not None for name in WHOSE)
    if is_one == is_many or (arguments.address is not None) != is_one:
        raise CommandError(
            "undo takes ADDRESS and REPORT, or --rule RULE, --provider NAME, --source NAME or --remote-mta HOST "
            "(or several of these)"
        )
    if is_one and not arguments.report.strip():
        raise CommandError("REPORT is empty, and every report begins so; `bounces why ADDRESS` shows their ids")
    tables = tables_of(arguments)
    if is_one:
        return _one(arguments, tables, decision)
    return _many(arguments, tables, decision)


def _one(arguments: argparse.Namespace, tables: AddressTables, decision: Decision) -> int:
    store, policy = tables.store(), tables.policy()
    by, why = decision.by, decision.why
    try:
        with tables.talking(writing=True):
            status = store.undo(arguments.address, arguments.report, at=decision.at, by=by, why=why, policy=policy)
    except (UnknownReport, RecipientError) as error:
        raise CommandError(f"{error}; `bounces why ADDRESS` shows the reports that are remembered") from error
    print(f"{plain(arguments.address)}: undone; now {_stands(status)}")
    return DONE


def _many(arguments: argparse.Namespace, tables: AddressTables, decision: Decision) -> int:
    from bounces.store.scanning import Sought

    sought = Sought(
        arguments.rule,
        arguments.provider,
        arguments.source,
        arguments.remote_mta,
        time_given("--since", arguments.since),
        time_given("--until", arguments.until),
        time_given("--event-since", arguments.event_since),
        time_given("--event-until", arguments.event_until),
    )
    with tempfile.TemporaryFile("w+", encoding="utf-8") as found:
        counts = _find(tables, sought, found)
        print(f"{_words(sought)}: {counts}", file=sys.stderr)
        if not counts.reports:
            print("nothing to undo")
            return DONE
        _confirm(counts, yes=arguments.yes)
        found.seek(0)
        return _undo_all(tables, decision, found, counts)


@dataclass(slots=True)
class Found:
    """How many reports were found, of how many addresses, and how many of them are undone already."""

    reports: int = 0
    addresses: int = 0
    undone: int = 0

    def __str__(self) -> str:
        """Return it for people."""
        undone = f", {self.undone:,} of them undone before" if self.undone else ""
        return f"{_counted(self.reports, 'report')} on {_counted(self.addresses, 'address')}{undone}"


def _find(tables: AddressTables, sought: Sought, found: IO[str]) -> Found:
    """Write the address and id of each report that is `sought` to `found`, those of one address together."""
    store = tables.store()
    counts = Found()
    last = None
    with tables.talking():
        total = store.counts()[0] if sys.stderr.isatty() else 0
        with progress_to(total, "Looking") as progress:
            for page in store.past_pages(sought):
                for address, past in page.pasts:
                    counts.reports += 1
                    counts.undone += past.undone is not None
                    counts.addresses += address != last
                    last = address
                    found.write(json.dumps([address, past.evidence.report]) + "\n")
                progress.advance(page.looked_at)
    return counts


def _undo_all(tables: AddressTables, decision: Decision, found: IO[str], counts: Found) -> int:
    store, policy = tables.store(), tables.policy()
    by, why = decision.by, decision.why
    with tables.talking():
        store.table_ids()  # which makes the connection that threads share
    problems = Problems()

    def undo_of(of_one: list[tuple[str, str]]) -> list[str]:
        """Take the reports of one address back, and return in words which were forgotten meanwhile."""
        address = of_one[0][0]
        reports = [report for _, report in of_one]
        with tables.talking(writing=True):
            undone = store.undo_all(address, reports, at=decision.at, by=by, why=why, policy=policy)
        return [f"{plain(address)}: {error}" for error in undone.unknown]

    with ThreadPoolExecutor(WORKERS) as workers, progress_to(counts.reports, "Undoing") as progress:
        for window in _windows(found):
            for of_one, wrong in zip(window, workers.map(undo_of, window), strict=True):
                progress.advance(len(of_one))
                for words in wrong:
                    problems.add(words)
    print(f"undone: {_counted(counts.reports - problems.count, 'report')}")
    return INCOMPLETE if problems.count else DONE


def _windows(found: IO[str]) -> Iterator[list[list[tuple[str, str]]]]:
    """Yield the reports by address, some addresses at a time."""
    pairs = (tuple(json.loads(line)) for line in found)
    window: list[list[tuple[str, str]]] = []
    for _, of_one in groupby(pairs, key=lambda pair: pair[0]):
        window.append(list(of_one))
        if len(window) == WINDOW:
            yield window
            window = []
    if window:
        yield window


def _confirm(counts: Found, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"nothing was undone: --yes confirms that {counts.reports:,} reports are to be taken back")
    question = "What they changed becomes what it is without them. Type the number of reports to go on: "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().replace(",", "") != str(counts.reports):
        raise CommandError("nothing was undone: that is another number")


def _words(sought: Sought) -> str:
    texts = (
        ("rule", sought.rule),
        ("provider", sought.provider),
        ("source", sought.source),
        ("remote MTA", sought.remote_mta),
    )
    times = (
        ("applied since", sought.since),
        ("applied before", sought.until),
        ("of events since", sought.event_since),
        ("of events before", sought.event_until),
    )
    told = [f"{what} {plain(text)}" for what, text in texts if text is not None]
    told += [f"{what} {time:%Y-%m-%d %H:%M} UTC" for what, time in times if time is not None]
    return ", ".join(told)


def _counted(number: int, noun: str) -> str:
    plural = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{plural}"


def _stands(status: Status) -> str:
    from bounces.store.explaining import status_words

    return plain(status_words(status))
