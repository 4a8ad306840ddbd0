"""Soft bounces that count, few of them remembered, and when they add up to a hard one. Pure.

A *run* is the soft bounces of one kind since the address' last delivery, one a day. What is remembered of it is a
function of the whole run, whatever order it came in: `run_of` goes through it by time, keeps the first and the latest
days, and stops at the one that completes the rule. So one more bounce can be added to what is remembered, but for two
cases in which more has to be known, and `is_enough_for` and `is_enough_after` say that it has not been forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final

from bounces.patterns.policy import MAX_DAYS, Escalation

MAX_REMEMBERED: Final = 8
"""Soft bounces that a status remembers of each kind: the run's, and the latest after the rule was met."""

MAX_IN_RUN: Final = MAX_REMEMBERED - 1
assert MAX_IN_RUN > MAX_DAYS  # the first, and as many of the latest as a rule asks for

SHORT_ID: Final = 8
"""Characters of a report's id that a soft bounce keeps: enough to find it in its address' history."""


@dataclass(frozen=True, slots=True)
class SoftBounce:
    """A soft bounce that counts: when, towards what (`address` or `way`), which report (its id cut), by which rule.

    `late` is how many days later our door got it, rounded up.
    """

    time: datetime
    kind: str
    report: str
    rule: Escalation | None  # None: it counts, and nothing follows
    late: int = 0

    @property
    def noted(self) -> datetime:
        """When our door got it, at the latest."""
        return self.time + timedelta(days=self.late)

    @property
    def day(self) -> date:
        """The day of UTC on which it happened: two of one kind on one day count once."""
        return self.time.astimezone(UTC).date()


def run_of(bounces: Iterable[SoftBounce]) -> tuple[SoftBounce, ...]:
    """Return what is remembered of `bounces`, all of one kind and one run: at most `MAX_REMEMBERED`, by time."""
    days = _days(bounces)
    run: list[SoftBounce] = []
    for place, bounce in enumerate(days):
        if len(run) == MAX_IN_RUN:
            del run[1]
        run.append(bounce)
        if _is_met(run):
            return (*run, *days[place + 1 :][-1:])
    return tuple(run)


def completing(run: tuple[SoftBounce, ...]) -> SoftBounce | None:
    """Return the soft bounce of the remembered `run` that met its rule, the earliest; None where none has."""
    for place, bounce in enumerate(run):
        if _is_met(list(run[: place + 1])):
            return bounce
    return None


def is_enough_for(run: tuple[SoftBounce, ...], bounce: SoftBounce) -> bool:
    """Say whether nothing was forgotten of `run` that `bounce`, which comes to it, could need."""
    counted = _counted(run)
    return len(counted) < MAX_IN_RUN or bounce.day > counted[-1].day


def is_enough_after(run: tuple[SoftBounce, ...], reset: datetime) -> bool:
    """Say whether nothing was forgotten of `run` that still counts once a delivery at `reset` ends what was before."""
    counted = _counted(run)
    if not run or reset < run[0].time:
        return True
    return len(counted) < MAX_IN_RUN and completing(run) is None


def strictest(rules: Iterable[Escalation | None]) -> Escalation | None:
    """Return the rule that asks for the fewest days: two lists may judge one day by different rules."""
    return min((rule for rule in rules if rule is not None), key=_strictness, default=None)


def written(rule: Escalation | None) -> str:
    """Return `rule` in a few characters, as items hold it: `3-14-`, days and the span over or within which."""
    if rule is None:
        return "--"
    return "-".join("" if part is None else str(part) for part in rule)


def read(text: str) -> Escalation | None:
    """Return the rule that `written` wrote."""
    parts = [int(part) if part else None for part in text.split("-")]
    return None if parts[0] is None else Escalation(parts[0], *parts[1:])


def _counted(run: tuple[SoftBounce, ...]) -> tuple[SoftBounce, ...]:
    """Return `run` without what came after the rule was met."""
    end = completing(run)
    return run if end is None else run[: run.index(end) + 1]


def _days(bounces: Iterable[SoftBounce]) -> list[SoftBounce]:
    """Return the first of each day, under the strictest rule of that day, by time."""
    days: list[SoftBounce] = []
    for _, group in groupby(sorted(bounces, key=_place), key=lambda bounce: bounce.day):
        of_day = list(group)
        days.append(replace(of_day[0], rule=strictest(bounce.rule for bounce in of_day)))
    return days


def _place(bounce: SoftBounce) -> tuple[datetime, str]:
    return bounce.time, bounce.report


def _strictness(rule: Escalation) -> tuple[int, int, int]:
    return rule.days, rule.over_days or 0, -(rule.within_days or 0)


def _is_met(run: list[SoftBounce]) -> bool:
    """Say whether the last of `run` meets its rule together with those before it."""
    last, rule = run[-1], run[-1].rule
    if rule is None:
        return False
    within = [b for b in run if rule.within_days is None or (last.day - b.day).days <= rule.within_days]
    return len(within) >= rule.days and (last.day - within[0].day).days >= (rule.over_days or 0)
