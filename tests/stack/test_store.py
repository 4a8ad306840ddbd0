"""What a verdict does to an address."""

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest

from bounces.errors import RecipientError, RecordError
from bounces.records import Event, Source, Verdict
from bounces.store import GLOBAL, Action, State, Store
from tests.stack import in_memory, times
from tests.stack.in_memory import Tables
from tests.stack.verdicts import NOON, USER, complaint, delivery, hard, no_bounce, soft

DAY = timedelta(days=1)


@pytest.fixture
def tables(empty_tables: Tables) -> Tables:
    empty_tables.clear()
    subscribe(empty_tables.store)
    return empty_tables


def subscribe(store: Store) -> None:
    store.subscribe(USER, "news", "17")
    store.subscribe(USER, "offers")


def subscribed(store: Store, address: str = USER) -> list[str]:
    return [membership.list_id for membership in store.memberships(address) if membership.is_subscribed]


def test_a_hard_bounce_without_a_list_ends_every_membership(tables: Tables) -> None:
    applied = tables.store.apply(hard())
    assert applied.action is Action.HARD_BOUNCED
    assert applied.words == "suppressed, unsubscribed from news, offers, marked hard-bounced"
    status = tables.store.status(USER)
    assert (status.state, status.category) == (State.HARD_BOUNCED, "bad-mailbox")
    assert subscribed(tables.store) == []
    suppression = tables.store.suppression(USER)
    assert suppression is not None
    (cause,) = suppression.scopes[GLOBAL].causes
    assert (cause.reason, cause.source) == ("hard-bounce", "ses")
    assert (cause.evidence.report, cause.evidence.time) == (hard().report.id, NOON)


def test_a_hard_bounce_ends_only_the_membership_that_it_names(tables: Tables) -> None:
    applied = tables.store.apply(hard(list_id="News"))
    assert applied.words == "suppressed, unsubscribed from news, marked hard-bounced"
    assert subscribed(tables.store) == ["offers"]
    assert tables.store.memberships(USER)[0].subscriber == "17"


def test_a_list_that_the_address_was_not_known_on_is_recorded_as_left(tables: Tables) -> None:
    tables.store.apply(hard(list_id="Winter.Shop.Example"))
    left = {each.list_id: each.ended and each.ended.reason for each in tables.store.memberships(USER)}
    assert left == {"news": None, "offers": None, "winter.shop.example": "hard-bounce"}


def test_a_hard_bounce_of_an_unknown_address_suppresses_it(tables: Tables) -> None:
    applied = tables.store.apply(hard(recipient="New@Example.org", addressee="New@Example.org"))
    assert applied.words == "suppressed, marked hard-bounced"
    assert tables.store.status("new@example.org").state is State.HARD_BOUNCED
    assert tables.store.suppression("NEW@EXAMPLE.ORG") is not None


def test_who_was_mailed_is_meant_not_where_it_was_forwarded_to(tables: Tables) -> None:
    tables.store.apply(hard(recipient="elsewhere@example.net"))
    assert tables.store.status(USER).state is State.HARD_BOUNCED
    assert tables.store.status("elsewhere@example.net").state is State.ACTIVE
    assert tables.store.history(USER)[0].recipient == "elsewhere@example.net"


def test_without_an_addressee_the_recipient_is_meant(tables: Tables) -> None:
    tables.store.apply(hard(addressee=None))
    assert tables.store.status(USER).state is State.HARD_BOUNCED


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "ABUSE", None])
def test_a_complaint_unsubscribes_and_suppresses_with_its_own_reason(tables: Tables, kind: str | None) -> None:
    applied = tables.store.apply(complaint(feedback_type=kind))
    assert applied.words == "suppressed, unsubscribed from news, offers, marked complained"
    assert tables.store.status(USER).state is State.COMPLAINED
    suppression = tables.store.suppression(USER)
    assert suppression is not None
    assert [cause.reason for cause in suppression.scopes[GLOBAL].causes] == ["complaint"]


