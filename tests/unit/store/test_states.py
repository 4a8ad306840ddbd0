"""States and how facts change them: no table is needed. What a store does, `tests/stack` holds against a model."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces.patterns.policy import Escalation
from bounces.store import evidence, soft_bounces
from bounces.store.evidence import Evidence
from bounces.store.grounds import kept
from bounces.store.soft_bounces import MAX_REMEMBERED, SoftBounce, completing, run_of
from bounces.store.states import End, Left, Membership, State, Status
from bounces.store.suppressions import GLOBAL, Cause, Lift, Scope, Suppression

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OVER = Escalation(3, over_days=14)
WITHIN = Escalation(5, within_days=30)


def bounce(day: float, kind: str = "address", rule: Escalation | None = OVER) -> SoftBounce:
    return SoftBounce(NOON + day * DAY, kind, f"{day:08.2f}", rule)


def end(day: float, state: State = State.HARD_BOUNCED, *, every_list: bool = True) -> End:
    return End(Evidence(NOON + day * DAY, f"{day:08.2f}"), state, every_list, "bad-mailbox")


def cause(day: float, reason: str = "hard-bounce", *, lasts: int | None = None) -> Cause:
    ground = Evidence(NOON + day * DAY, f"{day:08.2f}")
    return Cause(reason, "ses", ground, ground.time, None if lasts is None else ground.time + lasts * DAY)


def lift(day: float) -> Lift:
    return Lift(NOON + day * DAY, "ann", "they asked")


def counted(bounces: list[SoftBounce]) -> Status:
    """Return the status after `bounces`, told in that order, with a history that has those before."""
    status = Status()
    for place, each in enumerate(bounces):
        status = status.soft_bounced(each, lambda: bounces[:place])  # noqa: B023
    return status


days = st.lists(st.integers(0, 60).map(lambda half: half / 2), max_size=30, unique=True)


@given(days, st.sampled_from([OVER, WITHIN, Escalation(1), Escalation(2, over_days=3), None]), st.randoms())
def test_what_is_remembered_of_soft_bounces_is_a_function_of_all_of_them(
    at: list[float], rule: Escalation | None, chance: Random
) -> None:
    bounces = [bounce(day, rule=rule) for day in at]
    in_order = counted(sorted(bounces, key=lambda each: each.time))
    shuffled = list(bounces)
    chance.shuffle(shuffled)
    assert counted(shuffled) == in_order
    assert in_order.recent == run_of(bounces)
    assert len(in_order.recent) <= MAX_REMEMBERED
    assert completing(in_order.recent) == first_completing(bounces)


def first_completing(bounces: list[SoftBounce]) -> SoftBounce | None:
    """The rule, from all soft bounces: so many days, the first and the last so far apart, or all of them so near."""
    first_of_day: dict[object, SoftBounce] = {}
    for each in sorted(bounces, key=lambda each: each.time):
        first_of_day.setdefault(each.time.date(), each)
    so_far: list[SoftBounce] = []
    for each in first_of_day.values():
        so_far.append(each)
        rule = each.rule
        if rule is None:
            continue
        near = [
            e for e in so_far if rule.within_days is None or (each.time.date() - e.time.date()).days <= rule.within_days
        ]
        apart = (each.time.date() - near[0].time.date()).days
        if len(near) >= rule.days and apart >= (rule.over_days or 0):
            return each
    return None


@pytest.mark.parametrize(
    ("rule", "at", "completed"),
    [
        (OVER, [0, 7, 13], None),
        (OVER, [0, 7, 14], 14),
        (OVER, [0, 14], None),
        (OVER, [0, 14, 15], 15),
        (OVER, list(range(30)), 14),  # daily: more than are remembered lie between
        (WITHIN, [0, 1, 2, 3], None),
        (WITHIN, [0, 1, 2, 3, 30], 30),
        (WITHIN, [0, 1, 2, 3, 31], None),
        (WITHIN, [0, 11, 20, 30, 40, 41], 41),
    ],
)
def test_when_soft_bounces_add_up(rule: Escalation, at: list[float], completed: float | None) -> None:
    status = counted([bounce(day, rule=rule) for day in at])
    met = status.escalation
    assert met == (None if completed is None else bounce(completed, rule=rule))
    assert status.state is (State.SOFT_BOUNCING if completed is None else State.HARD_BOUNCED)


def test_days_are_those_of_utc_and_the_first_of_each_counts() -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    of_day = [
        SoftBounce(midnight + timedelta(seconds=seconds), "way", f"{seconds}", WITHIN) for seconds in (-1, 0, 3600)
    ]
    status = counted(of_day)
    assert status.days("way") == 2
    assert [each.report for each in status.recent] == ["-1", "0"]


def test_of_two_rules_on_one_day_the_strictest_counts() -> None:
    strict = Escalation(2, over_days=1)
    later = bounce(1.1, rule=strict)
    status = counted([bounce(0), bounce(1), later])
    assert status.escalation is not None
    assert status.escalation.report == bounce(1).report


def test_a_delivery_between_breaks_an_escalation_and_what_came_after_counts_on() -> None:
    bounces = [bounce(day) for day in (0, 7, 14, 15, 16, 29)]
    status = counted(bounces)
    assert status.state is State.HARD_BOUNCED
    after = status.reset_by(NOON + 14.5 * DAY, lambda: bounces)
    assert after.recent == (bounce(15), bounce(16), bounce(29))
    assert after.escalation == bounce(29)
    broken = status.reset_by(NOON + 15.5 * DAY, lambda: bounces)
    assert (broken.state, broken.escalation, broken.since) == (
        State.SOFT_BOUNCING,
        None,
        Evidence(NOON + 16 * DAY, bounce(16).report),
    )
    assert broken.soft_bounced(bounce(15.2), list) is broken


def test_a_delivery_takes_no_end_back_and_changes_nothing_where_no_soft_bounce_is_open() -> None:
    status = Status().ended(end(1))
    assert status.reset_by(NOON + 2 * DAY, list) is status
    soft = status.soft_bounced(bounce(0), list).reset_by(NOON + 2 * DAY, list)
    assert (soft.state, soft.recent, soft.delivered) == (State.HARD_BOUNCED, (), NOON + 2 * DAY)


def test_the_earliest_end_stands_and_one_after_a_lift() -> None:
    ends = [end(3), end(1, State.COMPLAINED), end(2, every_list=False)]
    for order in itertools.permutations(ends):
        status = Status().ended(*order[:1]).ended(*order[1:])
        assert (status.state, status.since) == (State.COMPLAINED, end(1).evidence)
        lifted = status.lifted_at(NOON + 1 * DAY, list, ends)
        assert (lifted.state, lifted.since) == (State.HARD_BOUNCED, end(2).evidence)
        free = lifted.lifted_at(NOON + 3 * DAY, list, ends)
        assert (free.state, free.ends) == (State.ACTIVE, ())
        assert free.ended(end(2)) == free


grounds = st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(st.lists(grounds, max_size=12), st.lists(grounds, max_size=12))
def test_what_is_kept_of_grounds_can_be_added_to(some: list[tuple[int, int]], more: list[tuple[int, int]]) -> None:
    def few(of: list[tuple[int, int]]) -> set[tuple[int, int]]:
        orders = (lambda ground: ground, lambda ground: (ground[1], ground))
        return set(kept(of, least=orders, greatest=orders))

    assert few(sorted(few(some)) + more) == few(some + more)
    assert len(few(some)) <= 4


def test_a_later_cause_stands_when_the_earlier_one_has_expired() -> None:
    scope = Scope().with_causes([cause(0, "manual", lasts=2), cause(1)])
    assert [each and each.reason for each in map(scope.cause, (NOON, NOON + 3 * DAY))] == ["manual", "hard-bounce"]
    assert scope.ends is None
    short = Scope().with_causes([cause(0, "manual", lasts=2)])
    assert (short.cause(NOON + 2 * DAY), short.ends) == (None, NOON + 2 * DAY)


def test_a_lift_answers_what_was_before_it_however_late_it_comes() -> None:
    for order in itertools.permutations([cause(0), cause(5), lift(2)]):
        scope = Scope()
        for fact in order:
            scope = scope.lifted(fact) if isinstance(fact, Lift) else scope.with_causes([fact])
        assert scope == Scope((cause(5),), None, lift(2))
        assert scope.with_causes([cause(2)]) == scope
        assert scope.lifted(lift(1)) == scope
    assert Scope().lifted(lift(2)).ends is None
    assert Scope(freed=lift(2)).ends == NOON + 2 * DAY


def test_an_escalation_that_is_taken_back_leaves_why() -> None:
    escalated = Scope().with_escalation(cause(3, "escalation"), lift(4))
    assert escalated.cause(NOON) is not None
    freed = escalated.with_escalation(None, lift(4))
    assert freed == Scope(freed=lift(4))
    assert Scope().with_escalation(None, lift(4)) == Scope()


def test_scopes_are_in_one_order_and_an_item_goes_when_every_one_has_ended() -> None:
    for order in itertools.permutations([GLOBAL, "list#news", "list#offers"]):
        suppression = Suppression("user@example.com")
        for scope in order:
            suppression = suppression.suppressed(scope, cause(0, lasts=1))
        assert list(suppression.scopes) == [GLOBAL, "list#news", "list#offers"]
    assert suppression.ends == NOON + DAY
    assert suppression.suppressed(GLOBAL, cause(1)).ends is None
    lifted = suppression.changed("list#news", lambda known: known.lifted(lift(2)))
    assert lifted.ends is None  # an old mail may still come in that it answers
    assert suppression.cause("News", NOON) is not None


def test_who_bounced_is_brought_back_only_by_a_lift_and_being_told_again() -> None:
    left = Left(Evidence(NOON, "a"), "hard-bounce")
    known = Membership("news").subscribed("17", NOON - DAY).unsubscribed(left)
    assert not known.subscribed("17", NOON + DAY).is_subscribed
    assert not known.answered(NOON + DAY).is_subscribed
    again = known.subscribed("17", NOON + 2 * DAY).answered(NOON + DAY)
    assert again.is_subscribed
    assert again.unsubscribed(left) == again
    assert not Membership("news").is_subscribed  # nobody told it


@pytest.mark.parametrize("rule", [OVER, WITHIN, Escalation(1), None])
def test_rules_are_read_as_they_were_written(rule: Escalation | None) -> None:
    assert soft_bounces.read(soft_bounces.written(rule)) == rule


@pytest.mark.parametrize("time", [NOON, datetime(1, 1, 2, tzinfo=UTC), datetime(999, 1, 1, tzinfo=UTC)])
def test_times_are_read_as_they_were_written(time: datetime) -> None:
    assert evidence.read(evidence.written(time)) == time


def test_times_sort_as_texts() -> None:
    times = [datetime(1, 1, 2, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC), NOON, NOON + timedelta(seconds=1)]
    assert sorted(map(evidence.written, times)) == list(map(evidence.written, times))
