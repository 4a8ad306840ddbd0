"""Telling an address' state anew, from its history and what its items remember.

Needed only where an operator takes something back. What the items remember counts as well as history does: a report
that is being applied just now stands in them before it stands in history.
"""

from __future__ import annotations

from bounces.patterns.policy import Policy
from bounces.store.settling import change_status
from bounces.store.states import Status
from bounces.store.suppressions import GLOBAL, Lift, Scope, Suppression
from bounces.store.tables import Tables


def tell_anew(tables: Tables, address: str, policy: Policy, because: Lift) -> Status:
    """Have the items of `address` say what its reports that are not undone say, and return its status.

    What is thereby taken back is so for `because`. Written in the order of all effects, and to be done again if it
    breaks off.
    """
    facts = tables.facts_of(address)

    causes = [*facts.causes(), *tables.decided_causes(address, GLOBAL)]

    def suppressed(known: Scope) -> Scope:
        return known.without(facts.is_undone, because).with_causes(causes)

    def freed(known: Suppression) -> Suppression:
        others = [scope for scope in known.scopes if scope != GLOBAL]
        for scope in others:
            known = known.changed(scope, lambda each: each.without(facts.is_undone, because))
        return known.changed(GLOBAL, suppressed)

    tables.change_suppression(address, freed)
    for membership in list(tables.memberships_of(address)):
        left = facts.left(membership.list_id)
        tables.change_membership(
            address,
            membership.list_id,
            lambda known: known.told_anew(facts.is_undone, left),  # noqa: B023
        )

    def told_anew(known: Status) -> Status:
        return known.told_anew(facts.is_undone, facts.soft_bounces, facts.ends())

    return change_status(tables, address, told_anew, policy, because)
