"""The store: what the tables know of an address, how a verdict changes it, and what an operator decides.

`bounces.store.applying` says in which order, and why any call may fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from bounces.patterns.policy import Policy, default_policy
from bounces.records import Verdict
from bounces.store import applying, checking, deciding, merging, scanning
from bounces.store.applied import Applied
from bounces.store.checking import Checked
from bounces.store.deciding import MAX_WORDS, Undone, second
from bounces.store.history import Decided, Past
from bounces.store.keys import address_key, list_key
from bounces.store.merging import Each, Merged, Told
from bounces.store.scanning import Key, PastPage, Sought, SuppressionPage
from bounces.store.states import Membership, Status
from bounces.store.suppressions import Cause, Lift, Suppression, scope_of
from bounces.store.tables import Tables

LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
"""When the platform told a membership of which it gives no time."""


class Store:
    """The Subscribers and Suppressions tables. Where a method takes a policy, ours holds without one.

    Every method that takes an address raises `RecipientError` where it is none.
    """

    def __init__(self, subscribers_table: str, suppressions_table: str) -> None:
        """Name the tables. No call is made before the first operation."""
        self._tables = Tables(subscribers_table, suppressions_table)

    def apply(self, verdict: Verdict, policy: Policy | None = None) -> Applied:
        """Do what `verdict` calls for by `policy`, once, and return what was done.

        Raises `RecipientError` where the report is about no mail address and `RecordError` where it has no time; every
        other error may pass, and applying the verdict again then finishes what was begun.
        """
        return applying.apply(self._tables, verdict, policy or default_policy())

    def status(self, address: str) -> Status:
        """Return where `address` stands; active where nothing is known of it."""
        return self._tables.status_of(address_key(address))

    def memberships(self, address: str) -> tuple[Membership, ...]:
        """Return the lists that `address` is or was on, by their ids."""
        return tuple(self._tables.memberships_of(address_key(address)))

    def suppression(self, address: str) -> Suppression | None:
        """Return why `address` is not to be mailed, and what was lifted; None where nothing is known of it."""
        known = self._tables.suppression_of(address_key(address))
        return known if known.scopes else None

    def history(self, address: str) -> tuple[Past, ...]:
        """Return the reports on `address` that are still remembered, the earliest event first."""
        pasts = (item.read() for item in self._tables.pasts_of(address_key(address)))
        return tuple(sorted(pasts, key=lambda past: past.evidence))

    def decisions(self, address: str) -> tuple[Decided, ...]:
        """Return what operators decided about `address`, the earliest first."""
        return tuple(item.read() for item in self._tables.decisions_of(address_key(address)))

    def check(self, addresses: Sequence[str], list_id: str | None, now: datetime) -> tuple[Checked, ...]:
        """Return for each of `addresses`, at most 1,000, whether it may be mailed: `bounces.store.checking.check`."""
        return checking.check(self._tables, addresses, list_id, now)

    def suppressions(self) -> Iterator[Suppression]:
        """Yield every suppression, in no order, reading a page at a time; those that were lifted, too."""
        return (each for page in self.suppression_pages() for each in page.suppressions)

    def suppression_pages(self, since: datetime | None = None, after: Key | None = None) -> Iterator[SuppressionPage]:
        """Yield the same in pages, from the key `after` on; only those that were written at `since` or later."""
        return scanning.suppression_pages(self._tables, None if since is None else second(since), after)

    def past_pages(self, sought: Sought) -> Iterator[PastPage]:
        """Yield the remembered reports of all addresses that are `sought`, in pages: `bounces.store.scanning`."""
        return scanning.past_pages(self._tables, sought)

    def table_ids(self) -> tuple[str, str]:
        """Return what names the two tables and no others, not even those that once had their names."""
        return scanning.identity(self._tables.status), scanning.identity(self._tables.suppression)

    def counts(self) -> tuple[int, int]:
        """Return how many items the two tables had some hours ago: to show progress by."""
        return scanning.count(self._tables.status), scanning.count(self._tables.suppression)

    def merge(self, given: Iterable[Suppression], each: Each = map) -> Merged:
        """Add what `given` says to what is known: `bounces.store.merging.merge`. `each` may write side by side."""
        return merging.merge(self._tables, given, each)

    def unknown(self, given: Iterable[Suppression]) -> int:
        """Return of how many addresses `merge` would find something new in `given`. Changes nothing."""
        return merging.unknown(self._tables, given)

    def unknown_memberships(self, given: Sequence[Told]) -> int:
        """Return how many of `given` would be new to `subscribe_all`. Changes nothing."""
        return merging.unknown_memberships(self._tables, given)

    def subscribe(
        self,
        address: str,
        list_id: str,
        subscriber_id: str | None = None,
        *,
        told: datetime | None = None,
        policy: Policy | None = None,
    ) -> Membership:
        """Put `address` on the list `list_id`, or note its subscriber id there, and return the membership.

        `told` is when the platform said so (None: long ago): the id that it said last stands. A membership that a
        report ended stays ended, importing a list again must not bring back who bounced, unless the address was lifted
        since the report and before `told`.
        """
        key, list_id, time = address_key(address), list_key(list_id), LONG_AGO if told is None else second(told)
        return deciding.subscribe(self._tables, key, list_id, subscriber_id, time, policy or default_policy())

    def subscribe_all(self, given: Sequence[Told], policy: Policy | None = None, each: Each = map) -> int:
        """Put many addresses on lists, and return of how many that was new. `each` may write side by side."""
        return merging.subscribe(self._tables, given, policy or default_policy(), each)

    def suppress(self, address: str, scope: str, cause: Cause) -> Suppression:
        """Suppress `address` in `scope` for `cause`, as an import does, and return its suppression."""
        return deciding.suppress(self._tables, address_key(address), scope, cause)

    def add(
        self, address: str, reason: str, *, at: datetime, by: str, why: str,
        list_id: str | None = None, expires: datetime | None = None,
    ) -> Suppression:  # fmt: skip
        """Suppress `address` for `reason`, for the list `list_id` or every one, and return its suppression."""
        end = None if expires is None else second(expires)
        decision = _decision(at, by, why)
        return deciding.add(self._tables, address_key(address), scope_of(list_id), decision, reason[:MAX_WORDS], end)

    def lift(
        self, address: str, *, at: datetime, by: str, why: str, list_id: str | None = None, policy: Policy | None = None
    ) -> Suppression:
        """Set `address` free, for the list `list_id` or every one, and return its suppression.

        No report of `at` or before suppresses it again, however late it comes.
        """
        decision = _decision(at, by, why)
        scope = scope_of(list_id)
        return deciding.lift(self._tables, address_key(address), scope, decision, policy or default_policy())

    def undo(
        self, address: str, report: str, *, at: datetime, by: str, why: str, policy: Policy | None = None
    ) -> Status:
        """Take the report whose id is `report`, or begins so, back, and return the status that the others leave.

        Suppression, memberships and status become what they were without it. Raises `UnknownReport` where none, or more
        than one, is remembered.
        """
        undone = self.undo_all(address, (report,), at=at, by=by, why=why, policy=policy)
        if undone.unknown:
            raise undone.unknown[0]
        return undone.status

    def undo_all(
        self, address: str, reports: Iterable[str], *, at: datetime, by: str, why: str, policy: Policy | None = None
    ) -> Undone:
        """Take each of `reports` back that is remembered, as `undo` does one, and return what came of that."""
        decision = _decision(at, by, why)
        return deciding.undo(self._tables, address_key(address), reports, decision, policy or default_policy())


def _decision(at: datetime, by: str, why: str) -> Lift:
    return Lift(second(at), by[:MAX_WORDS], why[:MAX_WORDS])
