"""The Mailboxes table: who scans a mailbox, and how far it was worked off.

Every write names who it is that writes, and is refused where that one no longer has the lease. What the clocks of
machines have to do with it is not known here (`bounces.aws.mailbox_state`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pynamodb.exceptions import DoesNotExist, UpdateError

from bounces.store.mailbox_items import STATE, ScanItem
from bounces.store.models import in_table
from bounces.store.tables import is_refused


@dataclass(frozen=True, slots=True)
class Scan:
    """The state of a mailbox: how far it was worked off, and the lease of whoever scans it.

    `lease_until` is in seconds since 1970. `cut_off`: a scan did not end cleanly, and none since then has got further.
    """

    epoch: str = ""
    done: int = 0
    missed: tuple[int, ...] = ()
    owner: str | None = None
    lease_until: float = 0.0
    cut_off: bool = False


class ScanStore:
    """The state of one mailbox in the Mailboxes table."""

    def __init__(self, table: str, mailbox: str) -> None:
        """Name the table and the mailbox. No call is made before the first operation."""
        self._scan = in_table(ScanItem, table)
        self._mailbox = mailbox

    def read(self) -> Scan:
        """Return the mailbox's state, as it is after every write before."""
        try:
            item = self._scan.get(self._mailbox, STATE, consistent_read=True)
        except DoesNotExist:
            return Scan()
        return Scan(
            item.epoch or "",
            int(item.done or 0),
            tuple(sorted(map(int, item.missed or ()))),
            item.owner,
            float(item.lease_until or 0),
            bool(item.cut_off),
        )

    def take(self, before: Scan, owner: str, lease_until: float, *, cut_off: bool) -> bool:
        """Give the lease to `owner` if it is still as it was read `before`, and say whether it was."""
        its: Any = self._scan
        if before.owner is None:
            unchanged = its.owner.does_not_exist()
        else:
            unchanged = (its.owner == before.owner) & (its.lease_until == before.lease_until)
        actions = [its.owner.set(owner), its.lease_until.set(lease_until), its.cut_off.set(cut_off)]
        return self._is_updated(actions, unchanged)

    def extend(self, owner: str, lease_until: float) -> bool:
        """Have the lease of `owner` last until `lease_until`, and say whether it was still theirs."""
        its: Any = self._scan
        return self._is_updated([its.lease_until.set(lease_until)], its.owner == owner)

    def keep(self, owner: str, lease_until: float, epoch: str, done: int, missed: Collection[int]) -> bool:
        """Keep how far the mailbox was worked off, and do as `extend`."""
        its: Any = self._scan
        actions = [
            its.lease_until.set(lease_until),
            # An empty text is none, and there is no empty set: not every DynamoDB takes one.
            its.epoch.set(epoch) if epoch else its.epoch.remove(),
            its.done.set(done),
            its.missed.set(set(missed)) if missed else its.missed.remove(),
        ]
        return self._is_updated(actions, its.owner == owner)

    def give_back(self, owner: str, *, cut_off: bool) -> bool:
        """End the lease of `owner`, and say whether it was still theirs. `cut_off` is for whoever comes next."""
        its: Any = self._scan
        actions = [its.owner.remove(), its.lease_until.remove(), its.cut_off.set(cut_off)]
        return self._is_updated(actions, its.owner == owner)

    def _is_updated(self, actions: list[Any], condition: Any) -> bool:
        try:
            self._scan(self._mailbox, STATE).update(actions=actions, condition=condition)
        except UpdateError as error:
            if is_refused(error):
                return False
            raise
        return True
