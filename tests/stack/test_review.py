"""The Review table: what waits, by shape; decisions, once; floods; and calls that fail after they took effect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pynamodb.exceptions import PynamoDBException

from bounces.errors import RecordError, ReviewDecided, ReviewError, ReviewGone
from bounces.patterns import default_policy
from bounces.records import Source
from bounces.store import Action, Choice, Decision, Reviewer, ReviewStore, Store
from bounces.store.review_items import SHARDS
from bounces.store.review_reasons import BOUNCE_OF_NOBODY, UNKNOWN
from bounces.store.states import State
from tests.stack import in_memory, times
from tests.stack.in_memory import Fault, Tables
from tests.stack.review_waiting import TABLE, keep, nobody, unknown
from tests.stack.verdicts import NOON


@pytest.fixture
def store(made: Tables) -> Store:
    made.clear()
    return made.store


@pytest.fixture
def review(made: Tables) -> Iterator[ReviewStore]:
    in_memory.clear(TABLE, ("part", "item"))
    with times.at(NOON):  # the group of a new day would be written again at midnight
        yield ReviewStore(TABLE)


@pytest.fixture
def reviewer(review: ReviewStore, store: Store) -> Reviewer:
    return Reviewer(review, store, default_policy())


def decision(choice: Choice = Choice.HARD, **fields: Any) -> Decision:
    return Decision(**{"choice": choice, "by": "ann", "at": NOON, "why": "they told us"} | fields)


def items() -> list[dict[str, Any]]:
    return in_memory.stated(TABLE)


def ends() -> dict[str, int]:
    """Return when each item goes, by its partition without the shard and its key."""
    return {
        f"{item['part']['S'].partition('#')[0]} {item['item']['S']}": int(item["expires_at"]["N"])
        for item in in_memory.scan(TABLE)
    }


def test_what_waits_is_grouped_by_its_shape(review: ReviewStore) -> None:
    keep(review, *map(unknown, range(20)), unknown(20, "the mailman is ill"), nobody(21))
    keep(review, unknown(22, at=NOON + timedelta(days=3)))
    found = {group.why + ": " + group.shape: group for group in review.groups()}
    weird = found[f"{UNKNOWN}: 550 5.9.9 <ADDRESS> is not loved at HOST"]
    assert {key: group.total for key, group in found.items()} == {
        f"{UNKNOWN}: 550 5.9.9 <ADDRESS> is not loved at HOST": 21,
        f"{UNKNOWN}: the mailman is ill": 1,
        f"{BOUNCE_OF_NOBODY}: 550 5.9.9 <ADDRESS> is not loved at HOST": 1,
    }
    assert (weird.waiting, weird.first, weird.last) == (21, date(2026, 11, 24), date(2026, 11, 27))
    assert weird.sample in list(review.items(weird.id))
    assert len({item.verdict.report.id for item in review.items(weird.id)}) == 21
    assert review.group(weird.id) == weird


def test_what_is_kept_is_enough_to_apply_it(review: ReviewStore) -> None:
    given = unknown(1, list_id="news", subscriber="7", status="5.9.9", reply_code="550")
    keep(review, given)
    (group,) = review.groups()
    assert group.sample is not None
    assert group.sample.verdict == given
    assert group.sample.why == UNKNOWN
    assert group.sample.decision is None
    assert review.item(group.sample.id) == review.item(group.sample.id[:20]) == group.sample


def test_an_item_is_known_by_as_much_of_its_id_as_is_its_own(review: ReviewStore) -> None:
    shared = "a" * 39
    keep(review, *(one.replaced(report=one.report.replaced(id=shared + end)) for one, end in (
        (unknown(1), "1"), (unknown(2), "2"), (unknown(3), ""),
    )))  # fmt: skip
    (group,) = review.groups()
    for text in (f"{group.id}-{shared[:5]}", "nothing", f"{group.id}-", f"{group.id}"):
        with pytest.raises(ReviewError):
            review.item(text)
    assert review.item(f"{group.id}-{shared}2").verdict.report.id == shared + "2"
    assert review.item(f"{group.id}-{shared}").verdict.report.id == shared  # though others begin so
    with pytest.raises(ReviewGone):
        review.item(f"{group.id}-b")
    with pytest.raises(ReviewGone):
        review.group("0" * 12)


def test_keeping_costs_a_read_and_a_write_and_again_a_read(review: ReviewStore) -> None:
    keep(review, unknown(0))
    with in_memory.calls() as calls:
        keep(review, unknown(1))
    assert calls.operations == ["GetItem", "PutItem"]
    with in_memory.calls() as calls:
        keep(review, unknown(1))
        keep(ReviewStore(TABLE), unknown(1))
    assert calls.operations == ["GetItem", "GetItem"]
    with in_memory.calls() as calls:
        keep(ReviewStore(TABLE), unknown(2))
    assert calls.operations == ["GetItem", "GetItem", "PutItem"]  # another process looks for the group once


@pytest.mark.parametrize("fault", ["before", "after"])
def test_any_call_may_fail_and_keeping_it_again_ends_the_same(review: ReviewStore, fault: Fault) -> None:
    with in_memory.calls() as calls:
        keep(review, unknown(0))
    expected = items()
    assert len(expected) == 2
    for place in range(len(calls.made)):
        in_memory.clear(TABLE, ("part", "item"))
        again = ReviewStore(TABLE)
        with in_memory.calls(fault, at=place), pytest.raises(PynamoDBException, match="Connect timeout"):
            keep(again, unknown(0))
        keep(again, unknown(0))
        assert items() == expected
        assert [group.total for group in again.groups()] == [1]


def test_the_table_is_a_function_of_the_verdicts_and_not_of_their_order(review: ReviewStore) -> None:
    verdicts = [unknown(number, at=NOON + timedelta(hours=8 * number)) for number in range(9)] + [nobody(99)]
    keep(review, *verdicts)
    expected = items()
    in_memory.clear(TABLE, ("part", "item"))
    for verdict in reversed([*verdicts, *verdicts[::2]]):
        keep(ReviewStore(TABLE), verdict)
    assert items() == expected


@pytest.mark.parametrize("since", [timedelta(0), timedelta(days=2000)])
def test_what_waits_is_kept_ninety_days_from_when_it_was_put_there(review: ReviewStore, since: timedelta) -> None:
    """A mailbox' mails came in when its server got them, which may be years ago."""
    verdict = unknown(0, at=NOON - since)
    keep(review, verdict)
    (day, waits) = sorted(ends().values(), reverse=True)
    assert waits == (NOON + timedelta(days=90, seconds=0 if since else 3)).timestamp()
    assert waits <= day <= (NOON + timedelta(days=91)).timestamp()
    assert times.expire(NOON + timedelta(days=89)) == 0
    (group,) = review.groups()
    assert group.first == (NOON - since).date()
    with pytest.raises(RecordError, match="neither"):
        review.keep(unknown(2, event_time=None, received_time=None), UNKNOWN)


