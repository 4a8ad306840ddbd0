"""The Review table's items as PynamoDB models.

| part       | item          | holds                                     | written                                   |
|------------|---------------|-------------------------------------------|-------------------------------------------|
| `groups#H` | `SHAPE#DAY`   | that verdicts of a shape came in on a day | before the first of them on each day       |
| `SHAPE#R`  | a report's id | the verdict, why it waits, the decision   | once, and once more by the decision       |

SHAPE is a shape's id and H its first digit; R is the first digit of the report's id. So what one flood writes is spread
over sixteen partitions, and its group's item is written once a day, whatever its size: again only where verdicts that
came in on one day are put here on several, which it has to outlive.

Every attribute but `expires_at` is a function of the verdict, until a person decides: whatever order verdicts come in,
and how often, the table ends the same.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from bounces.errors import RecordError
from bounces.records import Verdict
from bounces.store import evidence
from bounces.store.decisions import Choice, Decision
from bounces.store.waiting import KEPT, MAX_ITEM_BYTES, Day, Item, written_in

GROUPS: Final = "groups#"
SHARDS: Final = "0123456789abcdef"


def part_of(shape_id: str, report: str) -> str:
    """Return the partition of the report with the id `report`, or with one that begins so. Ids are hexadecimal."""
    shard = report[:1].lower()
    return f"{shape_id}#{shard if shard and shard in SHARDS else SHARDS[0]}"


class ReviewTableItem(Model):
    """What every item of the table has."""

    part = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    why = UnicodeAttribute()
    expires_at = NumberAttribute()  # the table's TTL attribute


class DayItem(ReviewTableItem):
    """A day of a group."""

    shape = UnicodeAttribute()

    def read(self) -> Day:
        """Return what this item holds."""
        shape_id, _, day = self.item.partition("#")
        return Day(shape_id, date.fromisoformat(day), self.why, self.shape)

    @classmethod
    def of(cls, day: Day, now: datetime) -> Self:
        """Return the item that holds `day`. It outlives what came in on it and is put here on the day of `now`."""
        last = max(day.day, now.date())
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1) + KEPT
        return cls(*day_key(day.shape_id, day.day), why=day.why, shape=day.shape, expires_at=int(end.timestamp()))


class WaitingItem(ReviewTableItem):
    """A verdict that waits, or did."""

    verdict = UnicodeAttribute()  # as JSON, without the report's id, which is the key
    choice = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    recipient = UnicodeAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    decided_at = UnicodeAttribute(null=True)
    decided_why = UnicodeAttribute(null=True)

    def read(self) -> Item:
        """Return what this item holds. Raises `RecordError` where it is not as this module writes it."""
        try:
            written = json.loads(self.verdict)
            written["report"]["id"] = self.item
        except (ValueError, TypeError, KeyError) as error:
            raise RecordError(f"the item {self.part} {self.item} of the review is not as it was written") from error
        return Item(self.part.partition("#")[0], self.why, Verdict.from_json(written), self._decision())

    def _decision(self) -> Decision | None:
        if self.choice is None or self.decided_at is None:
            return None
        return Decision(
            choice=Choice(self.choice),
            by=self.decided_by or "",
            at=evidence.read(self.decided_at),
            why=self.decided_why or "",
            category=self.category,
            recipient=self.recipient,
        )

    def actions(self, decision: Decision) -> list[Any]:
        """Return the changes that record `decision`."""
        cls: Any = type(self)
        changes = [
            cls.choice.set(decision.choice.value),
            cls.decided_by.set(decision.by),
            cls.decided_at.set(evidence.written(decision.at)),
            cls.decided_why.set(decision.why),
        ]
        if decision.category:
            changes.append(cls.category.set(decision.category))
        if decision.recipient:
            changes.append(cls.recipient.set(decision.recipient))
        return changes

    @classmethod
    def of(cls, item: Item, now: datetime) -> Self:
        """Return the item that holds `item`, on which nothing is decided yet and which is put here `now`."""
        report = item.verdict.report
        part, expires_at = part_of(item.shape_id, report.id), int((max(item.came, now) + KEPT).timestamp())
        fixed = ("part", part, "item", report.id, "why", item.why, "expires_at", "8 bytes.", "verdict")
        room = MAX_ITEM_BYTES - sum(len(text.encode()) for text in fixed)
        return cls(part, report.id, why=item.why, expires_at=expires_at, verdict=written_in(room, item.verdict))


def day_key(shape_id: str, day: date) -> tuple[str, str]:
    """Return the key of the item that says that verdicts of a shape came in on `day`."""
    return GROUPS + shape_id[:1], f"{shape_id}#{day.isoformat()}"
