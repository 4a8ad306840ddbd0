"""What reports cost, averaged over many with diagnostics of real length, by DynamoDB's rule and over every table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bounces.records import Verdict
from tests.stack import in_memory, units
from tests.stack.in_memory import Tables
from tests.stack.verdicts import NOON, delivery, hard, soft

DIAGNOSTIC = (
    "550-5.1.1 The mailbox that you write to could not be found at this host. Look whether its name is spelled as its "
    "owner gave it to you, without blanks around it. 550 5.1.1 https://mail.example.net/help/{number} [{host}]"
)
FIELDS = {
    "status": "5.1.1",
    "reply_code": "550",
    "remote_mta": "mx07.inbound.mail.example.net",
    "campaign": "2026-11-a",
}
SOFT = ("quota-issues", "message-expired", "no-answer-from-host", "bad-connection", "routing-errors")


def _fields(number: int) -> dict[str, object]:
    address = f"first.last{number:05}@customers.example.org"
    said = DIAGNOSTIC.format(number=number * 7919, host=f"mx{number % 40}.example.net")
    return FIELDS | {"recipient": address, "addressee": address, "diagnostic": said}


def _soft(number: int) -> Verdict:
    """A few soft bounces an address, on different days."""
    category = SOFT[number % len(SOFT)]
    at = NOON + timedelta(days=number % 4, minutes=number % 600)
    return soft(f"{number:05}", category, at=at, **_fields(number // 4))


def _hard(number: int) -> Verdict:
    return hard(f"{number:05}", list_id="news", at=NOON + timedelta(minutes=number), **_fields(number))


def _delivery(number: int) -> Verdict:
    return delivery(f"{number:05}", at=NOON, **_fields(number))


@pytest.fixture(scope="module")
def tables() -> Iterator[Tables]:
    with in_memory.tables() as made:
        yield made


def _average(tables: Tables, make: Callable[[int], Verdict], count: int) -> float:
    with units.counted() as used:
        for number in range(count):
            tables.store.apply(make(number))
    return used.writes() / count


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.full)])
def test_reports_cost_no_more_than_their_bars(tables: Tables, count: int) -> None:
    tables.clear()
    for number in range(count):
        tables.store.subscribe(_fields(number)["recipient"], "news", f"s{number}", told=NOON)  # type: ignore[arg-type]
    delivered = _average(tables, _delivery, count)
    ended = _average(tables, _hard, count)
    again = _average(tables, _hard, count)
    tables.clear()
    counted = _average(tables, _soft, count)
    print(f"\nwrite units: soft {counted:.3f}, hard {ended:.3f}, duplicate {again:.3f}, delivery {delivered:.3f}")
    assert counted <= 2.2
    assert ended <= 4.2
    assert again <= 1
    assert delivered == 0
