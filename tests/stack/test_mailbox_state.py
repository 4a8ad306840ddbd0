"""Who scans a mailbox and how far it is, in the table of the stack, on both DynamoDBs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from bounces.aws.mailbox_state import MARK_SECONDS, TableState
from bounces.errors import ContentionError, LeaseLost, LimitError, MailboxBusy
from bounces.mailbox.ports import Progress, State
from bounces.store import batch_reads
from tests.stack import in_memory
from tests.stack.in_memory import Fault, before_write, calls, tables
from tests.stack.pressed import leaving_undone

TABLE: Final = "MailboxesTable"
NAME: Final = "imap://bounces@mail.example.com:993/INBOX"
LEASE: Final = 300.0
START: Final = 1_795_768_200.25
BATCHES: Final = ("BatchGetItem", "BatchWriteItem")


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def made(dynamodb: str | None) -> Iterator[None]:
    with tables(dynamodb):
        yield


@pytest.fixture
def time(made: None, monkeypatch: pytest.MonkeyPatch) -> Time:
    in_memory.clear(TABLE, ("part", "item"))
    monkeypatch.setattr(batch_reads, "FIRST_PAUSE_SECONDS", 0)
    return Time()


def state(owner: str, time: Time, name: str = NAME) -> TableState:
    return TableState(TABLE, name, owner, LEASE, time)


def acquired(owner: str, time: Time) -> TableState:
    its = state(owner, time)
    its.acquire()
    return its


def test_it_is_a_state_as_a_scan_needs_it(time: Time) -> None:
    its: State = state("a", time)
    assert its.acquire() == Progress("", 0)


def test_a_mailbox_that_was_never_scanned_was_not_cut_off(time: Time) -> None:
    its = state("a", time)
    assert its.acquire() == Progress()
    assert not its.was_cut_off


def test_progress_is_there_for_the_next_run(time: Time) -> None:
    first = acquired("a", time)
    first.keep(Progress("1764", 500_000, (7, 499_998)))
    first.release(is_clean=True)
    second = state("b", time)
    assert second.acquire() == Progress("1764", 500_000, (7, 499_998))
    assert not second.was_cut_off
    second.keep(Progress("", 0))
    second.release(is_clean=True)
    assert state("c", time).acquire() == Progress()


def test_mailboxes_have_nothing_to_do_with_each_other(time: Time) -> None:
    first = acquired("a", time)
    first.keep(Progress("1", 7))
    first.remember(["m"])
    other = state("b", time, NAME.replace("INBOX", "Bounces"))
    assert other.acquire() == Progress()
    assert other.known(["m"]) == frozenset()


def test_two_runs_do_not_overlap(time: Time) -> None:
    first = acquired("a", time)
    second = state("b", time)
    with pytest.raises(MailboxBusy, match=r"is scanned by 'a', whose lease lasts until \d\d:\d\d:\d\d UTC") as busy:
        second.acquire()
    assert NAME in str(busy.value)
    second.release(is_clean=True)  # of a lease that it never had
    first.renew()
    first.keep(Progress("1", 1))
    first.release(is_clean=True)
    second.acquire()
    with pytest.raises(MailboxBusy):
        first.acquire()


def test_a_run_that_died_is_followed_when_its_lease_is_over(time: Time) -> None:
    acquired("a", time).keep(Progress("1", 40))
    second = state("b", time)
    time.now += LEASE - 0.01
    with pytest.raises(MailboxBusy):
        second.acquire()
    time.now += 0.02
    assert second.acquire() == Progress("1", 40)
    assert second.was_cut_off


def test_that_a_run_was_cut_off_is_known_until_one_gets_further(time: Time) -> None:
    acquired("a", time)
    time.now += LEASE
    second = acquired("b", time)
    second.release(is_clean=True)  # its server did not answer
    third = acquired("c", time)
    assert (second.was_cut_off, third.was_cut_off) == (True, True)
    third.keep(Progress("1", 3))
    third.release(is_clean=True)
    assert not acquired("d", time).was_cut_off


def test_a_run_that_did_not_end_cleanly_was_cut_off(time: Time) -> None:
    first = acquired("a", time)
    first.keep(Progress("1", 3))
    first.release(is_clean=False)
    second = acquired("b", time)
    assert second.was_cut_off
    second.release(is_clean=False)
    assert acquired("c", time).was_cut_off


def test_a_lease_is_renewed_by_a_write_only_when_a_third_of_it_is_gone(time: Time) -> None:
    its = acquired("a", time)
    with calls() as made:
        time.now += LEASE / 3 - 1
        its.renew()
        assert made.operations == []
        time.now += 2
        its.renew()
        its.renew()
        assert made.operations == ["UpdateItem"]
    time.now += LEASE - 1
    with pytest.raises(MailboxBusy):
        state("b", time).acquire()


def test_a_run_that_slept_past_its_lease_goes_on_where_nobody_has_taken_it(time: Time) -> None:
    its = acquired("a", time)
    time.now += 10 * LEASE
    its.renew()
    its.keep(Progress("1", 2))
    with pytest.raises(MailboxBusy):
        state("b", time).acquire()


def test_a_run_that_slept_while_another_took_over_does_nothing_further(time: Time) -> None:
    first = acquired("a", time)
    first.keep(Progress("1", 10))
    time.now += LEASE
    second = acquired("b", time)
    second.keep(Progress("1", 30))
    with pytest.raises(LeaseLost, match=f"another scan of {NAME} has taken over from 'a'"):
        first.renew()
    with pytest.raises(LeaseLost):
        first.keep(Progress("1", 20))
    first.release(is_clean=True)
    with pytest.raises(MailboxBusy):
        state("c", time).acquire()  # that release was not the second's
    second.release(is_clean=True)
    with pytest.raises(LeaseLost):  # nor is it the first's again once the second has ended
        first.renew()
    assert state("c", time).acquire() == Progress("1", 30)


def test_of_two_that_come_at_once_one_gets_it(time: Time) -> None:
    first, second = state("a", time), state("b", time)
    with before_write(0, second.acquire), pytest.raises(MailboxBusy):
        first.acquire()
    second.keep(Progress("1", 1))


def test_of_two_that_find_a_lease_that_is_over_one_gets_it(time: Time) -> None:
    acquired("dead", time)
    time.now += LEASE
    first, second = state("a", time), state("b", time)
    with before_write(0, second.acquire), pytest.raises(MailboxBusy):
        first.acquire()
    assert second.was_cut_off
    second.keep(Progress("1", 1))


def test_a_lease_that_is_renewed_at_the_last_moment_is_not_taken(time: Time) -> None:
    first = acquired("a", time)
    time.now += LEASE
    second = state("b", time)
    with before_write(0, first.renew), pytest.raises(MailboxBusy):
        second.acquire()
    first.keep(Progress("1", 1))


@pytest.mark.parametrize("was_cut_off", [False, True])
def test_a_lease_whose_answer_was_lost_is_held(time: Time, was_cut_off: bool) -> None:
    if was_cut_off:
        acquired("dead", time)
        time.now += LEASE
    its = state("a", time)
    with calls("answer lost", operation="UpdateItem"):
        its.acquire()
        its.keep(Progress("1", 5))
    assert its.was_cut_off is was_cut_off
    with calls("answer lost", operation="UpdateItem"):
        its.release(is_clean=True)
    assert state("b", time).acquire() == Progress("1", 5)


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_call_that_fails_raises_and_harms_nothing(time: Time, fault: Fault) -> None:
    its = state("a", time)
    with calls(fault, operation="UpdateItem"), pytest.raises(Exception, match=r"in\.memory"):
        its.acquire()
    its.acquire()
    with calls(fault, operation="UpdateItem"), pytest.raises(Exception, match=r"in\.memory"):
        its.keep(Progress("1", 5))
    its.keep(Progress("1", 5))
    its.release(is_clean=True)
    assert state("b", time).acquire() == Progress("1", 5)


def test_marks_are_remembered(time: Time) -> None:
    its = acquired("a", time)
    marks = [f"uidl {number}" for number in range(230)]
    its.remember(marks[:205])
    its.remember([])
    its.remember(marks[:3])
    assert its.known(marks) == frozenset(marks[:205])
    assert its.known([]) == frozenset()
    assert state("b", time).known(marks[200:]) == frozenset(marks[200:205])


def test_marks_take_few_calls(time: Time) -> None:
    its = acquired("a", time)
    marks = [f"uidl {number}" for number in range(230)]
    with calls() as made:
        its.remember([*marks, *marks])
        its.known([*marks, *marks])
    assert made.operations == ["BatchWriteItem"] * 10 + ["BatchGetItem"] * 3


def test_a_mark_lasts_as_long_as_its_mail_is_asked_for(time: Time) -> None:
    its = acquired("a", time)
    its.remember(["m", "n"])
    assert expiries() == {"mark#m": int(START) + MARK_SECONDS, "mark#n": int(START) + MARK_SECONDS}
    time.now += MARK_SECONDS / 2 - 60
    with calls() as made:
        its.known(["m"])
    assert made.operations == ["BatchGetItem"]
    time.now += 120
    assert its.known(["m"]) == {"m"}
    assert expiries() == {"mark#m": int(time.now) + MARK_SECONDS, "mark#n": int(START) + MARK_SECONDS}


def test_what_is_known_of_the_mailbox_itself_never_expires(time: Time) -> None:
    acquired("a", time).keep(Progress("1", 1))
    (item,) = in_memory.scan(TABLE)
    assert "expires_at" not in item


def test_a_mark_that_is_too_long_is_an_error(time: Time) -> None:
    with pytest.raises(LimitError, match="at most 80 bytes"):
        state("a", time).remember(["x" * 81])


@pytest.mark.parametrize("operation", BATCHES)
def test_what_a_pressed_dynamodb_leaves_undone_is_done_again(time: Time, operation: str) -> None:
    its = acquired("a", time)
    marks = [f"uidl {number}" for number in range(120)]
    with leaving_undone(TABLE, operation, times=5):
        its.remember(marks)
        assert its.known(marks) == frozenset(marks)


@pytest.mark.parametrize("operation", BATCHES)
def test_what_stays_undone_is_an_error(time: Time, operation: str) -> None:
    its = acquired("a", time)
    with leaving_undone(TABLE, operation, times=1000), pytest.raises(ContentionError, match="undone 8 times"):
        its.remember(["m", "n"])
        its.known(["m", "n"])


def expiries() -> dict[str, int]:
    """Return when each mark expires."""
    return {
        item["item"]["S"]: int(item["expires_at"]["N"])
        for item in in_memory.scan(TABLE)
        if item["item"]["S"].startswith("mark#")
    }
