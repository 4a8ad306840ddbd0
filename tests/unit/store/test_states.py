"""States and how facts change them, and what a verdict calls for: no table is needed."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces.patterns.policy import default_policy
from bounces.records import BounceType, Event, Report, Source, Verdict
from bounces.store import evidence
from bounces.store.effects import COMPLAINT, HARD_BOUNCE, Count, Effect, Record, Reset, effect_of
from bounces.store.evidence import Evidence
from bounces.store.states import GLOBAL, MAX_RECENT, Cause, Membership, State, Status, Suppression

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Fact = tuple[str, Evidence]

grounds = st.builds(
    Evidence,
    time=st.integers(0, 40).map(lambda hours: NOON + timedelta(hours=12 * hours)),
    report=st.sampled_from("abcdefgh"),
)
facts = st.tuples(st.sampled_from(["address", "way", "hard-bounced", "complained"]), grounds)


def after(order: list[Fact]) -> Status:
    status = Status()
    for kind, ground in order:
        status = after_one(status, kind, ground)
    return status


def after_one(status: Status, kind: str, ground: Evidence) -> Status:
    if kind in ("address", "way"):
        return status.soft_bounced(kind, ground, kind)
    return status.ended(State(kind), ground, kind)


@given(st.lists(facts, max_size=30, unique_by=lambda fact: fact[1]), st.randoms())
def test_a_status_is_a_function_of_the_set_of_its_facts(order: list[Fact], chance: object) -> None:
    shuffled = order + order[: len(order) // 2]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(shuffled) == after(order)


daily = st.lists(
    st.tuples(st.sampled_from(["address", "way", "delivered", "hard-bounced"]), st.integers(0, 11)),
    max_size=MAX_RECENT,
    unique_by=lambda fact: fact[1],
)


def after_days(order: list[tuple[str, int]]) -> Status:
    status = Status()
    for kind, day in order:
        if kind == "delivered":
            status = status.reset_by(NOON + day * DAY)
        else:
            status = after_one(status, kind, Evidence(NOON + day * DAY, f"{day:02}"))
    return status


@given(daily, st.randoms())
def test_a_delivery_that_comes_after_what_was_before_it_gives_one_status_in_any_order(
    days: list[tuple[str, int]], chance: object
) -> None:
    in_time = sorted(days, key=lambda fact: fact[1])
    shuffled = list(days)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    order: list[tuple[str, int]] = []
    for fact in shuffled:
        if fact[0] == "delivered":
            order += [each for each in in_time if each[1] < fact[1] and each not in order]
        if fact not in order:
            order.append(fact)
    assert after_days(order) == after_days(in_time)
    assert after_days(order + order) == after_days(in_time)


def test_a_delivery_takes_away_what_bounced_softly_until_then() -> None:
    status = after([("address", Evidence(NOON, "a")), ("way", Evidence(NOON + DAY, "b" * 40))])
    assert status.reset_by(NOON - DAY) is status
    assert status.reset_by(NOON + DAY) == Status(delivered=NOON + DAY)
    later = status.reset_by(NOON)
    assert (later.state, later.days("address"), later.days("way")) == (State.SOFT_BOUNCING, 0, 1)
    assert later.since == Evidence(NOON + DAY, "b" * 16)
    assert later.soft_bounced("address", Evidence(NOON, "a"), "quota-issues") == later


def test_a_delivery_takes_no_end_back() -> None:
    status = after([("address", Evidence(NOON, "a")), ("hard-bounced", Evidence(NOON + DAY, "b"))])
    reset = status.reset_by(NOON + 2 * DAY)
    assert (reset.state, reset.since, reset.recent) == (State.HARD_BOUNCED, Evidence(NOON + DAY, "b"), ())


@given(st.lists(grounds, min_size=1, max_size=20))
def test_the_earliest_ground_of_a_suppression_and_a_membership_stands(order: list[Evidence]) -> None:
    suppression, membership = Suppression("user@example.com"), Membership("news")
    for ground in order:
        suppression = suppression.suppressed(GLOBAL, Cause("hard-bounce", "ses", ground))
        membership = membership.unsubscribed(ground, "hard-bounce")
    assert suppression.scopes[GLOBAL].evidence == membership.ended == min(order)


def test_scopes_are_in_one_order() -> None:
    cause = Cause("hard-bounce", "ses", Evidence(NOON, "a"))
    for order in itertools.permutations(["global", "list#news", "list#offers"]):
        suppression = Suppression("user@example.com")
        for scope in order:
            suppression = suppression.suppressed(scope, cause)
        assert list(suppression.scopes) == ["global", "list#news", "list#offers"]


def test_of_many_soft_bounces_the_latest_days_are_remembered() -> None:
    status = after([("address", Evidence(NOON + day * DAY, f"{day:02}")) for day in range(20)])
    assert [bounce.report for bounce in status.recent] == [f"{day:02}" for day in range(20 - MAX_RECENT, 20)]
    assert status.since == Evidence(NOON, "00")


def test_days_are_those_of_utc() -> None:
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    status = after([("way", Evidence(midnight - timedelta(seconds=1), "a")), ("way", Evidence(midnight, "b"))])
    assert status.days("way") == 2


@pytest.mark.parametrize("time", [NOON, datetime(1, 1, 2, tzinfo=UTC), datetime(999, 1, 1, tzinfo=UTC)])
def test_times_are_read_as_they_were_written(time: datetime) -> None:
    assert evidence.read(evidence.written(time)) == time


def test_times_sort_as_texts() -> None:
    times = [datetime(1, 1, 2, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC), NOON, NOON + timedelta(seconds=1)]
    assert sorted(map(evidence.written, times)) == list(map(evidence.written, times))


def verdict(
    bounce_type: str,
    category: str | None,
    event: str = "bounce",
    feedback_type: str | None = None,
    source: Source = Source.SES,
) -> Verdict:
    report = Report(
        id="a", source=source, event=Event(event), recipient="user@example.com", feedback_type=feedback_type
    )
    return Verdict(report=report, category=category, bounce_type=BounceType(bounce_type))


CALLED_FOR: list[tuple[Verdict, str | Effect]] = [
    (verdict("hard", "bad-mailbox"), HARD_BOUNCE),
    (verdict("hard", "policy-related"), HARD_BOUNCE),  # an operator's pattern said so: it wins
    (verdict("hard", None), HARD_BOUNCE),
    (verdict("soft", "bad-mailbox"), "way"),
    (verdict("soft", "quota-issues"), "address"),
    (verdict("soft", "message-expired"), "way"),
    (verdict("soft", "bad-configuration"), "way"),
    (verdict("none", "quota-issues"), Record("quota-issues says nothing of the address")),
    (verdict("soft", "spam-related"), Record("spam-related says nothing of the address")),
    (verdict("soft", "other"), Record("other says nothing of the address")),
    (verdict("soft", None), Record("other says nothing of the address")),
    (verdict("none", None, "complaint", "abuse"), COMPLAINT),
    (
        verdict("none", None, "complaint", "not-spam"),
        Record("feedback of type not-spam: no complaint of the subscriber"),
    ),
    (verdict("hard", "bad-mailbox", "delay"), Record("delay, no bounce")),
    (verdict("none", None, "delivery"), Record("delivery, no bounce")),  # a DSN, which anyone can write
    (verdict("none", None, "delivery", source=Source.POWERMTA), Reset()),
    (verdict("none", None, "delivery", source=Source.KUMOMTA), Reset()),
    (verdict("none", None, "delivery", source=Source.API), Record("delivery, no bounce")),
]


@pytest.mark.parametrize(("given", "effect"), CALLED_FOR)
def test_what_a_verdict_calls_for(given: Verdict, effect: str | Effect) -> None:
    found = effect_of(given, default_policy())
    assert (found.towards if isinstance(found, Count) else found) == effect
