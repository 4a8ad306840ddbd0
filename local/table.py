"""The tables that the local runner prints."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bounces.records import BounceType
from bounces.store import Store, Suppression
from local.journal import Applied

_COLOURS: Mapping[BounceType, str] = {BounceType.HARD: "red", BounceType.SOFT: "yellow", BounceType.NONE: "dim"}


def console() -> Console:
    """Return a console for the terminal there is; in a pipe, one of 120 columns."""
    found = Console(highlight=False, emoji=False)  # else `:secret:` in an ARN becomes a picture
    return found if found.is_terminal else Console(highlight=False, emoji=False, width=120)


def results(sent: Mapping[str, str], applied: Sequence[Applied], unreported: Mapping[str, str]) -> Table:
    """Return two lines for each report of each mail. `sent` has the mails' names by their keys in the bucket."""
    table = _table("What became of the mails")
    table.add_column("mail\nrecipient", overflow="fold", min_width=32)
    table.add_column("hard\nor soft", min_width=7)
    table.add_column("category\nrule", overflow="fold", min_width=22)
    table.add_column("what was done", overflow="fold")
    for key, name in sent.items():
        rows = [_cells(one) for one in applied if one.key == key]
        if key in unreported:
            rows.append(("-", "-", "-", f"kept, no report ({escape(unreported[key])})"))
        if not rows:
            rows.append(("-", "-", "-", "[bold red]not handled[/]"))
        for place, (recipient, *cells) in enumerate(rows):
            table.add_row(f"[bold]{escape(name)}[/]\n{recipient}" if place == 0 else recipient, *cells)
    return table


def line(applied: Applied) -> str:
    """Return one line of what became of a report."""
    recipient, kind, category, done = _cells(applied)
    return f"{recipient}  {kind}  {category.replace(chr(10), '  ')}  {done}"


def _cells(applied: Applied) -> tuple[str, str, str, str]:
    """Return recipient, hard or soft, category above rule, and what was done, safe to print."""
    verdict = applied.verdict
    kind = verdict.bounce_type
    # What is no bounce has no category; its event says what it is.
    category = verdict.category or verdict.report.event
    rule = f"\n[dim]{escape(verdict.rule)}[/]" if verdict.rule else ""
    return (
        escape(verdict.report.addressee or verdict.report.recipient or "-"),
        f"[{_COLOURS[kind]}]{kind if kind is not BounceType.NONE else '-'}[/]",
        escape(category) + rule,
        escape(applied.done),
    )


def suppressions(found: Iterable[Suppression], store: Store, now: datetime) -> Table:
    """Return the suppression list as it stands at `now`, with the lists that each address was taken off."""
    table = _table("The suppression list")
    for heading in ("address", "scope", "reason", "source", "event", "taken off", "still on"):
        table.add_column(heading, overflow="fold")
    for suppression in sorted(found, key=lambda one: one.address):
        memberships = store.memberships(suppression.address)
        off = ", ".join(one.list_id for one in memberships if not one.is_subscribed)
        still_on = ", ".join(one.list_id for one in memberships if one.is_subscribed)
        for scope, known in suppression.scopes.items():
            cause = known.cause(now)
            if cause is None:
                continue
            table.add_row(
                escape(suppression.address),
                escape(scope),
                cause.reason,
                cause.source,
                f"{cause.evidence.time:%Y-%m-%d %H:%M}",
                escape(off) or "-",
                escape(still_on) or "-",
            )
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1)
    )
