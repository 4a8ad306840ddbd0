"""The store when calls fail, before or after they took effect, and when others write in between."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from pynamodb.exceptions import PynamoDBException

from bounces.errors import ContentionError
from bounces.records import Verdict
from bounces.store import Action, Status, applying
from tests.stack import in_memory
from tests.stack.in_memory import Fault, Tables
from tests.stack.verdicts import NOON, USER, complaint, hard, soft

DAY = timedelta(days=1)


@pytest.fixture
def tables(empty_tables: Tables) -> Tables:
    empty_tables.clear()
    empty_tables.store.subscribe(USER, "news", "17")
    empty_tables.store.subscribe(USER, "offers")
    return empty_tables


CASES: dict[str, Callable[[], Verdict]] = {
    "hard": hard,
    "hard of one list": lambda: hard(list_id="news"),
    "complaint": complaint,
    "soft": soft,
    "about the sender": lambda: soft("n", "spam-related"),
}


def test_effects_come_in_their_order_with_history_last(tables: Tables) -> None:
    with in_memory.calls() as calls:
        tables.store.apply(hard())
    written = [(call["TableName"], call["Item"].get("item", {}).get("S", "")) for call in calls.writes]
    assert written == [
        (tables.suppressions, ""),
        (tables.subscribers, "list#news"),
        (tables.subscribers, "list#offers"),
        (tables.subscribers, "status"),
        (tables.subscribers, f"report#{hard().report.id}"),
    ]


def test_every_read_sees_what_was_written_before(tables: Tables) -> None:
    with in_memory.calls() as calls:
        tables.store.apply(hard())
    reads = [arguments for operation, arguments in calls.made if operation in ("GetItem", "Query")]
    assert len(reads) == 7
    assert all(arguments["ConsistentRead"] for arguments in reads)


@pytest.mark.parametrize("fault", ["before", "after", "answer lost"])
@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_whichever_call_fails_a_retry_ends_as_if_none_had(
    tables: Tables, make: Callable[[], Verdict], fault: Fault
) -> None:
    before = tables.dump()
    with in_memory.calls() as calls:
        words = tables.store.apply(make()).words
    expected = tables.dump()
    assert expected != before
    for place, (operation, _) in enumerate(calls.made):
        tables.clear()
        tables.store.subscribe(USER, "news", "17")
        tables.store.subscribe(USER, "offers")
        with in_memory.calls(fault, at=place):
            if fault == "answer lost":
                assert tables.store.apply(make()).words == words
            else:
                with pytest.raises(PynamoDBException, match="Connect timeout"):
                    tables.store.apply(make())
        done = fault != "before" and place == len(calls.made) - 1
        retried = tables.store.apply(make())
        assert retried.is_duplicate == (done or fault == "answer lost"), operation
        assert tables.dump() == expected, f"{operation} number {place}"


@contextmanager
def others_write(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` with 1, 2 … each time that the store has read a status and not yet written it."""
    original: Callable[..., Status] = Status.soft_bounced
    times = itertools.count(1)
    acting = False

    def soft_bounced(*arguments: Any) -> Status:
        nonlocal acting
        if not acting:
            acting = True
            act(next(times))
            acting = False
        return original(*arguments)

    with mock.patch.object(Status, "soft_bounced", soft_bounced):
        yield


def test_what_another_writes_between_reading_and_writing_is_kept(tables: Tables) -> None:
    def another(time: int) -> None:
        if time == 1:
            tables.store.apply(soft("second", at=NOON + DAY))

    with others_write(another):
        applied = tables.store.apply(soft("first"))
    assert applied.words == "soft bounce counted (2 days)"
    assert [bounce.report[:6] for bounce in tables.store.status(USER).recent] == ["first-", "second"]


def test_an_item_that_never_stands_still_is_left_for_a_later_try(tables: Tables) -> None:
    def another(time: int) -> None:
        tables.store.apply(soft(f"other{time}", at=NOON + time * DAY))

    with others_write(another), pytest.raises(ContentionError, match="try again"):
        tables.store.apply(soft("first"))
    assert tables.store.apply(soft("first")).action is Action.SOFT_BOUNCED


def test_a_refused_write_for_another_reason_is_no_contention(tables: Tables) -> None:
    with in_memory.calls("before", operation="PutItem") as calls, pytest.raises(PynamoDBException):
        tables.store.apply(hard())
    assert calls.operations.count("PutItem") == 1


@pytest.mark.parametrize("fault", ["before", "after"])
def test_what_a_run_that_broke_off_left_is_taken_back_by_no_other_soft_bounce(tables: Tables, fault: Fault) -> None:
    """A soft bounce that completes the rule is cut off at each call, and another comes before it is tried again."""
    first, completing, another = soft("first"), soft("completing", at=NOON + 14 * DAY), soft("another", at=NOON + DAY)
    tables.store.apply(first)
    tables.store.apply(soft("second", at=NOON + 7 * DAY))
    with in_memory.calls() as calls:
        tables.store.apply(completing)
    tables.store.apply(another)
    expected = tables.dump()
    assert tables.store.status(USER).escalation is not None

    for place in range(len(calls.made)):
        tables.clear()
        tables.store.subscribe(USER, "news", "17")
        tables.store.subscribe(USER, "offers")
        tables.store.apply(first)
        tables.store.apply(soft("second", at=NOON + 7 * DAY))
        with in_memory.calls(fault, at=place), pytest.raises(PynamoDBException, match="Connect timeout"):
            tables.store.apply(completing)
        tables.store.apply(another)
        tables.store.apply(completing)
        assert tables.dump() == expected, place


@pytest.mark.parametrize("make", [hard, soft, complaint, lambda **fields: hard(list_id="news", **fields)])
def test_a_report_that_came_at_two_times_is_undone_as_one(tables: Tables, make: Callable[..., Verdict]) -> None:
    """A record whose time is to come has that of the push: sent again, while the first was not done, another one."""
    first, again = make(), make(at=NOON + timedelta(seconds=20))
    expected = tables.store.status(USER)
    with mock.patch.object(applying, "_remember", side_effect=ConnectionError), pytest.raises(ConnectionError):
        tables.store.apply(first)
    tables.store.apply(again)
    assert tables.store.apply(first).action is Action.DUPLICATE

    tables.store.undo(USER, first.report.id, at=NOON + DAY, by="ann", why="their mistake")

    assert tables.store.status(USER) == expected
    assert tables.store.check([USER], None, NOON + 2 * DAY)[0].sendable
    assert all(membership.is_subscribed for membership in tables.store.memberships(USER))
