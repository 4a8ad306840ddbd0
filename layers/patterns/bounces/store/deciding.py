"""What an operator decides about an address: suppress it, lift that, take a report back, put it on a list.

Each decision has a time, and is a fact as a report is: of the same set of both, in any order, the same state comes. A
report of the time of a lift or before changes nothing after it. A decision that breaks off is finished by asking for it
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Undone:
    """Reports that were to be taken back: the status that the others leave, and why which of them could not be."""

    status: Status
    unknown: tuple[UnknownReport, ...]


def undo(tables: Tables, address: str, reports: Iterable[str], because: Lift, policy: Policy) -> Undone:
    """Take `reports` back, each named by its id or by how that begins: the state becomes what the others say.

    History is gone through twice, however many they are; one after the other it would be for each of them.
    """
    remembered = {item.item.removeprefix(REPORT): item for item in tables.pasts_of(address)}
    meant: set[str] = set()
    unknown: list[UnknownReport] = []
    for report in reports:
        met = [report] if report in remembered else [each for each in remembered if each.startswith(report)]
        if len(met) == 1:
            meant.update(met)
        else:
            what = "is not remembered" if not met else f"may be {len(met)} reports; give more of its id"
            unknown.append(UnknownReport(f"report {shown(report)} on this address {what}"))
    for name, item in remembered.items():
        if name in meant:
            _mark_undone(tables, item, because)
    status = tell_anew(tables, address, policy, because) if meant else tables.status_of(address)
    return Undone(status, tuple(unknown))


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
