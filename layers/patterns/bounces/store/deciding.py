"""What an operator decides about an address: suppress it, lift that, take a report back, put it on a list.

Each decision has a time, and is a fact as a report is: of the same set of both, in any order, the same state comes. A
report of the time of a lift or before changes nothing after it. A decision that breaks off is finished by asking for it
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from pynamodb.expressions.update import Action

from bounces.errors import UnknownReport, shown
from bounces.patterns.policy import Policy
from bounces.store import evidence
from bounces.store.evidence import Evidence
from bounces.store.facts import OPERATOR
from bounces.store.history import Decided, What
from bounces.store.models import REPORT, PastItem
from bounces.store.settling import change_status, follow_status
from bounces.store.states import Membership, Status
from bounces.store.suppressions import GLOBAL, Cause, Lift, Suppression
from bounces.store.tables import Tables
from bounces.store.telling import tell_anew

MAX_WORDS: Final = 200
"""Characters of who decided, why, and a reason."""


def second(time: datetime) -> datetime:
    """Return `time` as facts have it: in UTC, in whole seconds."""
    return time.astimezone(UTC).replace(microsecond=0)


def decision(*words: str) -> str:
    """Return the id of the decision that `words` describe: the same for the same words."""
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:40]


def suppress(tables: Tables, address: str, scope: str, cause: Cause) -> Suppression:
    """Suppress `address` in `scope` for `cause`, and return its suppression. A later lift stands."""
    return tables.change_suppression(address, lambda known: known.suppressed(scope, cause))


def add(tables: Tables, address: str, scope: str, lift: Lift, reason: str, expires: datetime | None) -> Suppression:
    """Suppress `address` in `scope` for `reason`; `lift` says when, by whom and why."""
    end = None if expires is None else evidence.written(expires)
    words = ("add", address, scope, reason, end or "", evidence.written(lift.at), lift.by, lift.why)
    ground = Evidence(lift.at, decision(*words))
    cause = Cause(reason, OPERATOR, ground, lift.at, expires, lift.by, lift.why)
    suppressed = suppress(tables, address, scope, cause)
    _remember(tables, address, Decided(ground, What.SUPPRESSED, scope, lift.by, lift.why, reason, end))
    return suppressed


def lift(tables: Tables, address: str, scope: str, lift: Lift, policy: Policy) -> Suppression:
    """Set `address` free in `scope`, and return its suppression.

    Where that is every list, its status begins anew, too. Lists that it was taken off it stays off: who is mailed is
    the platform's to say.
    """
    facts = tables.facts_of(address)
    # What came after the lift and has been forgotten: lifts, too, may be told late.
    causes = facts.causes() if scope == GLOBAL else []
    causes += tables.decided_causes(address, scope)
    suppression = tables.change_suppression(
        address, lambda known: known.changed(scope, lambda each: each.lifted(lift).with_causes(causes))
    )
    if scope == GLOBAL:

        def lifted(known: Status) -> Status:
            return known.lifted_at(lift.at, facts.soft_bounces, facts.ends())

        change_status(tables, address, lifted, policy, lift)
        for membership in list(tables.memberships_of(address)):
            tables.change_membership(address, membership.list_id, lambda known: known.answered(lift.at))
    ground = Evidence(lift.at, decision("lift", address, scope, evidence.written(lift.at), lift.by, lift.why))
    _remember(tables, address, Decided(ground, What.LIFTED, scope, lift.by, lift.why))
    return suppression


def undo(tables: Tables, address: str, report: str, because: Lift, policy: Policy) -> Status:
    """Take the report whose id begins with `report` back: the state becomes what the others say. Return the status.

    Raises `UnknownReport` where none, or more than one, is remembered.
    """
    met = [item for item in tables.pasts_of(address) if item.item.removeprefix(REPORT).startswith(report)]
    if len(met) != 1:
        what = "is not remembered" if not met else f"may be {len(met)} reports; give more of its id"
        raise UnknownReport(f"report {shown(report)} on this address {what}")
    _mark_undone(tables, met[0], because)
    return tell_anew(tables, address, policy, because)


def undo_all(tables: Tables, address: str, reports: Collection[str], because: Lift, policy: Policy) -> tuple[str, ...]:
    """Take the reports with the ids `reports` back, and return those of them that are not remembered.

    History is gone through twice, however many they are; one after the other it would be for each of them.
    """
    left = set(reports)
    for item in list(tables.pasts_of(address)):
        report = item.item.removeprefix(REPORT)
        if report in left:
            left.remove(report)
            _mark_undone(tables, item, because)
    if len(left) < len(set(reports)):
        tell_anew(tables, address, policy, because)
    return tuple(sorted(left))


def subscribe(
    tables: Tables, address: str, list_id: str, subscriber: str | None, told: datetime, policy: Policy
) -> Membership:
    """Put `address` on the list `list_id`, or note its subscriber id there, and return the membership.

    Who bounced or complained is on no list, and is not brought back by being imported again, but after a lift.
    """
    known = tables.change_membership(
        address, list_id, lambda membership: membership.subscribed(subscriber, told), make=True
    )
    return follow_status(tables, address, known, tables.status_of(address), policy)


def _mark_undone(tables: Tables, item: PastItem, because: Lift) -> None:
    """Write into history that the report is undone, and keep that for good; the first who did it stands."""
    past = tables.past
    actions: list[Action] = [] if item.expires_at is None else [past.expires_at.remove()]
    if item.undone is None:
        actions += [
            past.undone.set(evidence.written(because.at)),
            past.undone_by.set(because.by),
            past.undone_why.set(because.why),
        ]
    if actions:
        item.update(actions=actions, condition=past.address.exists())


def _remember(tables: Tables, address: str, decided: Decided) -> None:
    tables.decision.of(address, decided).save()
