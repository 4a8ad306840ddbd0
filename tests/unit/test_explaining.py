"""What is known of an address, in words."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bounces.patterns.policy import Escalation, Lists, default_policy
from bounces.store import effects, explaining
from bounces.store.effects import Count
from bounces.store.effects import End as EndEffect
from bounces.store.evidence import Evidence
from bounces.store.facts import end_of, soft_bounce_of
from bounces.store.history import Decided, Past
from bounces.store.states import Left, Membership, State, Status
from bounces.store.suppressions import Cause, Lift, Scope

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FULL = default_policy().escalations["address"]  # type: ignore[index]  # a StrEnum is its text
WAY = default_policy().escalations["way"]  # type: ignore[index]

HARD = EndEffect(State.HARD_BOUNCED, Lists.NAMED)
COMPLAINED = EndEffect(State.COMPLAINED, Lists.EVERY, 365)


def past(report: str = "r1", effect: Any = None, at: datetime = NOON, **fields: Any) -> Past:
    least = {"event": "bounce", "source": "ses", "bounce_type": "soft", "category": "quota-issues"}
    return Past(
        evidence=Evidence(at, report.ljust(40, "0")), effect=effect and effects.written(effect), **least | fields
    )


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (
            past(effect=Count("address", FULL)),
            "quota-issues counts towards the mailbox: "
            "3 different days over at least 14 days, with no delivery between, end in hard",
        ),
        (
            past(effect=Count("way", WAY), category="message-expired"),
            "message-expired counts towards the way there: "
            "5 different days within 30 days, with no delivery between, end in hard",
        ),
        (
            past(effect=Count("address", Escalation(1))),
            "quota-issues counts towards the mailbox: one day, with no delivery between, ends in hard",
        ),
        (
            past(effect=Count("address", None)),
            "quota-issues counts towards the mailbox: no number of them ends in hard",
        ),
        (
            past(effect=HARD, category="bad-mailbox", bounce_type="hard", list_id="news"),
            "bad-mailbox is hard: the address is given up at the first report; suppressed for every list, "
            "and leaves the list that the report names (news)",
        ),
        (
            past(effect=EndEffect(State.HARD_BOUNCED, Lists.NONE), category="bad-domain", bounce_type="hard"),
            "bad-domain is hard: the address is given up at the first report; suppressed for every list, "
            "and leaves no list",
        ),
        (
            past(effect=COMPLAINED, event="complaint", bounce_type="none", category=None),
            "a complaint: the subscriber wants no more; suppressed for every list for 365 days, "
            "and leaves every list that it is on",
        ),
        (past(category="spam-related"), "spam-related says nothing of the address: kept in history only"),
        (
            past(event="complaint", bounce_type="none", category=None, feedback_type="not-spam"),
            "feedback of type not-spam is no complaint of the subscriber: kept in history only",
        ),
        (
            past(event="auto-reply", bounce_type="none", category=None),
            "auto-reply is no bounce: kept in history only",
        ),
        (
            past(category="bad-mailbox", bounce_type="hard", layer="operator", rule="operator.3"),
            "the operator's pattern says to ignore it: kept in history only",
        ),
    ],
)
def test_the_policy_s_line_is_told_as_it_was_applied(of: Past, says: str) -> None:
    assert explaining.policy_words(of) == says


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (past(), "soft bounce, quota-issues (the mailbox is full)"),
        (past(category="bad-mailbox", bounce_type="hard"), "hard bounce, bad-mailbox (no such recipient)"),
        (
            past(event="delay", category="message-expired"),
            "delay, soft, message-expired (not delivered before the sender gave up)",
        ),
        (past(event="complaint", bounce_type="none", feedback_type="fraud"), "complaint (fraud)"),
        (past(event="auto-reply", bounce_type="none"), "auto-reply"),
    ],
)
def test_what_a_report_was(of: Past, says: str) -> None:
    assert explaining.what_words(of) == says


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"rule": "quota.full", "layer": "phrase"}, "quota.full, general words"),
        (
            {"rule": "google.full", "layer": "provider", "patterns_version": "7", "reason": "Its words."},
            "google.full, a provider's own words, beside version 7 of the operator's patterns. Its words.",
        ),
        (
            {"rule": "operator.3", "layer": "operator", "patterns_version": "7"},
            "the operator's pattern operator.3, of version 7 of the operator's patterns",
        ),
        ({"rule": "status.5.2.2", "layer": "status"}, "status.5.2.2, the enhanced status code"),
        ({"rule": "new", "layer": "of a later version"}, "new"),
        ({"reason": "It is no bounce."}, "It is no bounce."),
        ({}, ""),
    ],
)
def test_the_rule_is_told_with_its_kind_and_version(fields: dict[str, Any], says: str) -> None:
    assert explaining.rule_words(past(**fields)) == says


def test_what_was_said_has_its_codes() -> None:
    of = past(diagnostic="452 4.2.2 full", status="4.2.2", reply_code="452", remote_mta="mx.example.com")
    assert explaining.said_words(of) == "452 4.2.2 full [status 4.2.2, reply 452, by mx.example.com]"
    assert explaining.said_words(past()) == ""


def counted(pasts: Iterable[Past], **since: datetime) -> Status:
    """Return the status after soft bounces."""
    known = list(pasts)
    bounces = [bounce for each in known if (bounce := soft_bounce_of(each))]
    status = Status(**since)
    for bounce in bounces:
        status = status.soft_bounced(bounce, lambda: bounces)
    return status


SOFT = [past(f"s{day}", Count("address", FULL), NOON + day * DAY) for day in (0, 8, 15)]


def test_a_soft_bounce_says_how_it_counts() -> None:
    status = counted(SOFT[:2])
    assert [explaining.effect_words(each, status) for each in SOFT[:2]] == ["counts: day 1 of 2", "counts: day 2 of 2"]
    same_day = past("t", Count("address", FULL), NOON + timedelta(hours=2))
    assert explaining.effect_words(same_day, counted([*SOFT[:2], same_day])) == (
        "counts as one with report s0000000 of the same day"
    )


def test_the_soft_bounce_that_was_enough_says_so() -> None:
    status = counted(SOFT)
    assert explaining.effect_words(SOFT[2], status) == (
        "with this one they were enough: suppressed for every list as an escalation"
    )
    assert explaining.status_words(status) == (
        "hard-bounced since 2024-05-16 12:00 UTC, by report s1500000: soft bounces on 3 days, and "
        "3 different days over at least 14 days, with no delivery between, end in hard"
    )


def test_what_ended_a_soft_bounce_is_told_by_the_first_that_did() -> None:
    delivered, lifted = NOON + DAY, NOON + 2 * DAY
    assert explaining.effect_words(SOFT[0], counted([], delivered=delivered, lifted=lifted)) == (
        "delivered 2024-05-02 12:00 UTC: counts no more"
    )
    assert explaining.effect_words(SOFT[0], counted([], lifted=lifted)) == "lifted 2024-05-03 12:00 UTC: counts no more"


def test_what_gave_the_address_up_says_so_and_a_later_one_that_it_was() -> None:
    first = past("h1", HARD, bounce_type="hard", category="bad-mailbox")
    later = past("h2", HARD, NOON + DAY, bounce_type="hard", category="bad-domain")
    ends = [end for each in (first, later) if (end := end_of(each))]
    status = Status().ended(*ends)
    assert explaining.effect_words(first, status) == "this is why the address is hard-bounced"
    assert explaining.effect_words(later, status) == "an earlier report has made it hard-bounced already"
    lifted = status.lifted_at(NOON + 2 * DAY, list, ends)
    assert explaining.effect_words(later, lifted) == "lifted 2024-05-03 12:00 UTC: counts no more"
    assert explaining.status_words(lifted) == "active"


def test_what_is_undone_says_by_whom_and_why() -> None:
    of = past(effect=HARD, undone=Lift(NOON + DAY, "ann", "the provider was broken"))
    assert explaining.effect_words(of, Status()) == "undone 2024-05-02 12:00 UTC by ann: the provider was broken"


def test_a_scope_tells_of_its_causes_its_lift_and_what_was_taken_back() -> None:
    ground = Evidence(NOON, "abcdef0123456789abcdef")
    scope = Scope(
        (
            Cause("hard-bounce", "ses", ground, NOON),
            Cause("manual", "operator", ground, NOON, NOON + DAY, "ann", "asked by phone"),
            Cause("complaint", "import", ground, NOON + DAY, NOON + 3 * DAY, "bob"),
        ),
        lift=Lift(NOON - DAY, "ann", "wrote to us"),
        freed=Lift(NOON, "delivery", "delivered between its soft bounces"),
    )
    assert explaining.scope_words(scope, NOON + 2 * DAY) == [
        "hard-bounce since 2024-05-01 12:00 UTC, from ses, report abcdef0123456789",
        "manual since 2024-05-01 12:00 UTC, from operator by ann: asked by phone "
        "(until 2024-05-02 12:00 UTC, which is over)",
        "complaint since 2024-05-01 12:00 UTC, from import 2024-05-02 12:00 UTC by bob (until 2024-05-04 12:00 UTC)",
        "lifted 2024-04-30 12:00 UTC by ann: wrote to us",
        "a suppression was taken back 2024-05-01 12:00 UTC (delivery): delivered between its soft bounces",
    ]
    assert (explaining.scope_name("global"), explaining.scope_name("list#news")) == ("every list", "list news")


def test_memberships_and_decisions() -> None:
    on = Membership("news", "17")
    assert explaining.membership_words(on) == "subscribed, subscriber 17"
    off = on.unsubscribed(Left(Evidence(NOON, "h1"), "hard-bounce"))
    assert explaining.membership_words(off) == "taken off 2024-05-01 12:00 UTC, subscriber 17: hard-bounce, report h1"
    decided = Decided(Evidence(NOON, "d1"), "lifted", "list#news", "ann", "wrote to us")
    assert explaining.decided_words(decided) == "lifted, for list news, by ann: wrote to us"
