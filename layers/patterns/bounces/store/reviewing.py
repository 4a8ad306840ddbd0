"""Carrying a person's decisions out: the ordinary path first, then the record of it.

In this order a run that breaks off leaves nothing that was recorded and not done, and the same run again does the rest:
what was applied has its own id and is a duplicate, what was decided is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from bounces.errors import ReviewDecided, ReviewError, ReviewGone
from bounces.patterns.policy import Policy
from bounces.records import Verdict
from bounces.store.applied import Applied
from bounces.store.decisions import Decision, applied_to
from bounces.store.review import ReviewStore
from bounces.store.waiting import Item


class Applies(Protocol):
    """What does what a verdict calls for: `bounces.store.Store`."""

    def apply(self, verdict: Verdict, policy: Policy | None = None) -> Applied:
        """Do what `verdict` calls for by `policy`, once."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of an item: it and what was done, in words. `is_new` says that it was not decided before.

    `problem` says why it still waits, where it does.
    """

    item: Item
    words: str
    is_new: bool = True
    problem: str | None = None


class Reviewer:
    """Decides about items by a store, to apply what follows, and a policy."""

    def __init__(self, review: ReviewStore, store: Applies | None, policy: Policy) -> None:
        """Take the review, the store (None for whoever only dismisses) and the policy that holds."""
        self._review = review
        self._store = store
        self._policy = policy

    def checked(self, decision: Decision) -> Decision:
        """Return `decision` as it is kept. Raises `ReviewError` where it can be made about no item."""
        return decision.checked(self._policy)

    def decide(self, item: Item, decision: Decision) -> Reviewed:
        """Carry `decision` out on `item`, which is new to whoever calls it twice only once.

        Raises `ReviewDecided` where it was decided otherwise, `ReviewError` where it cannot be made about this item.
        """
        decision = self.checked(decision)
        self._review.check(item, decision)
        if item.decision is not None:
            return Reviewed(item, f"was {item.decision.words} before", is_new=False)
        words = decision.words
        if decision.is_applied:
            if self._store is None:
                raise ReviewError("there is no store to apply it to; nothing was done")
            words = self._store.apply(applied_to(item.verdict, decision), self._policy).words
        return Reviewed(self._review.decided(item, decision), words)

    def decide_all(self, shape_id: str, decision: Decision) -> Iterator[Reviewed]:
        """Carry `decision` out on everything that waits in a group, and yield what becomes of each.

        One about which it cannot be made, or that somebody else decides meanwhile, keeps no other from it.
        """
        for item in self._review.items(shape_id, waiting=True):
            try:
                yield self.decide(item, decision)
            except (ReviewDecided, ReviewGone) as error:
                yield Reviewed(item, str(error), is_new=False)
            except ReviewError as error:
                yield Reviewed(item, str(error), is_new=False, problem=str(error))
