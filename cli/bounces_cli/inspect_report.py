"""What `bounces inspect` shows to people. Strangers wrote it all, so none of it reaches the terminal raw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bounces.records import BounceType, Verdict
from bounces_cli.plain import plain

_COLOURS = {BounceType.HARD: "bold red", BounceType.SOFT: "yellow", BounceType.NONE: "green"}


class Screen(Console):
    """A console that leaves it to the command what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Raise the `BrokenPipeError` that is being handled."""
        raise BrokenPipeError


def show(rows: Iterable[tuple[str, list[Verdict], str]], console: Console | None = None) -> None:
    """Print each mail with its reports, two lines a report, and the counts of all."""
    console = console or Screen()
    counts: Counter[str] = Counter()
    for source, verdicts, reason in rows:
        counts["mails"] += 1
        counts.update([outcome(verdict) for verdict in verdicts] or ["without a report"])
        show_mail(source, verdicts, reason, console)
    console.print(Text(", ".join(f"{count} {name}" for name, count in counts.items()), style="bold"))


def show_mail(source: str, verdicts: list[Verdict], reason: str, console: Console) -> None:
    """Print one mail with its reports, or the `reason` why it has none."""
    console.print(Text(plain(source), style="bold"), overflow="fold")
    if not verdicts:
        console.print(Text(f"  no report: {reason}", style="dim"))
    for verdict in verdicts:
        for line in _lines(verdict):
            # Cut to a terminal's width; in a pipe nothing is.
            console.print(line, overflow="ellipsis", no_wrap=True, soft_wrap=not console.is_terminal)


def outcome(verdict: Verdict) -> str:
    """Return what `verdict` comes to in a word: hard, soft, or the event that is no bounce."""
    return verdict.report.event if verdict.bounce_type is BounceType.NONE else verdict.bounce_type


def _lines(verdict: Verdict) -> Iterable[Text]:
    report = verdict.report
    words = [verdict.category, report.reply_code, report.status, f"by {verdict.rule}" if verdict.rule else None]
    first = Text(f"  {outcome(verdict):<10} ", style=_COLOURS[verdict.bounce_type])
    first.append(plain(report.recipient or "(names nobody)"), style="not bold default")
    if report.addressee is not None and report.addressee != report.recipient:
        first.append(f" (mailed: {plain(report.addressee)})", style="not bold default")
    first.append("  " + "  ".join(plain(word) for word in words if word), style="not bold dim")
    yield first
    if report.diagnostic:
        yield Text(f"             {plain(report.diagnostic)}", style="dim")
