"""Bringing what other lists say, of suppressions and of memberships, together with what is known.

Many at once: what is known of a hundred addresses is read by one call, and only what becomes another is written, each
by a conditional write. So importing a file again costs reading only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from bounces.patterns.policy import Policy
from bounces.store import deciding
from bounces.store.batch_reads import batch_read
from bounces.store.models import LIST, SuppressionItem
from bounces.store.rows import IMPORT
from bounces.store.states import Membership
from bounces.store.suppressions import EMPTY, NEVER, Cause, Lift, Scope, Suppression
from bounces.store.tables import Tables, is_saved

Given = TypeVar("Given")
Done = TypeVar("Done")


class Each(Protocol):
    """Does the same with each of many, in order or side by side: `map`, or an executor's."""

    def __call__(self, do: Callable[[Given], Done], given: Iterable[Given], /) -> Iterator[Done]:
        """Yield what `do` returns for each of `given`."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Of how many addresses something was given, and of how many it was new."""

    addresses: int
    changed: int


def merge(tables: Tables, given: Iterable[Suppression], each: Each = map) -> Merged:
    """Add what `given` says to what is known, and return how much of it was new.

    Applying it again changes nothing. An error leaves some of it done; the same call again does the rest.
    """
    wanted = _by_address(given)
    items = {item.address: item for item in batch_read(tables.suppression, [(address,) for address in wanted])}

    def write(suppression: Suppression) -> bool:
        return _is_new(tables, items.get(suppression.address), suppression)

    return Merged(len(wanted), sum(each(write, list(wanted.values()))))


def unknown(tables: Tables, given: Iterable[Suppression]) -> int:
    """Return of how many addresses `merge` would find something new in `given`."""
    wanted = _by_address(given)
    known = {item.address: item.read() for item in batch_read(tables.suppression, [(each,) for each in wanted])}
    return sum(
        merged(before, told) != before
        for address, told in wanted.items()
        for before in [known.get(address, Suppression(address))]
    )


def _by_address(given: Iterable[Suppression]) -> dict[str, Suppression]:
    """Return what `given` says of each address."""
    wanted: dict[str, Suppression] = {}
    for suppression in given:
        known = wanted.get(suppression.address, Suppression(suppression.address))
        wanted[suppression.address] = merged(known, suppression)
    return wanted


@dataclass(frozen=True, slots=True)
class Told:
    """That an address is on a list, the subscriber's id there, and when the platform said so. The keys are keys."""

    address: str
    list_id: str
    subscriber: str | None
    at: datetime  # aware, UTC, whole seconds


def subscribe(tables: Tables, given: Sequence[Told], policy: Policy, each: Each = map) -> int:
    """Put addresses on lists as `deciding.subscribe` does each, and return of how many that was new.

    That the platform says the same later is written, and is not new.
    """
    known = _memberships(tables, given)

    def put(told: Told) -> bool:
        after = deciding.subscribe(tables, told.address, told.list_id, told.subscriber, told.at, policy)
        before = known.get((told.address, told.list_id))
        return before is None or _untimed(before) != _untimed(after)

    return sum(each(put, given))


def unknown_memberships(tables: Tables, given: Sequence[Told]) -> int:
    """Return how many of `given` would be new to `subscribe`."""
    known = _memberships(tables, given)

    def is_new(told: Told) -> bool:
        before = known.get((told.address, told.list_id))
        return before is None or _untimed(before) != _untimed(before.subscribed(told.subscriber, told.at))

    return sum(map(is_new, given))


def _memberships(tables: Tables, given: Sequence[Told]) -> dict[tuple[str, str], Membership]:
    """Return what is known of the memberships that `given` names."""
    wanted = {(told.address, LIST + told.list_id) for told in given}
    return {(item.address, item.list_id): item.read() for item in batch_read(tables.membership, wanted)}


def _untimed(membership: Membership) -> Membership:
    """Return `membership` with only whether the platform told it and its id, and not when."""
    told = None if membership.told is None else NEVER
    return replace(membership, told=told, named=None)


def merged(known: Suppression, given: Suppression) -> Suppression:
    """Return `known` with what `given` says besides. Pure."""
    for name, scope in given.scopes.items():
        known = known.changed(name, lambda each: _merged(each, scope))  # noqa: B023  called at once
    return known


def _is_new(tables: Tables, item: SuppressionItem | None, given: Suppression) -> bool:
    before = Suppression(given.address) if item is None else item.read()
    after = merged(before, given)
    if after == before:
        return False
    if not is_saved(tables.suppression, item, tables.suppression.of(given.address, after)):
        tables.change_suppression(given.address, lambda known: merged(known, given))
    return True


def _merged(known: Scope, given: Scope) -> Scope:
    causes = [cause for cause in given.causes if not _is_known(known, cause)]
    scope = known if given.lift is None else known.lifted(given.lift)
    scope = scope.with_causes(causes)
    if _takes_escalation(scope, given.escalation):
        scope = replace(scope, escalation=given.escalation)
    if given.freed is not None:
        scope = replace(scope, freed=_latest(scope.freed, given.freed))
    return EMPTY if scope == EMPTY else scope


def _is_known(scope: Scope, cause: Cause) -> bool:
    """Say whether `cause` is of a list that was imported, and `scope` has it already, whenever and by whom."""
    return cause.source == IMPORT and any(_said(known) == _said(cause) for known in scope.causes)


def _said(cause: Cause) -> tuple[object, ...]:
    return cause.evidence, cause.reason, cause.source, cause.expires


def _takes_escalation(scope: Scope, escalation: Cause | None) -> bool:
    """Say whether `escalation` is news: one that stands, was taken back or is answered by a lift is not."""
    if escalation is None or scope.escalation is not None or scope.freed is not None:
        return False
    return scope.lift is None or escalation.evidence.time > scope.lift.at


def _latest(known: Lift | None, given: Lift) -> Lift:
    return given if known is None else max(known, given)
