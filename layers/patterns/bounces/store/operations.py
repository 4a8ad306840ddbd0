"""The store: what the tables know of an address, and how a verdict changes it.

Order of effects: suppression, membership, status, then history last. Each is one conditional write on one item, so
any call may fail after it took effect and the whole may be run again: what is already so is read and left alone. The
history item says that a report is done, which makes a duplicate one read and no write.

Deliveries are many and say little: one is a read, and a write where there are soft bounces to take away. It has no
history item, since the status itself says that it is done. One that finds nothing to take away leaves no trace, so that
a soft bounce of before that comes in after it counts until the next one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from pynamodb.exceptions import DoesNotExist, PutError

from bounces import addresses
from bounces.errors import ContentionError, RecipientError, shown
from bounces.patterns.policy import Counts, Policy, default_policy
from bounces.records import Report, Verdict
from bounces.store.applied import Action, Applied
from bounces.store.effects import Count, End, Record, Reset, effect_of
from bounces.store.evidence import Evidence
from bounces.store.history import Past, past_of
from bounces.store.models import (
    LIST,
    REPORT,
    STATUS,
    AnyModel,
    AnyState,
    MembershipItem,
    PastItem,
    StateItem,
    StatusItem,
    SubscriberItem,
    SuppressionItem,
    in_table,
)
from bounces.store.states import ENDED, GLOBAL, Cause, Membership, State, Status, Suppression

# Two writers on one item are rare (one address, two messages), more than a few in a row are a fault.
ATTEMPTS: Final = 8

MAX_LIST_BYTES: Final = 255
"""What of a list's id is part of a key: a sort key has at most 1,024 bytes."""


class Store:
    """The Subscribers and Suppressions tables."""

    def __init__(self, subscribers_table: str, suppressions_table: str) -> None:
        """Name the tables. No call is made before the first operation."""
        keys = in_table(SubscriberItem, subscribers_table)
        self._status = in_table(StatusItem, subscribers_table, beside=keys)
        self._membership = in_table(MembershipItem, subscribers_table, beside=keys)
        self._past = in_table(PastItem, subscribers_table, beside=keys)
        self._suppression = in_table(SuppressionItem, suppressions_table)

    def apply(self, verdict: Verdict, policy: Policy | None = None) -> Applied:
        """Do what `verdict` calls for by `policy` (default: ours), once, and return what was done.

        Raises `RecipientError` where the report is about no mail address and `RecordError` where it has no time; every
        other error may pass, and applying the verdict again then finishes what was begun.
        """
        report = verdict.report
        address = _address_of(report)
        evidence = Evidence.of(report)
        effect = effect_of(verdict, policy or default_policy())
        if isinstance(effect, Reset):
            return self._reset(address, report, evidence)
        if _found(self._past, address, REPORT + report.id) is not None:
            return Applied(report.id, Action.DUPLICATE, "duplicate, nothing changed")
        match effect:
            case End() as end:
                applied = self._end(address, verdict, end, evidence)
            case Count(towards):
                applied = self._count(address, verdict, towards, evidence)
            case Record(why):
                applied = Applied(report.id, Action.RECORDED, f"recorded only ({why})")
        self._past.of(address, past_of(verdict, address)).save()
        return applied

    def subscribe(self, address: str, list_id: str, subscriber_id: str | None = None) -> Membership:
        """Put `address` on the list `list_id`, or note its subscriber id there, and return the membership.

        A membership that a report ended stays ended: importing a list again must not bring back who bounced. Raises
        `RecipientError` where `address` is no mail address.
        """

        def subscribed(known: Membership) -> Membership:
            return replace(known, subscriber=subscriber_id or known.subscriber)

        return self._changed_membership(_address(address), _list_key(list_id), subscribed)

    def status(self, address: str) -> Status:
        """Return where `address` stands; active where nothing is known of it."""
        item = _found(self._status, _address(address), STATUS)
        return Status() if item is None else item.read()

    def memberships(self, address: str) -> tuple[Membership, ...]:
        """Return the lists that `address` is or was on, by their ids."""
        found = self._membership.query(_address(address), self._membership.item.startswith(LIST), consistent_read=True)
        return tuple(item.read() for item in found)

    def suppression(self, address: str) -> Suppression | None:
        """Return why `address` is not to be mailed; None where nothing is against it."""
        item = _found(self._suppression, _address(address))
        return None if item is None else item.read()

    def suppressions(self) -> Iterator[Suppression]:
        """Yield every suppression, in no order, reading a page at a time."""
        for item in self._suppression.scan():
            yield item.read()

    def history(self, address: str) -> tuple[Past, ...]:
        """Return the reports on `address` that are still remembered, the earliest event first."""
        found = self._past.query(_address(address), self._past.item.startswith(REPORT), consistent_read=True)
        return tuple(sorted((item.read() for item in found), key=lambda past: past.evidence))

    def _end(self, address: str, verdict: Verdict, end: End, evidence: Evidence) -> Applied:
        report = verdict.report
        cause = Cause(end.reason, report.source.value, evidence)
        suppression = _change(
            self._suppression, (address, None), Suppression(address), lambda known: known.suppressed(GLOBAL, cause)
        )
        left = [
            self._changed_membership(address, each, lambda known: known.unsubscribed(evidence, end.reason))
            for each in self._lists_to_leave(address, report.list_id)
        ]
        status = self._changed_status(address, lambda known: known.ended(end.state, evidence, verdict.category))
        action = Action.HARD_BOUNCED if end.state is State.HARD_BOUNCED else Action.COMPLAINED
        return Applied(report.id, action, _words_of_end(suppression, left, status, evidence))

    def _count(self, address: str, verdict: Verdict, towards: Counts, evidence: Evidence) -> Applied:
        status = self._changed_status(
            address, lambda known: known.soft_bounced(towards.value, evidence, verdict.category)
        )
        days = status.days(towards.value)
        words = f"soft bounce counted ({days} day{'s' if days > 1 else ''})"
        if status.state in ENDED:
            words += f", stays {status.state}"
        return Applied(verdict.report.id, Action.SOFT_BOUNCED, words)

    def _reset(self, address: str, report: Report, evidence: Evidence) -> Applied:
        before = self.status(address)
        after = before.reset_by(evidence.time)
        if after is before:
            return Applied(report.id, Action.DELIVERED, "delivered, no soft bounce to take away")
        after = self._changed_status(address, lambda known: known.reset_by(evidence.time))
        words = f"delivered, soft bounces taken away, {after.state}"
        return Applied(report.id, Action.DELIVERED, words)

    def _lists_to_leave(self, address: str, list_id: str | None) -> list[str]:
        """Return the list that a report names, whether or not the address is known to be on it, else every one."""
        if list_id and _list_key(list_id):
            return [_list_key(list_id)]
        return [membership.list_id for membership in self.memberships(address)]

    def _changed_status(self, address: str, change: Callable[[Status], Status]) -> Status:
        return _change(self._status, (address, STATUS), Status(), change)

    def _changed_membership(self, address: str, list_id: str, change: Callable[[Membership], Membership]) -> Membership:
        return _change(self._membership, (address, LIST + list_id), Membership(list_id), change)