def test_an_old_log_that_is_pushed_today_waits_from_today(review: ReviewStore) -> None:
    keep(review, unknown(1, at=NOON - timedelta(days=400), received_time=NOON))
    assert max(ends().values()) > (NOON + timedelta(days=89)).timestamp()


@pytest.mark.parametrize("is_same_process", [True, False])
def test_a_group_outlives_all_that_came_in_on_its_day(review: ReviewStore, is_same_process: bool) -> None:
    """Of one day's mails in a mailbox some are found today and some in two months."""
    long_ago = NOON - timedelta(days=2000)
    keep(review, unknown(0, at=long_ago))
    later = NOON + timedelta(days=60)
    with times.at(later):
        keep(review if is_same_process else ReviewStore(TABLE), unknown(1, at=long_ago))
    assert times.expire(NOON + timedelta(days=100)) == 1
    (group,) = review.groups()
    assert (group.total, group.first) == (1, long_ago.date())
    assert review.group(group.id).sample is not None
    assert times.expire(later + timedelta(days=92)) == 2


def test_on_one_day_the_item_of_a_group_is_written_once(review: ReviewStore) -> None:
    long_ago = NOON - timedelta(days=2000)
    days = [NOON, NOON + timedelta(hours=11, minutes=59), NOON + timedelta(hours=12), NOON + timedelta(hours=20)]
    written = []
    for number, now in enumerate(days):
        with times.at(now), in_memory.calls() as calls:
            keep(review, unknown(number, at=long_ago))
        written.append(calls.operations)
    again, once = ["GetItem", "PutItem"], ["GetItem", "GetItem", "PutItem", "PutItem"]
    assert written == [once, again, once, again]
    before = ends()
    with times.at(NOON):  # the clock of another function, which is behind
        keep(ReviewStore(TABLE), unknown(9, at=long_ago))
    assert {key: end for key, end in ends().items() if key in before} == before


