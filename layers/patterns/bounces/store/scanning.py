"""Going through a whole table, a page at a time, so that it can be gone on with where it was left."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from bounces.store import evidence
from bounces.store.history import Past
from bounces.store.models import REPORT, AddressItem, AnyModel, PastItem
from bounces.store.suppressions import Suppression
from bounces.store.tables import Tables

PAGE: Final = 2_000
"""Items that are looked at for a page: some hundred kilobytes."""

Key = Mapping[str, Any]
"""Where a page ended, as DynamoDB has it."""


@dataclass(frozen=True, slots=True)
class SuppressionPage:
    """Some suppressions, how many were looked at to find them, and where to go on; None: that was the last page."""

    suppressions: tuple[Suppression, ...]
    looked_at: int
    next: Key | None


@dataclass(frozen=True, slots=True)
class PastPage:
    """The same of reports in addresses' histories, each with its address."""

    pasts: tuple[tuple[str, Past], ...]
    looked_at: int
    next: Key | None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which reports are sought: of all that is given here. Only what changed something is found.

    `since` and `until` are of when a report was applied, by our clock; `event_since` and `event_until` of when it says
    that it happened, which a stranger may have written.
    """

    rule: str | None = None
    provider: str | None = None
    source: str | None = None
    remote_mta: str | None = None  # itself, and what is under it
    since: datetime | None = None
    until: datetime | None = None
    event_since: datetime | None = None
    event_until: datetime | None = None

    def is_met_by(self, past: Past) -> bool:
        """Say whether the host that is sought is that of `past`; DynamoDB looks at the rest."""
        if self.remote_mta is None:
            return True
        known, sought = (_host(text) for text in (past.remote_mta or "", self.remote_mta))
        return known == sought or known.endswith(f".{sought}")


def suppression_pages(tables: Tables, since: datetime | None, after: Key | None) -> Iterator[SuppressionPage]:
    """Yield every suppression that was written at `since` or later, from the key `after` on, in no order."""
    model = tables.suppression
    # Of an item without the attribute, from before there was one, nobody knows when it was written.
    newer = None if since is None else (model.written >= evidence.written(since)) | model.written.does_not_exist()
    # Eventually consistent, at half the price: who asks for what is new has to overlap by more than that.
    for items, looked_at, following in _pages(model, newer, after):
        yield SuppressionPage(tuple(item.read() for item in items), looked_at, following)


def past_pages(tables: Tables, sought: Sought) -> Iterator[PastPage]:
    """Yield every report that is `sought`, those that are undone too. The reports of one address follow one another."""
    model = tables.past
    condition = model.item.startswith(REPORT) & model.effect.exists()
    for attribute, text in (
        (model.rule, sought.rule),
        (model.provider, sought.provider),
        (model.source, sought.source),
    ):
        if text is not None:
            condition &= attribute == text
    if sought.since is not None:
        condition &= _applied(model, operator.ge, sought.since)
    if sought.until is not None:
        condition &= _applied(model, operator.lt, sought.until)
    if sought.event_since is not None:
        condition &= model.event_time >= evidence.written(sought.event_since)
    if sought.event_until is not None:
        condition &= model.event_time < evidence.written(sought.event_until)
    if sought.remote_mta is not None:
        condition &= model.remote_mta.exists()
    for items, looked_at, following in _pages(model, condition, None, consistent=True):
        pasts = ((item.address, item.read()) for item in items)
        found = tuple((address, past) for address, past in pasts if sought.is_met_by(past))
        yield PastPage(found, looked_at, following)


def count(model: type[AddressItem]) -> int:
    """Return how many items the table of `model` had when DynamoDB last counted, some hours ago."""
    return int(model.describe_table()["ItemCount"])


def identity(model: type[AddressItem]) -> str:
    """Return what names the table of `model` and no other, not even one that had its name before."""
    described = model.describe_table()
    return str(described.get("TableId") or described["TableArn"])


def _applied(model: type[PastItem], compares: Callable[[Any, str], Condition], time: datetime) -> Condition:
    """Return that when a report was applied `compares` so to `time`; of items of before, when our door got it."""
    text = evidence.written(time)
    came = compares(model.received, text) | (model.received.does_not_exist() & compares(model.event_time, text))
    met: Condition = compares(model.applied, text) | (model.applied.does_not_exist() & came)
    return met


def _host(text: str) -> str:
    """Return the name of a host as it is compared; `dns; ` may stand before it (RFC 3464 2.3.5)."""
    return text.rpartition(";")[2].strip().lower().rstrip(".")


def _pages(
    model: type[AnyModel], condition: Condition | None, after: Key | None, *, consistent: bool = False
) -> Iterator[tuple[list[AnyModel], int, Key | None]]:
    start = None if after is None else dict(after)
    found = model.scan(condition, last_evaluated_key=start, page_size=PAGE, consistent_read=consistent).page_iter
    for page in found:
        items = [model.from_raw_data(item) for item in page["Items"]]
        yield items, int(page["ScannedCount"]), page.get("LastEvaluatedKey")
