"""What waits for review, for people. Strangers wrote most of it, so none of that reaches the terminal raw."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bounces.store import Group, Item, Reviewed
from bounces_cli.inspect_report import Screen
from bounces_cli.plain import plain

PIPE_COLUMNS = 120


def show_groups(groups: Sequence[Group]) -> None:
    """Print `groups` in their order, two lines each."""
    screen = _screen()
    if not groups:
        screen.print("Nothing waits.")
        return
    table = _table("group", "waiting", "came", "why it waits\nits shape")
    for group in groups:
        what = Text(plain(group.why)).append(f"\n{plain(group.shape)}", style="dim")
        table.add_row(Text(group.id, style="bold"), _waiting(group), _days(group), what)
    screen.print(table)
    waiting = sum(group.waiting for group in groups)
    screen.print(f"{waiting:,} wait in {len(groups):,} group{'s' if len(groups) > 1 else ''}. `bounces review show ID`")


def show_group(group: Group, items: Iterable[Item], limit: int) -> None:
    """Print `group`, and the first `limit` of its `items`."""
    screen = _screen()
    _lines(
        screen,
        {
            "group": group.id,
            "shape": group.shape,
            "why it waits": group.why,
            "waiting": _waiting(group),
            "came": _days(group),
            "one says": group.sample.verdict.report.diagnostic if group.sample else None,
            "is kept at": group.sample.verdict.report.raw if group.sample else None,
        },
    )
    table = _table("item", "came", "about", "decided")
    for item in islice(items, limit):
        decided = f"{item.decision.words}, by {item.decision.by}" if item.decision else "-"
        table.add_row(_short(item), f"{item.came:%Y-%m-%d %H:%M}", Text(_about(item)), Text(plain(decided)))
    if table.row_count:
        screen.print(table)
    if group.total > table.row_count:
        screen.print(f"{table.row_count:,} of {group.total:,} are shown; --limit N shows more, --json all of them.")


def show_item(item: Item) -> None:
    """Print `item`."""
    verdict, report, decision = item.verdict, item.verdict.report, item.decision
    _lines(
        _screen(),
        {
            "item": item.id,
            "why it waits": item.why,
            "about": _about(item),
            "as reported": report.recipient if report.addressee != report.recipient else None,
            "diagnostic": report.diagnostic,
            "codes": " ".join(code for code in (report.reply_code, report.status) if code) or None,
            "remote MTA": report.remote_mta,
            "judged": f"{verdict.bounce_type} {verdict.category or report.event}",
            "because": verdict.reason or verdict.rule,
            "note": report.note,
            "cut": ", ".join(report.cuts) or None,
            "list": report.list_id,
            "campaign": report.campaign,
            "subscriber": report.subscriber,
            "source": report.source,
            "happened": f"{report.event_time:%Y-%m-%d %H:%M} UTC" if report.event_time else None,
            "came": f"{item.came:%Y-%m-%d %H:%M} UTC",
            "is kept at": report.raw,
            "decided": f"{decision.words}, {decision.at:%Y-%m-%d %H:%M} UTC by {decision.by}"
            if decision
            else "not yet",
            "reason": decision.why if decision else None,
        },
    )


def shown_beside_a_bar(done: Iterable[Reviewed], total: int) -> Iterator[Reviewed]:
    """Yield `done`, with a bar up to `total` on a terminal."""
    columns = (TextColumn("Deciding"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield from bar.track(done, total=total)


def _screen() -> Screen:
    found = Screen(highlight=False)
    return found if found.is_terminal else Screen(highlight=False, width=PIPE_COLUMNS)


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in ("group", "came"))
    return table


def _lines(screen: Screen, said: dict[str, str | None]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in said.items():
        if text:
            grid.add_row(name, Text(plain(text)))
    screen.print(grid)


def _waiting(group: Group) -> str:
    return f"{group.waiting:,}" if group.waiting == group.total else f"{group.waiting:,} of {group.total:,}"


def _days(group: Group) -> str:
    return f"{group.first}" if group.first == group.last else f"{group.first} to {group.last:%m-%d}"


def _about(item: Item) -> str:
    report = item.verdict.report
    return plain(report.addressee or report.recipient or "(names nobody)")


def _short(item: Item) -> str:
    """Return as much of an item's id as one of a million needs."""
    return item.id[:25]