def _change(
    model: type[StateItem[AnyState]],
    key: tuple[str, str | None],
    initial: AnyState,
    change: Callable[[AnyState], AnyState],
) -> AnyState:
    """Change the item at `key` and return its state after: read it, and write it if nobody did in between.

    A write whose answer was lost is refused when it is sent again; the item then already is as it should be. Raises
    `ContentionError` where others keep changing it.
    """
    for _ in range(ATTEMPTS):
        item = _found(model, *key)
        before = None if item is None else item.read()
        after = change(initial if before is None else before)
        if after == before:
            return after
        unchanged = model.address.does_not_exist() if item is None else model.etag == item.etag
        try:
            model.of(key[0], after).save(condition=unchanged)
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
        else:
            return after
    raise ContentionError(
        f"an item of {model.Meta.table_name} was changed by others {ATTEMPTS} times in a row; try again"
    )


def _found(model: type[AnyModel], address: str, item: str | None = None) -> AnyModel | None:
    try:
        return model.get(address, item, consistent_read=True)
    except DoesNotExist:
        return None


def _address_of(report: Report) -> str:
    """Return the key of the address that `report` is about. Raises `RecipientError` where that is none, or was cut."""
    name = "addressee" if report.addressee else "recipient"
    if name in report.cuts:
        raise RecipientError(f"the {name} was longer than any mail address, and what is left of it may be another's")
    return _address(getattr(report, name))


def _address(text: str | None) -> str:
    """Return the key of the address `text`. Raises `RecipientError` where it is none."""
    address = addresses.key(text or "")
    if not addresses.is_address(address):
        raise RecipientError(f"{shown(text)} is no mail address, so no subscriber can be found by it")
    return address


def _list_key(list_id: str) -> str:
    """Return `list_id` as keys hold it: RFC 2919 6 compares without case."""
    return list_id.strip().lower().encode()[:MAX_LIST_BYTES].decode(errors="ignore")


def _words_of_end(suppression: Suppression, left: list[Membership], status: Status, evidence: Evidence) -> str:
    """Say what rests on `evidence`, and what an earlier report had done already."""
    words = ["suppressed" if suppression.scopes[GLOBAL].evidence == evidence else "already suppressed"]
    lists = [membership.list_id for membership in left if membership.ended == evidence]
    if lists:
        words.append(f"unsubscribed from {', '.join(lists)}")
    words.append(f"marked {status.state}" if status.since == evidence else f"already {status.state}")
    return ", ".join(words)
