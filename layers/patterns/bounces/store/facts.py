"""What a report in an address' history says of it: the same when it is applied and when a state is told anew. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final, TypeVar

from bounces.patterns.policy import Lists
from bounces.records import Source
from bounces.store import effects, evidence, soft_bounces
from bounces.store.effects import Count
from bounces.store.effects import End as EndEffect
from bounces.store.evidence import Evidence
from bounces.store.history import Decided, Past, What
from bounces.store.soft_bounces import SoftBounce
from bounces.store.states import End, Left
from bounces.store.suppressions import Cause

OPERATOR: Final = str(Source.OPERATOR)
"""The source of a suppression that a person added."""

_DAY: Final = timedelta(days=1)

Fact = TypeVar("Fact")


def soft_bounce_of(past: Past) -> SoftBounce | None:
    """Return the soft bounce that `past` counted as; None where it did not."""
    effect = effects.read(past.effect)
    if not isinstance(effect, Count):
        return None
    late = ceil((past.noted - past.evidence.time) / _DAY)
    report = past.evidence.report[: soft_bounces.SHORT_ID]
    return SoftBounce(past.evidence.time, effect.towards, report, effect.rule, late)


def cause_of(past: Past) -> Cause | None:
    """Return why `past` suppressed the address; None where it did not."""
    effect = effects.read(past.effect)
    if not isinstance(effect, EndEffect):
        return None
    days = effect.expires_after_days
    expires = None if days is None else past.evidence.time + days * _DAY
    return Cause(effect.reason, past.source, past.evidence, past.noted, expires)


def decided_cause(decided: Decided, scope: str) -> Cause | None:
    """Return why `scope` was suppressed by the decision `decided`; None where it was not."""
    if decided.what is not What.SUPPRESSED or decided.scope != scope:
        return None
    expires = None if decided.expires is None else evidence.read(decided.expires)
    ground = decided.evidence
    return Cause(decided.reason or "", OPERATOR, ground, ground.time, expires, decided.by, decided.why)


def end_of(past: Past) -> End | None:
    """Return the end that `past` was for the address' status; None where it was none."""
    effect = effects.read(past.effect)
    if not isinstance(effect, EndEffect):
        return None
    return End(past.evidence.short, effect.state, effect.lists is Lists.EVERY, past.category)


def leaves(past: Past, list_id: str) -> bool:
    """Say whether `past` took the address off the list `list_id`, were it on it."""
    effect = effects.read(past.effect)
    if not isinstance(effect, EndEffect):
        return False
    return effect.lists is Lists.EVERY or (effect.lists is Lists.NAMED and past.list_id == list_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """The reports of an address' history that stand, and how to know those that are undone."""

    standing: tuple[Past, ...]
    undone: tuple[Past, ...]

    @classmethod
    def of(cls, pasts: Iterable[Past]) -> Facts:
        """Return the facts of `pasts`."""
        known = tuple(pasts)
        return cls(tuple(past for past in known if past.undone is None), tuple(past for past in known if past.undone))

    def is_undone(self, evidence: Evidence) -> bool:
        """Say whether the report that `evidence` names, its id cut or whole, is undone, whatever its time.

        A report that says no time, or one to come, has that of its receipt. Where it came twice, and both were applied
        side by side or the first one broke off, the state rests on both times, and history has one of them.
        """
        named = evidence.report
        return len(named) >= soft_bounces.SHORT_ID and any(
            past.evidence.report.startswith(named) for past in self.undone
        )

    def soft_bounces(self) -> list[SoftBounce]:
        """Return the soft bounces that count."""
        return _all_of(soft_bounce_of, self.standing)

    def causes(self) -> list[Cause]:
        """Return why the address is suppressed."""
        return _all_of(cause_of, self.standing)

    def ends(self) -> list[End]:
        """Return the ends of its status."""
        return _all_of(end_of, self.standing)

    def left(self, list_id: str) -> list[Left]:
        """Return what took it off the list `list_id`."""
        return [end.as_left() for past in self.standing if leaves(past, list_id) and (end := end_of(past))]


def _all_of(make: Callable[[Past], Fact | None], pasts: Iterable[Past]) -> list[Fact]:
    return [fact for past in pasts if (fact := make(past)) is not None]
