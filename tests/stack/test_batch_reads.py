"""Reading by batches from a DynamoDB that leaves some undone: what is asked for again, at what pace, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest import mock

import pytest

from bounces.errors import ContentionError
from bounces.store import GLOBAL, Cause, Suppression, batch_reads
from bounces.store.evidence import Evidence
from bounces.store.merging import Told
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.pressed import leaving_undone
from tests.stack.suppression_commands import Bounces
from tests.stack.verdicts import NOON, hard

ADDRESSES = [f"u{number}@example.com" for number in range(230)]


@pytest.fixture
def pauses() -> Iterator[list[float]]:
    """Have nobody sleep, and say for how long they would."""
    slept: list[float] = []
    with mock.patch("bounces.store.batch_reads.time.sleep", slept.append):
        yield slept


def suppressed(address: str) -> Suppression:
    cause = Cause("manual", "import", Evidence(NOON, address), NOON)
    return Suppression(address).suppressed(GLOBAL, cause)


def check(tables: Tables) -> set[str]:
    found = tables.store.check(ADDRESSES, None, NOON)
    return {checked.address for checked in found if not checked.sendable}


def test_what_was_left_undone_is_asked_for_again_at_a_slower_pace(tables: Tables, pauses: list[float]) -> None:
    for address in ADDRESSES[::10]:
        tables.store.apply(hard(recipient=address, addressee=address))
    with leaving_undone(tables.suppressions, "BatchGetItem", times=7):
        assert check(tables) == set(ADDRESSES[::10])
    assert pauses == [0.05 * 2**attempt for attempt in range(7)]


def test_each_call_has_its_own_attempts(tables: Tables, pauses: list[float]) -> None:
    tables.store.merge(map(suppressed, ADDRESSES))
    with leaving_undone(tables.suppressions, "BatchGetItem", times=7), in_memory.calls() as calls:
        assert check(tables) == set(ADDRESSES)
    asked = [len(its["RequestItems"][tables.suppressions]["Keys"]) for _, its in calls.made]
    assert asked == [100, *[1] * 7, 100, 30]
    assert len(pauses) == 7


READERS: dict[str, Callable[[Tables], object]] = {
    "check": check,
    "merge": lambda tables: tables.store.merge(map(suppressed, ADDRESSES)),
    "subscribe": lambda tables: tables.store.subscribe_all([Told(ADDRESSES[0], "news", None, NOON)]),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_stays_undone_is_given_up_and_nothing_is_written(
    tables: Tables, pauses: list[float], read: Callable[[Tables], object]
) -> None:
    table = tables.subscribers if read is READERS["subscribe"] else tables.suppressions
    with (
        leaving_undone(table, "BatchGetItem", times=1000),
        in_memory.calls() as calls,
        pytest.raises(ContentionError, match=f"{table} left some of a batch undone 8 times in a row"),
    ):
        read(tables)
    assert calls.operations == ["BatchGetItem"] * batch_reads.ATTEMPTS
    assert sum(pauses) == pytest.approx(6.35)


@pytest.mark.parametrize("times", [3, 1000])
def test_a_merge_under_pressure_writes_only_what_is_new(tables: Tables, pauses: list[float], times: int) -> None:
    tables.store.merge(map(suppressed, ADDRESSES[:150]))
    with leaving_undone(tables.suppressions, "BatchGetItem", times=times), in_memory.calls() as calls:
        if times == 3:
            merged = tables.store.merge(map(suppressed, ADDRESSES))
            assert (merged.addresses, merged.changed) == (230, 80)
        else:
            with pytest.raises(ContentionError):
                tables.store.merge(map(suppressed, ADDRESSES))
    assert len(calls.writes) == (80 if times == 3 else 0)
    assert len(pauses) == min(times, 7)


def test_keys_that_are_given_twice_are_asked_for_once(tables: Tables) -> None:
    told = [Told("a@example.com", "news", name, NOON + timedelta(seconds=place)) for place, name in enumerate("123")]
    with in_memory.calls() as calls:
        tables.store.subscribe_all(told)
    (asked,) = [its for name, its in calls.made if name == "BatchGetItem"]
    assert len(asked["RequestItems"][tables.subscribers]["Keys"]) == 1
    assert tables.store.memberships("a@example.com")[0].subscriber == "3"


def test_the_command_says_that_it_may_be_tried_again(
    tables: Tables, bounces: Bounces, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with leaving_undone(tables.suppressions, "BatchGetItem", times=1000):
        assert bounces("suppressions", "check", "a@example.com") == 3
    assert "8 times in a row; try again" in capsys.readouterr().err
    assert pauses
