"""Changing an address' status together with what follows from it.

What soft bounces add up to, an escalation, is no report of its own: it follows from the status, and stands in the
suppression and the memberships too. These are written first, and the status last, by a write that is refused where
somebody changed it in between; then all is done again from the newer status. So whoever writes the status last has left
everything as it says. A run that breaks off is done again by its message, or by whoever asks for the same decision
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bounces.patterns.policy import ESCALATION, Lists, Policy
from bounces.store.evidence import Evidence
from bounces.store.models import STATUS
from bounces.store.states import Membership, Status
from bounces.store.suppressions import GLOBAL, Cause, Lift, Suppression, escalated
from bounces.store.tables import ATTEMPTS, Tables, contended, found, is_saved


def change_status(
    tables: Tables,
    address: str,
    change: Callable[[Status], Status],
    policy: Policy,
    because: Lift,
    *,
    only_adds: bool = False,
) -> Status:
    """Change the status of `address`, and what follows from it, and return the status.

    An escalation that stands no more is taken back for `because`. Not so where the change `only_adds` soft bounces and
    the status knew of none: what the suppression has was then left by a run that broke off before it wrote the status,
    and will do so, or was imported without its soft bounces. Raises `ContentionError`.
    """
    for _ in range(ATTEMPTS):
        item = found(tables.status, address, STATUS)
        before = Status() if item is None else item.read()
        after = change(before)
        if not only_adds or before.escalation is not None or after.escalation is not None:
            _settle(tables, address, after, policy, because)
        if after == before or is_saved(tables.status, item, tables.status.of(address, after)):
            return after
    raise contended(tables.status)


def follow_status(tables: Tables, address: str, known: Membership, status: Status, policy: Policy) -> Membership:
    """Have the membership `known` of `address` say what `status` does, and return it.

    Who left every list is on none; and what a lift answered counts no more, where the platform told it after that. The
    status is to be read after the membership was written: so of two who change one each, one sees the other.
    """
    lifts = [] if status.lifted is None else [status.lifted]
    left = [end.as_left() for end in status.ends if end.every_list]
    if status.lifted and (known.told is None or known.told <= status.lifted):
        # Told late: what the lift answered counts, for it came after, and what an earlier one answered may not.
        lifts = [item.read().evidence.time for item in tables.lifts_of(address)]
        left += tables.facts_of(address).left(known.list_id)
    met = status.escalation if policy.endings[ESCALATION].no_list is Lists.EVERY else None
    escalation = None if met is None else Evidence(met.time, met.report)

    def following(known: Membership) -> Membership:
        return replace(known.answered(*lifts).unsubscribed(*left), escalation=escalation)

    return tables.change_membership(address, known.list_id, following)


def _settle(tables: Tables, address: str, status: Status, policy: Policy, because: Lift) -> None:
    """Have suppression and memberships say what the soft bounces of `status` add up to."""
    ending = policy.endings[ESCALATION]
    met = status.escalation
    cause = None if met is None else escalated(status.run(met.kind), met, ending.expires_after_days)
    if cause is None:
        known = tables.suppression_of(address)
        if known.of(GLOBAL).escalation is None:
            return
        # The memberships first: that the suppression has an escalation says that they may have it, too.
        _settle_memberships(tables, address, None)
        _settle_suppression(tables, address, None, because)
    else:
        _settle_suppression(tables, address, cause, because)
        if ending.no_list is Lists.EVERY:
            _settle_memberships(tables, address, cause.evidence)


def _settle_suppression(tables: Tables, address: str, cause: Cause | None, because: Lift) -> None:
    def settled(known: Suppression) -> Suppression:
        return known.changed(GLOBAL, lambda scope: scope.with_escalation(cause, because))

    tables.change_suppression(address, settled)


def _settle_memberships(tables: Tables, address: str, escalation: Evidence | None) -> None:
    for membership in list(tables.memberships_of(address)):
        if membership.escalation != escalation:
            tables.change_membership(address, membership.list_id, lambda known: replace(known, escalation=escalation))
