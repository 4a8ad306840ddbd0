"""Why an address is not to be mailed, by scope, and how facts and decisions change that. Pure.

A scope is `global` or a list. Of each, the causes that came after its latest lift count, the earliest first. An
escalation has a place of its own: it is no fact, but what a status finds its soft bounces to add up to, and may be
taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bounces.patterns.policy import ESCALATION
from bounces.store.evidence import Evidence
from bounces.store.grounds import kept
from bounces.store.keys import list_key
from bounces.store.soft_bounces import SoftBounce

GLOBAL: Final = "global"
"""The scope of a suppression that covers every list."""

LIST_SCOPE: Final = "list#"
"""What stands before a list's id in its scope."""

REMEMBERED_AFTER_END: Final = timedelta(days=400)
"""How long it is remembered what has expired, or why it was taken back: it explains, and nothing else hangs on it."""

NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an address is suppressed in one scope: reason, source, what it rests on, until when, an operator's words.

    `evidence` is the report, or a decision's id, with its time; `noted` is when our door got it.
    """

    reason: str
    source: str
    evidence: Evidence
    noted: datetime
    expires: datetime | None = None  # None: never
    by: str | None = None  # who decided, where a person did
    why: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired at `now`."""
        return self.expires is None or now < self.expires


@dataclass(frozen=True, slots=True, order=True)
class Lift:
    """That a scope was set free: when, by whom and why. Causes of that second and before count no more."""

    at: datetime  # aware, UTC, whole seconds
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: the causes remembered since its latest lift, what soft bounces add up to, and that lift.

    `freed` says when and why a cause that stood was last taken back without a lift: a late delivery broke an
    escalation, or its report was undone. It explains, and nothing else follows from it.
    """

    causes: tuple[Cause, ...] = ()
    escalation: Cause | None = None
    lift: Lift | None = None
    freed: Lift | None = None

    def cause(self, now: datetime) -> Cause | None:
        """Return what suppresses at `now`, the earliest; None where nothing does."""
        return min((cause for cause in self.all_causes() if cause.is_live(now)), key=_place, default=None)

    def all_causes(self) -> tuple[Cause, ...]:
        """Return the causes that stand, live or expired."""
        escalation = self.escalation
        if escalation is None or (self.lift is not None and escalation.evidence.time <= self.lift.at):
            return self.causes
        return *self.causes, escalation

    def with_causes(self, causes: Iterable[Cause]) -> Scope:
        """Return the scope with `causes` besides; those that the lift answers count no more."""
        since = None if self.lift is None else self.lift.at
        standing = [each for each in (*self.causes, *causes) if since is None or each.evidence.time > since]
        chosen = kept(standing, least=(_place, _lasting_least), greatest=(_place, _lasting_most))
        return replace(self, causes=tuple(sorted(chosen, key=_place)))

    def without(self, is_undone: Callable[[Evidence], bool], because: Lift) -> Scope:
        """Return the scope without the causes whose evidence `is_undone`, taken back for `because`."""
        standing = tuple(cause for cause in self.causes if not is_undone(cause.evidence))
        return self if standing == self.causes else replace(self._freed(because), causes=standing)

    def with_escalation(self, cause: Cause | None, because: Lift) -> Scope:
        """Return the scope with `cause` as what soft bounces add up to; None: they do not any more, for `because`."""
        if cause is None:
            taken_back = self.escalation is not None and self.escalation in self.all_causes()
            return replace(self._freed(because) if taken_back else self, escalation=None)
        known = self.escalation
        if known is not None and known.evidence == cause.evidence:
            cause = replace(cause, expires=known.expires)  # as the policy was then
        return replace(self, escalation=cause)

    def _freed(self, because: Lift) -> Scope:
        return replace(self, freed=because if self.freed is None else max(because, self.freed))

    def lifted(self, lift: Lift) -> Scope:
        """Return the scope set free by `lift`; the latest lift stands.

        An escalation stays where it is until its status is settled, and counts no more where the lift answers it.
        """
        latest = lift if self.lift is None else max(lift, self.lift)
        return replace(self, causes=(), lift=latest).with_causes(self.causes)

    @property
    def ends(self) -> datetime | None:
        """When there is nothing left to remember: after the last expiry. None: it does not end.

        A lift is remembered for good, as the status does. What it answers may come in at any time, since an old mail
        lies in a mailbox, and an old log on a disk, for as long as nobody deletes it.
        """
        if self.lift is not None:
            return None
        ends = [NEVER if cause.expires is None else cause.expires for cause in self.all_causes()]
        ends.extend([self.freed.at] if self.freed else [])
        last = max(ends, default=NEVER)
        return None if last == NEVER else last


EMPTY: Final = Scope()


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address with what is known of its scopes."""

    address: str
    scopes: Mapping[str, Scope] = field(default_factory=dict)

    def of(self, scope: str) -> Scope:
        """Return what is known of `scope`."""
        return self.scopes.get(scope, EMPTY)

    def cause(self, list_id: str | None, now: datetime) -> Cause | None:
        """Return why the address is not to be mailed at `now` for `list_id` (None: for any); None where it may be."""
        scopes = [GLOBAL] if list_id is None else [GLOBAL, scope_of(list_id)]
        return next((cause for scope in scopes if (cause := self.of(scope).cause(now))), None)

    def is_live(self, now: datetime) -> bool:
        """Whether any scope is suppressed at `now`."""
        return any(scope.cause(now) for scope in self.scopes.values())

    def changed(self, scope: str, change: Callable[[Scope], Scope]) -> Suppression:
        """Return the suppression with `scope` as `change` makes it; one of which nothing is known is left out."""
        scopes = {**self.scopes, scope: change(self.of(scope))}
        return replace(self, scopes={name: scopes[name] for name in sorted(scopes) if scopes[name] != EMPTY})

    def suppressed(self, scope: str, cause: Cause) -> Suppression:
        """Return the suppression with `cause` in `scope`."""
        return self.changed(scope, lambda known: known.with_causes([cause]))

    @property
    def ends(self) -> datetime | None:
        """When there is nothing left to remember; None: it stays."""
        ends = [scope.ends for scope in self.scopes.values()]
        known = [end for end in ends if end is not None]
        return None if len(known) < len(ends) else max(known, default=None)


def scope_of(list_id: str | None) -> str:
    """Return the scope of the list `list_id`; of every list for None."""
    return GLOBAL if list_id is None else LIST_SCOPE + list_key(list_id)


def escalated(run: tuple[SoftBounce, ...], completing: SoftBounce, expires_after_days: int | None) -> Cause:
    """Return the cause that the soft bounces of `run` add up to with the one that is `completing` it."""
    time = completing.time
    expires = None if expires_after_days is None else time + timedelta(days=expires_after_days)
    noted = max(bounce.noted for bounce in run if bounce.time <= time)
    return Cause(ESCALATION, "policy", Evidence(time, completing.report), noted, expires)


def _place(cause: Cause) -> tuple[object, ...]:
    """Order by evidence; the rest decides between two that say different things of one."""
    return cause.evidence, cause.reason, cause.source, cause.noted, _expiry(cause), cause.by or "", cause.why or ""


def _expiry(cause: Cause) -> float:
    return -(cause.expires or NEVER).timestamp()


def _lasting_least(cause: Cause) -> tuple[object, ...]:
    """Order by which the one that lasts longest is the least, the earliest of several."""
    return _expiry(cause), *_place(cause)


def _lasting_most(cause: Cause) -> tuple[object, ...]:
    """Order by which the one that lasts longest is the greatest, the latest of several."""
    return -_expiry(cause), *_place(cause)
