"""What a verdict calls for, and that history keeps it as it was."""

from __future__ import annotations

import pytest

from bounces.patterns.policy import Escalation, Lists, default_policy
from bounces.records import BounceType, Event, Report, Source, Verdict
from bounces.store.effects import Count, Effect, End, Record, Reset, effect_of, read, written
from bounces.store.states import State

WAY = Count("way", Escalation(5, within_days=30))
ADDRESS = Count("address", Escalation(3, over_days=14))
HARD_BOUNCE = End(State.HARD_BOUNCED, Lists.EVERY)
COMPLAINT = End(State.COMPLAINED, Lists.EVERY)


def verdict(
    bounce_type: str,
    category: str | None,
    event: str = "bounce",
    feedback_type: str | None = None,
    source: Source = Source.SES,
    list_id: str | None = None,
) -> Verdict:
    report = Report(
        id="a",
        source=source,
        event=Event(event),
        recipient="user@example.com",
        feedback_type=feedback_type,
        list_id=list_id,
    )
    return Verdict(report=report, category=category, bounce_type=BounceType(bounce_type))


CALLED_FOR: list[tuple[Verdict, Effect]] = [
    (verdict("hard", "bad-mailbox"), HARD_BOUNCE),
    (verdict("hard", "bad-mailbox", list_id="news"), End(State.HARD_BOUNCED, Lists.NAMED)),
    (verdict("hard", "policy-related"), HARD_BOUNCE),  # an operator's pattern said so: it wins
    (verdict("hard", None), HARD_BOUNCE),
    (verdict("soft", "bad-mailbox"), WAY),
    (verdict("soft", "quota-issues"), ADDRESS),
    (verdict("soft", "message-expired"), WAY),
    (verdict("soft", "bad-configuration"), WAY),
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
def test_what_a_verdict_calls_for(given: Verdict, effect: Effect) -> None:
    found = effect_of(given, default_policy())
    assert found == effect
    assert read(written(found)) == (found if isinstance(found, End | Count) else None)


def test_an_operator_says_what_ends_and_what_adds_up_for_a_list() -> None:
    policy = default_policy().overridden(
        '[endings]\nhard-bounce = { named_list = "every", expires_after_days = 180 }\n'
        'complaint = { no_list = "none" }\n[lists."News".escalation]\naddress = { days = 2, over_days = 7 }'
    )
    hard = effect_of(verdict("hard", "bad-mailbox", list_id="news"), policy)
    assert hard == End(State.HARD_BOUNCED, Lists.EVERY, 180)
    assert read(written(hard)) == hard
    assert effect_of(verdict("none", None, "complaint", "abuse"), policy) == End(State.COMPLAINED, Lists.NONE)
    full = [effect_of(verdict("soft", "quota-issues", list_id=each), policy) for each in ("news", "offers", None)]
    assert full == [Count("address", Escalation(2, over_days=7)), ADDRESS, ADDRESS]