@pytest.mark.parametrize(
    "verdict",
    [soft("s", category) for category in ("quota-issues", "message-expired", "routing-errors", "bad-connection")]
    + [soft("s", "bad-mailbox")],  # 450 4.1.1: unknown by a host that may mean it for now
)
def test_a_soft_bounce_is_counted_and_takes_nothing_away(tables: Tables, verdict: Verdict) -> None:
    applied = tables.store.apply(verdict)
    assert (applied.action, applied.words) == (Action.SOFT_BOUNCED, "soft bounce counted (1 day)")
    assert tables.store.status(USER).state is State.SOFT_BOUNCING
    assert subscribed(tables.store) == ["news", "offers"]
    assert tables.store.suppression(USER) is None


SENDER = [
    "policy-related",
    "spam-related",
    "virus-related",
    "content-related",
    "relaying-issues",
    "invalid-sender",
    "protocol-errors",
    "other",
    "unheard-of",
]


@pytest.mark.parametrize(
    "verdict",
    [soft("n", category) for category in SENDER]
    + [no_bounce(event) for event in (Event.DELAY, Event.DELIVERY, Event.AUTO_REPLY, Event.OTHER)]
    + [complaint(feedback_type=kind) for kind in ("not-spam", "auth-failure", "virus", "other", "unheard-of")],
    ids=lambda verdict: verdict.category or f"{verdict.report.event} {verdict.report.feedback_type or ''}",
)
def test_what_says_nothing_against_the_address_goes_to_history_only(tables: Tables, verdict: Verdict) -> None:
    before = tables.items()
    assert tables.store.apply(verdict).action is Action.RECORDED
    (past,) = tables.store.history(USER)
    assert past.evidence.report == verdict.report.id
    assert len(tables.items()) == len(before) + 1
    assert tables.store.status(USER).state is State.ACTIVE


def test_what_an_operator_ignores_goes_to_history_only(tables: Tables) -> None:
    ignored = Verdict(report=hard().report, category="bad-mailbox", bounce_type=hard().bounce_type, ignore=True)
    applied = tables.store.apply(ignored)
    assert applied.words == "recorded only (an operator's pattern says to ignore it)"
    assert tables.store.suppression(USER) is None


def test_a_delivery_takes_soft_bounces_away_once_and_leaves_no_other_trace(tables: Tables) -> None:
    for day in range(3):
        tables.store.apply(soft(f"s{day}", at=NOON + day * DAY))
    with in_memory.calls() as made:
        applied = tables.store.apply(delivery(at=NOON + DAY))
    assert (applied.action, applied.words) == (
        Action.DELIVERED,
        "delivered, soft bounces taken away, soft-bouncing",
    )
    assert len(made.writes) == 1
    assert tables.store.status(USER).days("address") == 1
    before = tables.dump()
    for late in (delivery(at=NOON + DAY), delivery("d2", at=NOON), soft("s0", at=NOON), soft("s1", at=NOON + DAY)):
        tables.store.apply(late)
    assert tables.dump() == before
    tables.store.apply(delivery("d3", at=NOON + 4 * DAY))
    assert tables.store.status(USER).state is State.ACTIVE


def test_a_delivery_to_who_never_bounced_is_one_read_and_no_write(tables: Tables) -> None:
    before = tables.dump()
    with in_memory.calls() as made:
        applied = tables.store.apply(delivery())
    assert applied.words == "delivered, no soft bounce to take away"
    assert made.operations == ["GetItem"]
    assert tables.dump() == before


def test_a_delivery_that_two_tell_at_once_or_that_breaks_off_ends_the_same(tables: Tables) -> None:
    tables.store.apply(soft(at=NOON))
    with in_memory.calls("after", operation="PutItem"), pytest.raises(Exception, match=r"in\.memory"):
        tables.store.apply(delivery(at=NOON + DAY))
    assert tables.store.apply(delivery(at=NOON + DAY)).words == "delivered, no soft bounce to take away"
    assert tables.store.status(USER).state is State.ACTIVE
    tables.store.apply(soft("again", at=NOON + 2 * DAY))
    with in_memory.before_write(0, lambda: tables.store.apply(soft("other", at=NOON + 5 * DAY))):
        tables.store.apply(delivery("d2", at=NOON + 3 * DAY))
    assert [bounce.time for bounce in tables.store.status(USER).recent] == [NOON + 5 * DAY]


