"""What a verdict does to an address, once.

Order of effects: suppression, memberships, status, then history last. Each is one conditional write on one item, so any
call may fail after it took effect and the whole may be run again: what is already so is read and left alone. The
history item says that a report is done, which makes a duplicate one read and no write.

Deliveries are many and say little: one is a read, and a write where soft bounces are open. It has no history item,
since the status itself says that it is done. One that finds no soft bounce open leaves no trace, so that a soft bounce
of before that comes in after it counts until the next one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from pynamodb.exceptions import PutError

from bounces.patterns.policy import ESCALATION, Lists, Policy
from bounces.records import Report, Verdict
from bounces.store.applied import Action, Applied
from bounces.store.effects import Count, Effect, End, Record, Reset, effect_of
from bounces.store.evidence import Evidence, noted
from bounces.store.facts import cause_of, end_of, soft_bounce_of
from bounces.store.history import Past, past_of
from bounces.store.keys import address_of
from bounces.store.models import REPORT, STATUS
from bounces.store.settling import change_status, follow_status
from bounces.store.states import Membership, State, Status
from bounces.store.suppressions import GLOBAL, Lift, Suppression
from bounces.store.tables import Tables, changed, found, is_refused
from bounces.store.telling import tell_anew

BY_DELIVERY: Final = "delivery"
"""Who takes an escalation back that a delivery breaks."""


def apply(tables: Tables, verdict: Verdict, policy: Policy) -> Applied:
    """Do what `verdict` calls for by `policy`, once, and return what was done.

    Raises `RecipientError` where the report is about no mail address and `RecordError` where it has no time; every
    other error may pass, and applying the verdict again then finishes what was begun.
    """
    report = verdict.report
    address = address_of(report)
    effect = effect_of(verdict, policy)
    if isinstance(effect, Reset):
        return _reset(tables, address, report, policy)
    if found(tables.past, address, REPORT + report.id) is not None:
        return Applied(report.id, Action.DUPLICATE, "duplicate, nothing changed")
    past = past_of(verdict, address, effect)
    applied = _done(tables, address, past, effect, policy)
    _remember(tables, address, past, policy)
    return applied


def _done(tables: Tables, address: str, past: Past, effect: Effect, policy: Policy) -> Applied:
    report = past.evidence.report
    match effect:
        case End():
            action = Action.HARD_BOUNCED if effect.state is State.HARD_BOUNCED else Action.COMPLAINED
            return Applied(report, action, _end(tables, address, past, effect, policy))
        case Count():
            return Applied(report, Action.SOFT_BOUNCED, _count(tables, address, past, policy))
        case Record(why):
            return Applied(report, Action.RECORDED, f"recorded only ({why})")
    raise AssertionError(f"{effect} is applied elsewhere")


def _end(tables: Tables, address: str, past: Past, effect: End, policy: Policy) -> str:
    """Suppress, unsubscribe and mark, and return what was done in words."""
    cause, end = cause_of(past), end_of(past)
    assert cause is not None
    assert end is not None
    suppression = tables.change_suppression(address, lambda known: known.suppressed(GLOBAL, cause))
    left = _leave(tables, address, past, effect, set())
    # What soft bounces add up to does not hang on this, so there is nothing to settle.
    status = changed(tables.status, (address, STATUS), Status(), lambda known: known.ended(end))
    if effect.lists is Lists.EVERY:
        # Who imports a membership looks at the status after writing it; so one of the two sees the other.
        left |= _leave(tables, address, past, effect, left.keys())
    else:
        left = {name: follow_status(tables, address, known, status, policy) for name, known in left.items()}
    return _words_of_end(suppression, left, status, past.evidence)


def _leave(tables: Tables, address: str, past: Past, effect: End, done: Collection[str]) -> dict[str, Membership]:
    """Take `address` off the lists that it leaves: the one that is named, whether or not it is known there, or each.

    Those that are `done` are left aside.
    """
    end = end_of(past)
    assert end is not None
    lists: list[str] = []
    if effect.lists is Lists.EVERY:
        lists = [membership.list_id for membership in tables.memberships_of(address) if membership.list_id not in done]
    elif effect.lists is Lists.NAMED and past.list_id:
        lists = [past.list_id]
    left = end.as_left()
    return {each: tables.change_membership(address, each, lambda known: known.unsubscribed(left)) for each in lists}


def _count(tables: Tables, address: str, past: Past, policy: Policy) -> str:
    bounce = soft_bounce_of(past)
    assert bounce is not None

    def counted(known: Status) -> Status:
        return known.soft_bounced(bounce, lambda: tables.facts_of(address).soft_bounces())

    status = change_status(tables, address, counted, policy, _broken(past.noted), only_adds=True)
    days = status.days(bounce.kind)
    words = f"soft bounce counted ({days} day{'s' if days != 1 else ''})"
    if status.escalation is not None:
        words += ", which is enough: suppressed"
    elif status.ends:
        words += f", stays {status.state}"
    return words


def _reset(tables: Tables, address: str, report: Report, policy: Policy) -> Applied:
    delivered = Evidence.of(report)

    def reset(known: Status) -> Status:
        return known.reset_by(delivered.time, lambda: tables.facts_of(address).soft_bounces())

    before = tables.status_of(address)
    if not before.recent:
        return Applied(report.id, Action.DELIVERED, "delivered, no soft bounce to take away")
    after = change_status(tables, address, reset, policy, _broken(noted(report)))
    if after.recent == before.recent:
        return Applied(report.id, Action.DELIVERED, "delivered, no soft bounce to take away")
    words = f"delivered, soft bounces taken away, {after.state}"
    if before.escalation is not None and after.escalation is None:
        words += f", {ESCALATION} lifted"
    return Applied(report.id, Action.DELIVERED, words)


def _remember(tables: Tables, address: str, past: Past, policy: Policy) -> None:
    """Write the history item. Where somebody has undone the report meanwhile, take back again what was done anew."""
    try:
        tables.past.of(address, past).save(condition=tables.past.address.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise
        item = found(tables.past, address, REPORT + past.evidence.report)
        undone = None if item is None else item.read().undone
        if undone is not None:
            tell_anew(tables, address, policy, undone)


def _broken(at: datetime) -> Lift:
    """Return why an escalation is taken back by what came in at `at`."""
    return Lift(at, BY_DELIVERY, "delivered between its soft bounces")


def _words_of_end(suppression: Suppression, left: dict[str, Membership], status: Status, ground: Evidence) -> str:
    """Say what rests on `ground`, and what an earlier report had done already."""
    first = [cause.evidence for cause in suppression.of(GLOBAL).causes[:1]]
    words = ["suppressed" if first == [ground] else "already suppressed" if first else "lifted since, not suppressed"]
    lists = [name for name, each in sorted(left.items()) if each.ended and each.ended.evidence == ground.short]
    if lists:
        words.append(f"unsubscribed from {', '.join(lists)}")
    words.append(f"marked {status.state}" if status.since == ground.short else f"already {status.state}")
    return ", ".join(words)
