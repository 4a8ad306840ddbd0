"""The Review table: verdicts that were not acted on for doubt, grouped by shape, until a person decides or they expire.

Keeping one is a read and a write, or for one that is kept already the read alone; the first of a shape on a day, as far
as this process knows, costs a read and a write more. Groups are not counted as they grow, which would make one item
hot: they are counted when somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, Final

from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException, UpdateError
from pynamodb.expressions.condition import Condition

from bounces.errors import ReviewDecided, ReviewError, ReviewGone, shown
from bounces.records import Verdict
from bounces.store import clock
from bounces.store.decisions import Decision
from bounces.store.models import in_table
from bounces.store.review_items import GROUPS, SHARDS, DayItem, ReviewTableItem, WaitingItem, part_of
from bounces.store.shapes import SHAPE_ID
from bounces.store.waiting import Day, Item, day_of

MAX_KNOWN: Final = 10_000
"""Groups that a process remembers as written: a megabyte or so."""
COUNTING: Final = 8
"""Partitions that are counted at once; botocore keeps ten connections."""


@dataclass(frozen=True, slots=True)
class Group:
    """What has one shape: how many wait, how many there are, the days of the first and the last, and one of them."""

    id: str
    why: str
    shape: str
    waiting: int
    total: int
    first: date
    last: date
    sample: Item | None


class ReviewStore:
    """The Review table."""

    def __init__(self, table: str) -> None:
        """Name the table. No call is made before the first operation."""
        keys = in_table(ReviewTableItem, table)
        self._day = in_table(DayItem, table, beside=keys)
        self._item = in_table(WaitingItem, table, beside=keys)
        self._known: dict[tuple[str, str], int] = {}  # until when, in seconds since 1970

    def keep(self, verdict: Verdict, why: str) -> bool:
        """Have `verdict` wait for a person because of `why` (`review_reasons.review_reason`), and say if it is new.

        Any call of it may fail after it took effect, and keeping it again then ends it: the group is written before the
        verdict, so one that is there is in a group. Raises `RecordError` where the report has no time.
        """
        day, now = day_of(verdict, why), clock.now()
        item = self._item.of(Item(day.shape_id, why, verdict), now)
        if _found(self._item, item.part, item.item) is not None:
            return False
        self._keep_day(self._day.of(day, now))
        # Nothing of one that is there, and perhaps decided, is changed.
        _save(item, self._item.part.does_not_exist())
        return True

    def groups(self, *, decided: bool = False) -> Iterator[Group]:
        """Yield each group of which some wait, in no order; with `decided`, those too of which none does."""
        with ThreadPoolExecutor(COUNTING) as pool:
            for shard in SHARDS:
                days = (item.read() for item in self._day.query(GROUPS + shard, consistent_read=True))
                for _, same in groupby(days, key=lambda day: day.shape_id):
                    group = self._counted(list(same), pool)
                    if group.waiting or (decided and group.total):
                        yield group

    def group(self, shape_id: str) -> Group:
        """Return the group with the id `shape_id`. Raises `ReviewGone` where there is none."""
        part, prefix = GROUPS + shape_id[:1], f"{shape_id}#"
        found = self._day.query(part, self._day.item.startswith(prefix), consistent_read=True) if shape_id else ()
        days = [item.read() for item in found]
        if not days:
            raise ReviewGone(
                f"there is no group {shown(shape_id)}, or all of it has expired; see `bounces review list`"
            )
        with ThreadPoolExecutor(COUNTING) as pool:
            return self._counted(days, pool)

    def items(self, shape_id: str, *, waiting: bool = False) -> Iterator[Item]:
        """Yield the verdicts of a shape, or of these only what is `waiting`, in no order, a page at a time."""
        for shard in SHARDS:
            yield from self._items(f"{shape_id}#{shard}", waiting=waiting)

    def item(self, item_id: str) -> Item:
        """Return the verdict with the id `item_id`, of which the end may be left out.

        Raises `ReviewGone` where there is none, `ReviewError` where there are several.
        """
        shape_id, _, report = item_id.partition("-")
        if len(shape_id) != SHAPE_ID or not report:
            raise ReviewError(f"{shown(item_id)} is no id of an item, which is a group's id, `-` and a report's id")
        part = part_of(shape_id, report)
        found = list(self._item.query(part, self._item.item.startswith(report), consistent_read=True, limit=2))
        if not found:
            raise ReviewGone(
                f"there is no item {shown(item_id)}, or it has expired; see `bounces review show {shape_id}`"
            )
        if len(found) > 1 and found[0].item != report:
            raise ReviewError(f"several items begin with {shown(item_id)}; give more of the id")
        return found[0].read()

    def decided(self, item: Item, decision: Decision) -> Item:
        """Record `decision` on `item`, and return it as it is then: who decided the same before stands.

        Raises `ReviewDecided` where it was decided otherwise, `ReviewGone` where it has expired.
        """
        report = item.verdict.report.id
        kept = self._item(part_of(item.shape_id, report), report)
        try:
            kept.update(
                actions=kept.actions(decision),
                condition=self._item.verdict.exists() & self._item.choice.does_not_exist(),
            )
        except UpdateError as error:
            if not _is_refused(error):
                raise
        else:
            return replace(item, decision=decision)
        # Somebody else's decision, or our own whose answer was lost.
        known = _found(self._item, kept.part, kept.item)
        if known is None:
            raise ReviewGone(f"the item {item.id} is no more; it has expired meanwhile")
        return self.check(known.read(), decision)

    @staticmethod
    def check(item: Item, decision: Decision) -> Item:
        """Return `item`. Raises `ReviewDecided` where something else than `decision` was decided on it."""
        known = item.decision
        if known is not None and not known.is_same_as(decision):
            raise ReviewDecided(
                f"{item.id} was {known.words} on {known.at:%Y-%m-%d %H:%M} UTC by {shown(known.by)} "
                f"({shown(known.why)}), and stays so"
            )
        return item

    def _keep_day(self, day: DayItem) -> None:
        """Have the item `day` there, for no less long than it says."""
        key, until = (day.part, day.item), int(day.expires_at)
        if self._known.get(key, 0) >= until:
            return
        known = _found(self._day, *key)
        if known is None or known.expires_at < until:
            _save(day, self._day.part.does_not_exist() | (self._day.expires_at < until))
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[key] = until

    def _counted(self, days: list[Day], pool: ThreadPoolExecutor) -> Group:
        """Return the group of `days`, in order, with what there is of it now."""
        newest = days[-1]
        parts = [f"{newest.shape_id}#{shard}" for shard in SHARDS]
        counts = list(pool.map(self._count, parts))
        full = [part for part, (waiting, _) in zip(parts, counts, strict=True) if waiting] or [
            part for part, (_, total) in zip(parts, counts, strict=True) if total
        ]
        waiting = sum(waiting for waiting, _ in counts)
        sample = next((each for part in full for each in self._items(part, waiting=waiting > 0, page=100)), None)
        total = sum(total for _, total in counts)
        return Group(newest.shape_id, newest.why, newest.shape, waiting, total, days[0].day, newest.day, sample)

    def _count(self, part: str) -> tuple[int, int]:
        """Return how many of a partition wait, and how many there are."""
        waiting = total = 0
        start: Any = None
        while True:
            page: Any = self._item._get_connection().query(
                part,
                filter_condition=self._item.choice.does_not_exist(),
                consistent_read=True,
                exclusive_start_key=start,
                select="COUNT",
            )
            waiting += page["Count"]
            total += page["ScannedCount"]
            start = page.get("LastEvaluatedKey")
            if not start:
                return waiting, total

    def _items(self, part: str, *, waiting: bool, page: int | None = None) -> Iterator[Item]:
        undecided = self._item.choice.does_not_exist() if waiting else None
        for found in self._item.query(part, filter_condition=undecided, consistent_read=True, page_size=page):
            yield found.read()


def _save(item: ReviewTableItem, condition: Condition) -> None:
    """Write `item` if `condition` is true of what is there."""
    try:
        item.save(condition=condition)
    except PutError as error:
        if not _is_refused(error):
            raise


def _is_refused(error: PynamoDBException) -> bool:
    return error.cause_response_code == "ConditionalCheckFailedException"


def _found(model: type[Any], part: str, item: str) -> Any:
    try:
        return model.get(part, item, consistent_read=True)
    except DoesNotExist:
        return None
