"""Where an address stands, and how a fact changes it. Pure: a state and a fact in, a state out.

A state is a function of the set of its facts, ordered by (event time, report id): any order of the same facts, with any
repetition, ends in the same state. Little of that set is remembered here; where more is needed to be exact, the
address' history is asked for by a `Past` function, which is called only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final

from bounces.patterns.policy import COMPLAINT, ESCALATION, HARD_BOUNCE
from bounces.store.evidence import Evidence
from bounces.store.grounds import kept
from bounces.store.soft_bounces import SoftBounce, completing, is_enough_after, is_enough_for, run_of


class State(StrEnum):
    """Where an address stands. What is said here explains; whether one may send, the suppressions decide."""

    ACTIVE = "active"
    SOFT_BOUNCING = "soft-bouncing"
    HARD_BOUNCED = "hard-bounced"
    COMPLAINED = "complained"


REASONS: Final = {State.HARD_BOUNCED: HARD_BOUNCE, State.COMPLAINED: COMPLAINT}
"""The reason of a suppression or an unsubscription, by the state that the address then has."""


@dataclass(frozen=True, slots=True)
class End:
    """A report that gave the address up: its evidence (the id cut), the state, whether every list is left, category."""

    evidence: Evidence
    state: State
    every_list: bool
    category: str | None

    def as_left(self) -> Left:
        """Return it as what took the address off a list."""
        return Left(self.evidence, REASONS[self.state])


Past = Callable[[], Iterable[SoftBounce]]
"""Gives the soft bounces of an address' history."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a status remembers: the ends and soft bounces since the latest lift and delivery, and when these were.

    `delivered` is the latest delivery known: one that came while no soft bounce was open is not.
    """

    ends: tuple[End, ...] = ()
    recent: tuple[SoftBounce, ...] = ()
    delivered: datetime | None = None
    lifted: datetime | None = None

    @property
    def state(self) -> State:
        """Where the address stands."""
        end = self._end
        if end is not None:
            return end.state
        return State.SOFT_BOUNCING if self.recent else State.ACTIVE

    @property
    def since(self) -> Evidence | None:
        """The report that brought it there, its id cut; the first of its soft bounces for a soft-bouncing one."""
        end = self._end
        if end is not None:
            return end.evidence
        return min((_evidence(bounce) for bounce in self.recent), default=None)

    @property
    def category(self) -> str | None:
        """The category of the end; None where there is none, or soft bounces add up to it."""
        return None if self._end is None else self._end.category

    @property
    def escalation(self) -> SoftBounce | None:
        """The soft bounce with which they met their rule, the earliest; None where they have not."""
        met = (completing(self.run(kind)) for kind in {bounce.kind for bounce in self.recent})
        return min((bounce for bounce in met if bounce), key=_evidence, default=None)

    @property
    def reset(self) -> datetime | None:
        """When soft bounces began to count anew: the latest of delivery and lift."""
        return max((time for time in (self.delivered, self.lifted) if time), default=None)

    @property
    def _end(self) -> End | None:
        """What ended it first: a report, or soft bounces that add up."""
        met = self.escalation
        escalated = () if met is None else (End(_evidence(met), State.HARD_BOUNCED, True, None),)
        return min((*self.ends, *escalated), key=_place, default=None)

    def run(self, kind: str) -> tuple[SoftBounce, ...]:
        """Return the remembered soft bounces that count towards `kind`, by time."""
        return tuple(bounce for bounce in self.recent if bounce.kind == kind)

    def days(self, kind: str) -> int:
        """Return on how many different days soft bounces of `kind` are remembered."""
        return len(self.run(kind))

    def ended(self, *ends: End) -> Status:
        """Return the status after `ends`; those that the latest lift answers count no more."""
        standing = [end for end in (*self.ends, *ends) if self.lifted is None or end.evidence.time > self.lifted]
        chosen = kept(standing, least=(_place, _leaving_every_first), greatest=(_place, _leaving_every_last))
        return replace(self, ends=tuple(sorted(chosen, key=_place)))

    def soft_bounced(self, bounce: SoftBounce, past: Past) -> Status:
        """Return the status after the soft `bounce`."""
        if self.reset is not None and bounce.time <= self.reset:
            return self
        run = self.run(bounce.kind)
        known = () if is_enough_for(run, bounce) else past()
        return self._counting(chain(self.recent, [bounce], known))

    def reset_by(self, delivered: datetime, past: Past) -> Status:
        """Return the status after a delivery at `delivered`, which ends the soft bounces until then, but no other end.

        Where no soft bounce is open, the status is the same.
        """
        if not self.recent or (self.delivered is not None and delivered <= self.delivered):
            return self
        return self._counting_since(replace(self, delivered=delivered), past)

    def lifted_at(self, lifted: datetime, past: Past, ends: Iterable[End]) -> Status:
        """Return the status after a lift at `lifted`, which ends everything until then. `ends` are those of history."""
        if self.lifted is not None and lifted <= self.lifted:
            return self
        return self._counting_since(replace(self, lifted=lifted), past).ended(*ends)

    def told_anew(self, is_undone: Callable[[Evidence], bool], past: Past, ends: Iterable[End]) -> Status:
        """Return the status without the reports that are undone, and with what history has of the others."""
        standing = replace(
            self,
            ends=tuple(end for end in self.ends if not is_undone(end.evidence)),
            recent=tuple(bounce for bounce in self.recent if not is_undone(_evidence(bounce))),
        )
        return standing.ended(*ends)._counting(chain(standing.recent, past()))

    def _counting_since(self, after: Status, past: Past) -> Status:
        reset = after.reset
        kinds = {bounce.kind for bounce in self.recent}
        enough = reset is None or all(is_enough_after(self.run(kind), reset) for kind in kinds)
        return after.ended()._counting(self.recent if enough else chain(self.recent, past()))

    def _counting(self, bounces: Iterable[SoftBounce]) -> Status:
        since = self.reset
        by_kind: dict[str, list[SoftBounce]] = {}
        for bounce in bounces:
            if since is None or bounce.time > since:
                by_kind.setdefault(bounce.kind, []).append(bounce)
        runs = chain.from_iterable(run_of(of_kind) for _, of_kind in sorted(by_kind.items()))
        return replace(self, recent=tuple(sorted(runs, key=lambda bounce: (_evidence(bounce), bounce.kind))))


@dataclass(frozen=True, slots=True)
class Left:
    """A report that took an address off a list, its id cut, and the reason."""

    evidence: Evidence
    reason: str


@dataclass(frozen=True, slots=True)
class Membership:
    """An address on a list: what the platform told of it, and the reports that took it off.

    `told` is when the platform last said that it is on the list (None: never, a report named it), `named` when it last
    gave its id of it, `subscriber`. `escalation` is the soft bounce with which several added up, and may be taken back.
    What happened until `cleared`, the latest lift before the platform told it again, takes nobody off.
    """

    list_id: str
    subscriber: str | None = None
    named: datetime | None = None
    told: datetime | None = None
    cleared: datetime | None = None
    left: tuple[Left, ...] = ()
    escalation: Evidence | None = None

    @property
    def is_subscribed(self) -> bool:
        """Whether the address is on the list: the platform said so, and nothing took it off."""
        return self.told is not None and not self.left and self.escalation is None

    @property
    def ended(self) -> Left | None:
        """What took it off first; None where it is on the list."""
        escalated = () if self.escalation is None else (Left(self.escalation, ESCALATION),)
        return min((*self.left, *escalated), key=_departure, default=None)

    def subscribed(self, subscriber: str | None, told: datetime) -> Membership:
        """Return the membership as the platform told it at `told`, with its id `subscriber`: what it said last stands.

        Who was taken off stays off: importing a list again must not bring back who bounced.
        """
        known = self
        if subscriber is not None and _naming(told, subscriber) > _naming(self.named, self.subscriber):
            known = replace(known, subscriber=subscriber, named=told)
        return replace(known, told=_latest(told, self.told))

    def answered(self, *lifts: datetime) -> Membership:
        """Return the membership after `lifts`: what the platform told after one counts against what was before it."""
        told = self.told
        cleared = max((lift for lift in lifts if told and lift < told), default=None)
        return self if cleared is None else replace(self, cleared=_latest(cleared, self.cleared)).unsubscribed()

    def unsubscribed(self, *left: Left) -> Membership:
        """Return the membership that `left` ended."""
        standing = [e for e in (*self.left, *left) if self.cleared is None or e.evidence.time > self.cleared]
        chosen = kept(standing, least=(_departure,), greatest=(_departure,))
        return replace(self, left=tuple(sorted(chosen, key=_departure)))

    def told_anew(self, is_undone: Callable[[Evidence], bool], left: Iterable[Left]) -> Membership:
        """Return the membership without the reports that are undone, and with what history has of the others."""
        standing = tuple(each for each in self.left if not is_undone(each.evidence))
        return replace(self, left=standing).unsubscribed(*left)


def _latest(time: datetime, other: datetime | None) -> datetime:
    return time if other is None else max(time, other)


def _naming(named: datetime | None, subscriber: str | None) -> tuple[bool, bool, float, str]:
    return subscriber is not None, named is not None, named.timestamp() if named else 0.0, subscriber or ""


def _evidence(bounce: SoftBounce) -> Evidence:
    return Evidence(bounce.time, bounce.report)


def _place(end: End) -> tuple[Evidence, str, bool, str]:
    return end.evidence, end.state.value, not end.every_list, end.category or ""


def _leaving_every_first(end: End) -> tuple[bool, Evidence, str, bool, str]:
    """Order by which the earliest that left every list is the least."""
    return not end.every_list, *_place(end)


def _leaving_every_last(end: End) -> tuple[bool, Evidence, str, bool, str]:
    """Order by which the latest that left every list is the greatest."""
    return end.every_list, *_place(end)


def _departure(left: Left) -> tuple[Evidence, str]:
    return left.evidence, left.reason
