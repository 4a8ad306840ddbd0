"""The table that `bounces inspect` shows to people. Everything in it was written by strangers, so it is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bounces.records import BounceType, Verdict

_COLOURS = {BounceType.HARD: "red", BounceType.SOFT: "yellow", BounceType.NONE: "dim"}


def show(rows: Iterable[tuple[str, list[Verdict], str]]) -> None:
    """Print one row a report, a row for each mail that has none, and the counts."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Mail", "Event", "Recipient", "Status", "Category", "Type", "Rule", "Diagnostic"):
        table.add_column(name, overflow="ellipsis", no_wrap=True, ratio=3 if name == "Diagnostic" else None)
    counts: Counter[str] = Counter()
    for source, verdicts, reason in rows:
        mail = Text(plain(source.rpartition("/")[2]))
        counts["mails"] += 1
        if not verdicts:
            counts["without a report"] += 1
            table.add_row(mail, Text("none", style="dim"), "", "", "", "", "", Text(reason, style="dim"))
        for verdict in verdicts:
            report = verdict.report
            counts[verdict.bounce_type if verdict.bounce_type != "none" else report.event] += 1
            code = " ".join(part for part in (report.reply_code, report.status) if part)
            table.add_row(
                mail,
                report.event,
                Text(plain(report.recipient or "(names nobody)")),
                code,
                verdict.category or "",
                Text(verdict.bounce_type, style=_COLOURS[verdict.bounce_type]),
                verdict.rule or "",
                Text(plain(report.diagnostic or ""), style="dim"),
            )
    console = Console()
    console.print(table)
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()), style="bold")


def plain(text: str) -> str:
    """Return `text` with what a terminal would obey made visible."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