def test_a_success_dsn_takes_nothing_away(tables: Tables) -> None:
    tables.store.apply(soft(at=NOON))
    applied = tables.store.apply(delivery(source=Source.SES, at=NOON + DAY))
    assert applied.words == "recorded only (delivery, no bounce)"
    assert tables.store.status(USER).state is State.SOFT_BOUNCING


def test_soft_bounces_are_counted_by_days(tables: Tables) -> None:
    hours = [0, 1, 5, 24, 30, 48]
    words = [tables.store.apply(soft(f"s{hour}", at=NOON + timedelta(hours=hour))).words for hour in hours]
    days = ["1 day", "1 day", "1 day", "2 days", "2 days", "3 days"]
    assert words == [f"soft bounce counted ({count})" for count in days]


def test_a_full_mailbox_and_a_broken_way_are_counted_apart(tables: Tables) -> None:
    tables.store.apply(soft("full", "quota-issues"))
    applied = tables.store.apply(soft("way", "routing-errors", at=NOON + DAY))
    assert applied.words == "soft bounce counted (1 day)"


def test_a_soft_bounce_never_takes_an_end_back(tables: Tables) -> None:
    tables.store.apply(hard(at=NOON + DAY))
    applied = tables.store.apply(soft())
    assert applied.words == "soft bounce counted (1 day), stays hard-bounced"
    assert tables.store.status(USER).state is State.HARD_BOUNCED


def test_the_earliest_reason_stands(tables: Tables) -> None:
    tables.store.apply(complaint(at=NOON + DAY, list_id="news"))
    assert tables.store.apply(hard("later", at=NOON + 2 * DAY)).words == (
        "already suppressed, unsubscribed from offers, already complained"
    )
    assert tables.store.apply(hard("earlier")).words == (
        "suppressed, unsubscribed from news, offers, marked hard-bounced"
    )
    assert tables.store.status(USER).since == tables.store.history(USER)[0].evidence.short


FACTS = [
    hard("h1", at=NOON + 2 * DAY, list_id="news"),
    complaint("c1", at=NOON + DAY, list_id="offers"),
    soft("s1", at=NOON),
    soft("s2", "routing-errors", at=NOON + 3 * DAY),
]


def test_any_order_of_the_same_reports_ends_in_the_same_items(tables: Tables) -> None:
    ends = []
    for order in itertools.permutations(FACTS):
        tables.clear()
        subscribe(tables.store)
        for verdict in order:
            tables.store.apply(verdict)
        ends.append(tables.dump())
    assert len(ends) == 24
    assert all(end == ends[0] for end in ends)


EVERY_KIND: list[Callable[[], Verdict]] = [
    hard,
    lambda: hard(list_id="news"),
    soft,
    complaint,
    lambda: soft("n", "policy-related"),
    lambda: no_bounce(Event.DELAY),
]


@pytest.mark.parametrize("make", EVERY_KIND)
def test_a_duplicate_is_one_read_and_no_write(tables: Tables, make: Callable[[], Verdict]) -> None:
    tables.store.apply(make())
    before = tables.dump()
    with in_memory.calls() as calls:
        applied = tables.store.apply(make())
    assert applied.is_duplicate
    assert calls.operations == ["GetItem"]
    assert tables.dump() == before


def test_a_report_by_another_way_is_a_duplicate(tables: Tables) -> None:
    tables.store.apply(hard())
    before = tables.dump()
    again = hard(raw="s3://mail-bucket/incoming/another", received_time=NOON + DAY)
    assert tables.store.apply(again).words == "duplicate, nothing changed"
    assert tables.dump() == before


@pytest.mark.parametrize(
    "addressee", [None, "", "no address", "user@", "@example.com", "a b@example.com", "x" * 250 + "@example.com"]
)
def test_a_recipient_that_is_no_address_is_refused_before_anything_is_written(
    tables: Tables, addressee: str | None
) -> None:
    before = tables.dump()
    with pytest.raises(RecipientError, match="mail address"):
        tables.store.apply(hard(recipient=addressee, addressee=addressee))
    assert tables.dump() == before