def test_an_item_is_one_write_unit(review: ReviewStore) -> None:
    long = {
        "diagnostic": "550 é" + "no. " * 480,
        "subject": "x" * 900,
        "message_id": "m" * 200,
        "remote_mta": "r" * 200,
    }
    keep(review, unknown(0, **long, list_id="news", system="Exchange", note="n" * 255))
    (kept,) = [item for item in items() if "verdict" in item]
    assert 900 < in_memory.size(kept) <= 1024
    (group,) = review.groups()
    assert group.sample is not None
    assert len(group.sample.verdict.report.diagnostic or "") > 200


@pytest.mark.parametrize("count", [4_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_a_flood_of_one_shape_is_one_group_and_no_item_is_hot(review: ReviewStore, count: int) -> None:
    written: dict[str, int] = {}
    with in_memory.calls() as calls:
        for number in range(count):
            review.keep(unknown(number), UNKNOWN)
    for its in calls.writes:
        key = its["Item"]["part"]["S"]
        written[key] = written.get(key, 0) + 1
    groups = {key: number for key, number in written.items() if key.startswith("groups#")}
    assert list(groups.values()) == [1]  # the group's item was written once, whatever came
    assert len(calls.writes) == count + 1
    assert calls.operations.count("GetItem") == count + 1
    shards = [number for key, number in written.items() if key not in groups]
    assert len(shards) == len(SHARDS)
    assert max(shards) < 1.2 * count / len(SHARDS)
    (group,) = review.groups()
    assert (group.waiting, group.total) == (count, count)


def test_a_decision_is_recorded_with_who_when_and_why(reviewer: Reviewer, review: ReviewStore, store: Store) -> None:
    keep(review, unknown(0, list_id="news"))
    (group,) = review.groups()
    assert group.sample is not None
    store.subscribe("user0@example.org", "news")
    done = reviewer.decide(group.sample, decision())
    assert (done.is_new, done.words) == (True, "suppressed, unsubscribed from news, marked hard-bounced")
    assert review.item(group.sample.id).decision == decision(category="bad-mailbox")
    assert list(review.groups()) == []
    (group,) = review.groups(decided=True)
    assert (group.waiting, group.total) == (0, 1)
    suppression = store.suppression("user0@example.org")
    assert suppression is not None
    assert [cause.source for cause in suppression.scopes["global"].causes] == [Source.OPERATOR]
    (past,) = store.history("user0@example.org")
    assert (past.source, past.layer, past.rule, past.category) == ("operator", "operator", "review", "bad-mailbox")
    assert past.reason == "Reviewed by ann: they told us"
    assert past.evidence.time == NOON


def test_deciding_twice_is_once_and_deciding_otherwise_is_refused(
    reviewer: Reviewer, review: ReviewStore, made: Tables
) -> None:
    keep(review, unknown(0))
    (item,) = review.items(next(review.groups()).id)
    reviewer.decide(item, decision())
    before = items(), made.dump()
    later = decision(by="bob", at=NOON + timedelta(days=1), why="as well")
    assert not reviewer.decide(review.item(item.id), later).is_new
    reviewer.decide(item, later)  # who still has it as it was
    assert (items(), made.dump()) == before
    for other in (
        decision(Choice.DISMISS),
        decision(category="bad-domain"),
        decision(Choice.SOFT, category="quota-issues"),
    ):
        with pytest.raises(ReviewDecided, match=r"applied as hard .*2026-11-24 12:00 UTC by 'ann'"):
            reviewer.decide(review.item(item.id), other)
    assert (items(), made.dump()) == before


def test_a_dismissed_item_changes_nothing_of_the_address(reviewer: Reviewer, review: ReviewStore, made: Tables) -> None:
    keep(review, unknown(0))
    (item,) = review.items(next(review.groups()).id)
    assert reviewer.decide(item, decision(Choice.DISMISS)).words == "dismissed"
    assert made.items() == []
    with pytest.raises(ReviewDecided, match="dismissed"):
        reviewer.decide(review.item(item.id), decision())
    assert made.items() == []


@pytest.mark.parametrize("fault", ["before", "after", "answer lost"])
def test_a_decision_that_broke_off_is_ended_by_the_same_again(
    reviewer: Reviewer, review: ReviewStore, made: Tables, store: Store, fault: Fault
) -> None:
    def begin() -> Any:
        made.clear()
        in_memory.clear(TABLE, ("part", "item"))
        store.subscribe("user0@example.org", "news")
        keep(ReviewStore(TABLE), unknown(0))
        return next(review.items(next(review.groups()).id))

    item = begin()
    with in_memory.calls() as calls:
        reviewer.decide(item, decision())
    expected = items(), made.dump()
    for place in range(len(calls.made)):
        item = begin()
        with in_memory.calls(fault, at=place):
            try:
                reviewer.decide(item, decision())
            except Exception as error:  # noqa: BLE001
                assert fault != "answer lost", error
        reviewer.decide(review.item(item.id), decision())
        assert (items(), made.dump()) == expected


def test_what_names_nobody_is_applied_to_whom_the_operator_names(
    reviewer: Reviewer, review: ReviewStore, store: Store
) -> None:
    keep(review, nobody())
    (item,) = review.items(next(review.groups()).id)
    with pytest.raises(ReviewError, match="names nobody"):
        reviewer.decide(item, decision())
    assert review.item(item.id).decision is None
    assert reviewer.decide(item, decision(recipient="Jane@Example.org")).is_new
    assert store.status("jane@example.org").state is State.HARD_BOUNCED
    kept = review.item(item.id).decision
    assert kept is not None
    assert kept.recipient == "jane@example.org"


def test_a_group_is_worked_off_and_one_that_was_begun_goes_on(
    reviewer: Reviewer, review: ReviewStore, store: Store
) -> None:
    keep(review, *map(unknown, range(30)))
    group = next(review.groups())
    begun = reviewer.decide_all(group.id, decision())
    first = [next(begun) for _ in range(10)]
    begun.close()  # as a run that is interrupted
    dismissed = next(item for item in review.items(group.id, waiting=True))
    reviewer.decide(dismissed, decision(Choice.DISMISS))
    rest = list(reviewer.decide_all(group.id, decision()))
    assert (len(first), len(rest)) == (10, 19)
    assert all(done.is_new for done in (*first, *rest))
    assert list(review.groups()) == []
    assert sum(1 for _ in store.suppressions()) == 29
    assert list(reviewer.decide_all(group.id, decision())) == []


def test_of_a_group_what_names_nobody_stays_and_says_so(reviewer: Reviewer, review: ReviewStore) -> None:
    keep(review, nobody(0), nobody(1))
    group = next(review.groups())
    assert ["names nobody" in (done.problem or "") for done in reviewer.decide_all(group.id, decision())] == [
        True,
        True,
    ]
    assert review.group(group.id).waiting == 2
    assert all(done.is_new for done in reviewer.decide_all(group.id, decision(Choice.DISMISS)))


def test_a_decision_on_what_has_expired_brings_nothing_back(review: ReviewStore) -> None:
    keep(review, unknown(0))
    (item,) = review.items(next(review.groups()).id)
    in_memory.clear(TABLE, ("part", "item"))
    with pytest.raises(ReviewGone, match="expired"):
        review.decided(item, decision())
    assert items() == []


def test_a_soft_bounce_counts_by_its_category(reviewer: Reviewer, review: ReviewStore, store: Store) -> None:
    keep(review, unknown(0))
    (item,) = review.items(next(review.groups()).id)
    for category in (None, "other", "spam-related", "no-such-category"):
        with pytest.raises(ReviewError, match=r"counts towards nothing|no category"):
            reviewer.decide(item, decision(Choice.SOFT, category=category))
    reviewer.decide(item, decision(Choice.SOFT, category="quota-issues"))
    assert store.status("user0@example.org").state is State.SOFT_BOUNCING
    (past,) = store.history("user0@example.org")
    assert past.category == "quota-issues"


def test_applying_is_its_own_report_beside_the_one_that_waited(
    reviewer: Reviewer, review: ReviewStore, store: Store
) -> None:
    verdict = unknown(0)
    assert store.apply(verdict).action is Action.RECORDED  # as apply_actions does with what it keeps for review
    keep(review, verdict)
    (item,) = review.items(next(review.groups()).id)
    reviewer.decide(item, decision())
    history = store.history("user0@example.org")
    assert sorted(past.source for past in history) == ["operator", "ses"]
    assert len({past.evidence.report for past in history}) == 2
