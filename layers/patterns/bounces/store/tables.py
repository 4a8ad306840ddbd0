"""The Subscribers and Suppressions tables as the operations use them: reading items, and changing one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException

from bounces.errors import ContentionError
from bounces.store.facts import Facts, decided_cause
from bounces.store.history import What
from bounces.store.models import (
    DECISION,
    LIST,
    REPORT,
    STATUS,
    AnyModel,
    AnyState,
    DecisionItem,
    MembershipItem,
    PastItem,
    StateItem,
    StatusItem,
    SubscriberItem,
    SuppressionItem,
    in_table,
)
from bounces.store.states import Membership, Status
from bounces.store.suppressions import GLOBAL, Cause, Suppression

ATTEMPTS: Final = 8
"""Two writers on one item are rare (one address, two messages), more than a few in a row are a fault."""


class Tables:
    """The two tables. No call is made before the first operation."""

    def __init__(self, subscribers: str, suppressions: str) -> None:
        """Name them."""
        keys = in_table(SubscriberItem, subscribers)
        self.status = in_table(StatusItem, subscribers, beside=keys)
        self.membership = in_table(MembershipItem, subscribers, beside=keys)
        self.past = in_table(PastItem, subscribers, beside=keys)
        self.decision = in_table(DecisionItem, subscribers, beside=keys)
        self.suppression = in_table(SuppressionItem, suppressions)

    def status_of(self, address: str) -> Status:
        """Return where `address` stands; active where nothing is known of it."""
        item = found(self.status, address, STATUS)
        return Status() if item is None else item.read()

    def memberships_of(self, address: str) -> Iterator[Membership]:
        """Yield the lists that `address` is or was on, by their ids."""
        items = self.membership.query(address, self.membership.item.startswith(LIST), consistent_read=True)
        return (item.read() for item in items)

    def pasts_of(self, address: str) -> Iterator[PastItem]:
        """Yield the reports on `address` that are still remembered."""
        return iter(self.past.query(address, self.past.item.startswith(REPORT), consistent_read=True))

    def facts_of(self, address: str) -> Facts:
        """Return what the reports on `address` say that are still remembered."""
        return Facts.of(item.read() for item in self.pasts_of(address))

    def decisions_of(self, address: str) -> Iterator[DecisionItem]:
        """Yield the decisions on `address` that are still remembered, by time."""
        return iter(self.decision.query(address, self.decision.item.startswith(DECISION), consistent_read=True))

    def decided_causes(self, address: str, scope: str) -> list[Cause]:
        """Return why operators suppressed `address` in `scope`, as far as that is still remembered."""
        return [cause for item in self.decisions_of(address) if (cause := decided_cause(item.read(), scope))]

    def lifts_of(self, address: str) -> Iterator[DecisionItem]:
        """Yield the lifts of `address` for every list that are still remembered, by time."""
        return (each for each in self.decisions_of(address) if (each.what, each.scope) == (What.LIFTED, GLOBAL))

    def suppression_of(self, address: str) -> Suppression:
        """Return why `address` is not to be mailed, without a scope where nothing is known of it."""
        item = found(self.suppression, address)
        return Suppression(address) if item is None else item.read()

    def change_membership(
        self, address: str, list_id: str, change: Callable[[Membership], Membership], *, make: bool = False
    ) -> Membership:
        """Change the membership of `address` in `list_id`, and return it."""
        return changed(self.membership, (address, LIST + list_id), Membership(list_id), change, make=make)

    def change_suppression(self, address: str, change: Callable[[Suppression], Suppression]) -> Suppression:
        """Change the suppression of `address`, and return it."""
        return changed(self.suppression, (address, None), Suppression(address), change)


def changed(
    model: type[StateItem[AnyState]],
    key: tuple[str, str | None],
    initial: AnyState,
    change: Callable[[AnyState], AnyState],
    *,
    make: bool = False,
) -> AnyState:
    """Change the item at `key` and return its state after: read it, and write it if nobody did in between.

    Where it stays as it was nothing is written; one that is not there is `initial`, and written so only if `make`. A
    write whose answer was lost is refused when it is sent again; the item then already is as it should be. Raises
    `ContentionError` where others keep changing it.
    """
    for _ in range(ATTEMPTS):
        item = found(model, *key)
        before = initial if item is None else item.read()
        after = change(before)
        if after == before and (item is not None or not make):
            return after
        if is_saved(model, item, model.of(key[0], after)):
            return after
    raise contended(model)


def is_saved(model: type[StateItem[AnyState]], before: StateItem[AnyState] | None, after: StateItem[AnyState]) -> bool:
    """Save `after` if the item is still as it was read `before` (None: not there), and say whether it was."""
    unchanged = model.address.does_not_exist() if before is None else model.etag == before.etag
    try:
        after.save(condition=unchanged)
    except PutError as error:
        if is_refused(error):
            return False
        raise
    return True


def is_refused(error: PynamoDBException) -> bool:
    """Say whether a write was refused by its condition."""
    return error.cause_response_code == "ConditionalCheckFailedException"


def contended(model: type[AnyModel]) -> ContentionError:
    """Return the error of an item that others kept changing."""
    return ContentionError(
        f"an item of {model.Meta.table_name} was changed by others {ATTEMPTS} times in a row; try again"
    )


def found(model: type[AnyModel], address: str, item: str | None = None) -> AnyModel | None:
    """Return the item, as it is after every write before; None where there is none."""
    try:
        return model.get(address, item, consistent_read=True)
    except DoesNotExist:
        return None
