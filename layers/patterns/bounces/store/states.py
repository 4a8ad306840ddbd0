"""What is known of an address, and how a fact changes it. Pure: a state and a fact in, a state out.

Each change is commutative and idempotent: the earliest ground of an end stands, soft bounces are a set, and so any
order of the same reports, with any repetition, ends in the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from bounces.store.evidence import Evidence

GLOBAL: Final = "global"
"""The scope of a suppression that covers every list."""

MAX_RECENT: Final = 8
"""Soft bounces that a status remembers of each kind, one a day: more than any rule of escalation asks for."""

SHORT_ID: Final = 16
"""Characters of a report's id that a soft bounce keeps: enough to find its history, and the status stays under 1 KB."""


class State(StrEnum):
    """Where an address stands. What is said here explains; whether one may send, the suppressions decide."""

    ACTIVE = "active"
    SOFT_BOUNCING = "soft-bouncing"
    HARD_BOUNCED = "hard-bounced"
    COMPLAINED = "complained"


ENDED: Final = frozenset({State.HARD_BOUNCED, State.COMPLAINED})


@dataclass(frozen=True, slots=True, order=True)
class SoftBounce:
    """A soft bounce that counts: when, of which kind (what it counts towards), by which report (its id cut)."""

    time: datetime
    kind: str
    report: str

    @property
    def day(self) -> date:
        """The day of UTC on which it happened: two of one kind on one day count once."""
        return self.time.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class Status:
    """An address' state, the report and category that brought it there, and its recent soft bounces in order.

    `delivered` is the latest delivery that took soft bounces away. After one, `since` of a soft-bouncing address is the
    earliest soft bounce that is remembered, with its report's id cut and no category: what is known in any order.
    """

    state: State = State.ACTIVE
    since: Evidence | None = None
    category: str | None = None
    recent: tuple[SoftBounce, ...] = ()
    delivered: datetime | None = None

    def ended(self, state: State, since: Evidence, category: str | None) -> Status:
        """Return the status after a hard bounce or a complaint: the earliest stands, and any outranks a soft one."""
        if self.state in ENDED and self.since is not None and self.since <= since:
            return self
        return replace(self, state=state, since=since, category=category)

    def soft_bounced(self, kind: str, since: Evidence, category: str | None) -> Status:
        """Return the status after a soft bounce of `kind`, which never takes an end back."""
        if self.delivered is not None and since.time <= self.delivered:
            return self
        bounce = SoftBounce(since.time, kind, since.report[:SHORT_ID])
        counted = replace(self, recent=_remembered((*self.recent, bounce)))
        if self.delivered is not None:
            return counted._counting_again()
        if self.state in ENDED or (self.since is not None and self.since <= since):
            return counted
        return replace(counted, state=State.SOFT_BOUNCING, since=since, category=category)

    def reset_by(self, delivered: datetime) -> Status:
        """Return the status after a delivery at `delivered`: what bounced softly until then counts no more.

        It takes no end back. Where nothing is to be taken away the status is the same.
        """
        kept = tuple(bounce for bounce in self.recent if bounce.time > delivered)
        if len(kept) == len(self.recent):
            return self
        latest = delivered if self.delivered is None else max(delivered, self.delivered)
        return replace(self, recent=kept, delivered=latest)._counting_again()

    def _counting_again(self) -> Status:
        if self.state in ENDED:
            return self
        if not self.recent:
            return replace(self, state=State.ACTIVE, since=None, category=None)
        first = self.recent[0]
        return replace(self, state=State.SOFT_BOUNCING, since=Evidence(first.time, first.report), category=None)

    def days(self, kind: str) -> int:
        """Return on how many different days soft bounces of `kind` are remembered."""
        return sum(bounce.kind == kind for bounce in self.recent)


def _remembered(bounces: tuple[SoftBounce, ...]) -> tuple[SoftBounce, ...]:
    """Keep the first of each day and kind, and of each kind the latest `MAX_RECENT` days."""
    first: dict[tuple[str, date], SoftBounce] = {}
    for bounce in sorted(bounces):
        first.setdefault((bounce.kind, bounce.day), bounce)
    kept: list[SoftBounce] = []
    for kind in {bounce.kind for bounce in bounces}:
        kept.extend([bounce for bounce in first.values() if bounce.kind == kind][-MAX_RECENT:])
    return tuple(sorted(kept))


@dataclass(frozen=True, slots=True)
class Membership:
    """An address on a list; `ended` is the report that took it off, and `reason` why."""

    list_id: str
    subscriber: str | None = None  # the platform's id of it
    ended: Evidence | None = None
    reason: str | None = None

    @property
    def is_subscribed(self) -> bool:
        """Whether the address is on the list."""
        return self.ended is None

    def unsubscribed(self, evidence: Evidence, reason: str) -> Membership:
        """Return the membership taken off the list by `evidence`; the earliest reason stands."""
        if self.ended is not None and self.ended <= evidence:
            return self
        return replace(self, ended=evidence, reason=reason)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an address is suppressed in one scope: reason, source of the report, the report and its time."""

    reason: str
    source: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that is not to be mailed, with the cause for each scope: `global`, or one list."""

    address: str
    scopes: Mapping[str, Cause] = field(default_factory=dict)

    def suppressed(self, scope: str, cause: Cause) -> Suppression:
        """Return the suppression with `cause` in `scope`; the earliest cause stands."""
        known = self.scopes.get(scope)
        if known is not None and known.evidence <= cause.evidence:
            return self
        return replace(self, scopes=dict(sorted({**self.scopes, scope: cause}.items())))
