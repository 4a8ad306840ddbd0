"""What is said before an edit of patterns is saved: what it would change, and what it would do to living people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

from bounces.patterns import Classifier
from bounces.patterns.edits import newly_hard
from bounces.patterns.trials import Change, Hazard, changes, hardened, hazards
from bounces.records import Report, Verdict
from bounces_cli.classify import outcome
from bounces_cli.pattern_places import Loaded
from bounces_cli.people import agree
from bounces_cli.plain import plain

SHOWN: Final = 20  # hazards that are shown whole; what an import brings more is counted


def confirm(before: Loaded, after: Loaded, reports: Sequence[Report], *, yes: bool) -> None:
    """Say what is dangerous in `after` that is not in `before`, and have it confirmed.

    Raises `CommandError` where it is not: by `yes`, or by a person at a terminal.
    """
    found = hazards(newly_hard(before.patterns, after.patterns))
    categories = [name for name in hardened(after.policy) if name not in hardened(before.policy)]
    if not found and not categories:
        return
    for hazard in found[:SHOWN]:
        _say(_words(hazard))
    if len(found) > SHOWN:
        _say(f"and {len(found) - SHOWN} more patterns of the kind")
    for name in categories:
        _say(f"the policy makes {name} hard, which says nothing of the address")
    _say("Hard gives up every address that such a bounce names: nobody mails it again.")
    _say(_count(before, after, reports))
    if not yes:
        agree("Save it all the same?", "saved")


def trial(before: Loaded, after: Loaded, reports: Sequence[Report]) -> list[Change]:
    """Return on which of `reports` the two sets decide differently."""
    return list(changes(_classifier(before), _classifier(after), reports))


def change_words(change: Change) -> str:
    """Return what changes for a report, in three lines."""
    what = [f"{outcome(verdict)} {verdict.category or '-'}" for verdict in (change.before, change.after)]
    whom = f"{change.report.recipient}: " if change.report.recipient else ""
    return (
        f"{what[0]} -> {what[1]}\n"
        f"    {plain(whom)}{plain(change.report.diagnostic or '(no diagnostic)')}\n"
        f"    was: {plain(change.before.reason or '')} now: {plain(change.after.reason or '')}"
    )


def change_row(change: Change) -> dict[str, Any]:
    """Return what changes for a report, for JSON."""
    report = change.report
    return {
        "recipient": report.recipient,
        "diagnostic": report.diagnostic,
        "before": _decided(change.before),
        "after": _decided(change.after),
    }


def summary(found: Sequence[Change], reports: int) -> str:
    """Return how many verdicts change, and how many of them to hard."""
    hard = sum(change.is_to_hard for change in found)
    return f"{len(found)} of {reports} verdicts would change, {hard} of them to hard"


def _count(before: Loaded, after: Loaded, reports: Sequence[Report]) -> str:
    if not reports:
        return "No diagnostics were given to count on; --diagnostics FILE or --mails PATH tells how many it gives up."
    hard = [change for change in trial(before, after, reports) if change.is_to_hard]
    addresses = {change.report.addressee or change.report.recipient for change in hard} - {None}
    said = f"Of the {len(reports)} given diagnostics, it makes {len(hard)} hard that are not now"
    return f"{said}, of {len(addresses)} addresses." if addresses else f"{said}."


def _words(hazard: Hazard) -> str:
    return (
        f"{plain(hazard.pattern.line.strip())}\n"
        f"  also matches what is known as {hazard.category}, no fault of the address ({hazard.rule}):\n"
        f"  {plain(hazard.sample)}"
    )


def _decided(verdict: Verdict) -> dict[str, Any]:
    return {
        "category": verdict.category,
        "bounce_type": verdict.bounce_type,
        "ignore": verdict.ignore,
        "rule": verdict.rule,
    }


def _classifier(loaded: Loaded) -> Classifier:
    return Classifier(loaded.patterns, policy=loaded.policy)


def _say(words: str) -> None:
    print(f"bounces: {words}", file=sys.stderr)