def test_a_report_without_any_time_is_refused_before_anything_is_written(tables: Tables) -> None:
    before = tables.dump()
    with pytest.raises(RecordError, match="neither an event time nor a received time"):
        tables.store.apply(hard(event_time=None, received_time=None))
    assert tables.dump() == before


def test_without_an_event_time_the_time_of_arrival_is_taken(tables: Tables) -> None:
    tables.store.apply(hard(event_time=None, received_time=NOON))
    assert tables.store.history(USER)[0].evidence.time == NOON


def test_history_tells_what_was_reported_and_why_it_was_decided_so(tables: Tables) -> None:
    tables.store.apply(soft("later", at=NOON + DAY))
    tables.store.apply(
        hard(list_id="news", campaign="c7", status="5.1.1", reply_code="550", remote_mta="mx.example.com")
    )
    first, second = tables.store.history(USER)
    assert (first.event, first.bounce_type, first.category) == ("bounce", "hard", "bad-mailbox")
    assert (first.rule, first.layer, first.reason) == (hard().rule, "status", hard().reason)
    assert (first.status, first.reply_code, first.diagnostic) == ("5.1.1", "550", "550 5.1.1 user unknown")
    assert (first.list_id, first.campaign, first.raw) == ("news", "c7", "s3://mail-bucket/incoming/h")
    assert second.evidence.report == soft("later").report.id


def test_history_expires_400_days_after_it_was_applied(tables: Tables) -> None:
    with times.at(NOON + 2 * DAY):
        tables.store.apply(hard())
    (expires,) = {int(item["expires_at"]["N"]) for item in tables.items() if "expires_at" in item}
    assert expires == (NOON + 402 * DAY).timestamp()


def test_a_membership_is_noted_again_without_a_change(tables: Tables) -> None:
    with in_memory.calls() as calls:
        assert tables.store.subscribe(USER, "NEWS").subscriber == "17"
    assert calls.writes == []
    assert tables.store.subscribe(" User@Example.com ", "news", "18", told=NOON).subscriber == "18"
    assert tables.store.subscribe(USER, "news", "17", told=NOON - DAY).subscriber == "18"


def test_subscribing_does_not_bring_back_who_bounced(tables: Tables) -> None:
    tables.store.apply(hard())
    assert not tables.store.subscribe(USER, "news").is_subscribed
    assert subscribed(tables.store) == []


def test_only_an_address_can_subscribe(tables: Tables) -> None:
    with pytest.raises(RecipientError, match="no mail address"):
        tables.store.subscribe("user", "news")


def test_suppressions_are_listed_over_pages(tables: Tables) -> None:
    addresses = {f"user{number}@example.com" for number in range(30)}
    for address in addresses:
        tables.store.apply(hard("h", recipient=address, addressee=address))
    assert {suppression.address for suppression in tables.store.suppressions()} == addresses


def test_nothing_is_known_of_an_address_never_heard_of(tables: Tables) -> None:
    store, address = tables.store, "nobody@example.com"
    assert (store.status(address).state, store.memberships(address)) == (State.ACTIVE, ())
    assert (store.suppression(address), store.history(address)) == (None, ())


def test_what_an_operator_decided_stands_when_all_reports_are_undone(tables: Tables) -> None:
    """Of three grounds at once the middle one is not remembered in the item itself."""
    store = tables.store
    store.apply(hard("early", at=NOON))
    store.add(USER, "manual", at=NOON + DAY, by="ann", why="by phone")
    store.apply(hard("late", at=NOON + 20 * DAY))

    for name in ("early", "late"):
        store.undo(USER, name, at=NOON + 30 * DAY, by="bob", why="their mistake")

    suppression = store.suppression(USER)
    assert suppression is not None
    cause = suppression.cause(None, NOON + 31 * DAY)
    assert cause is not None
    assert (cause.reason, cause.by) == ("manual", "ann")
