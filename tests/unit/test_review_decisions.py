"""What waits for a person and why, what is kept of it, and what follows from a decision. Pure."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces.errors import ReviewError
from bounces.patterns import Classifier, default_policy
from bounces.patterns.policy import Lists
from bounces.reading.accounting import read_push
from bounces.reading.accounting.rejections import MAX_SHOWN, reports_of
from bounces.reading.reports import Arrival
from bounces.records import BounceType, Event, Report, Source, Verdict
from bounces.store.decisions import MAX_WHY, Choice, Decision, applied_to
from bounces.store.effects import Count, End, effect_of
from bounces.store.review_items import WaitingItem
from bounces.store.review_reasons import (
    BOUNCE_OF_NOBODY,
    COMPLAINT_OF_NOBODY,
    CUT,
    NO_ADDRESS,
    NO_WORDS,
    TOO_LONG,
    UNKNOWN,
    UNREADABLE,
    review_reason,
    shape_of_verdict,
)
from bounces.store.states import State
from bounces.store.waiting import Item, arrival_of, day_of, written_in
from tests.stack.verdicts import NOON, complaint, delivery, hard, no_bounce, soft

POLICY: Final = default_policy()
HARD_BOUNCE: Final = End(State.HARD_BOUNCED, Lists.EVERY)
COMPLAINT: Final = End(State.COMPLAINED, Lists.EVERY)
NOBODY: Final[dict[str, Any]] = {"recipient": None, "addressee": None}
LONG: Final = "x" * 300 + "@example.com"


def unread(**fields: Any) -> Verdict:
    return no_bounce(Event.OTHER, **NOBODY | {"note": "has an address in the column dsnStatus"} | fields)


REASONS: Final = {
    "a known hard bounce": (hard(), None),
    "a known soft one": (soft(), None),
    "one that nothing is known of": (soft(category="other"), UNKNOWN),
    "one without a category": (soft(category=None), UNKNOWN),
    "one that the operator's pattern ignores": (soft(category="other").replaced(ignore=True), None),
    "one that the operator decided": (soft(category="other", source=Source.OPERATOR), None),
    "a bounce that names nobody": (hard(**NOBODY), BOUNCE_OF_NOBODY),
    "a bounce of what is no address": (hard(recipient="Mailer", addressee=None), NO_ADDRESS),
    "a bounce of too long an address": (hard(recipient=LONG, addressee=LONG), TOO_LONG),
    "a delivery in vain that names nobody": (
        soft(event=Event.DELAY, action="failed", **NOBODY).replaced(category="message-expired"),
        BOUNCE_OF_NOBODY,
    ),
    "a warning that names nobody": (no_bounce(Event.DELAY, action="delayed", **NOBODY), None),
    "an automatic reply that names nobody": (no_bounce(Event.AUTO_REPLY, **NOBODY), None),
    "a delivery that names nobody": (delivery(**NOBODY), None),
    "a complaint that names nobody": (complaint(**NOBODY), COMPLAINT_OF_NOBODY),
    "not spam, of nobody": (complaint(feedback_type="not-spam", **NOBODY), None),
    "a record that could not be read": (unread(), UNREADABLE),
    "a mail of which something was cut": (unread(cuts=("parts",)), CUT),
    "the same, where To names one": (unread(cuts=("parts",), addressee="user@example.com"), CUT),
    "what the sender's own operator gave up": (
        no_bounce(Event.OTHER, note="PowerMTA itself gave up", action="failed"),
        None,
    ),
}


@pytest.mark.parametrize(("verdict", "reason"), REASONS.values(), ids=REASONS)
def test_a_verdict_waits_for_a_reason(verdict: Verdict, reason: str | None) -> None:
    assert review_reason(verdict, POLICY) == reason


def test_an_operator_s_policy_may_ask_for_a_look_at_any_category() -> None:
    policy = POLICY.overridden("[categories.policy-related]\nreview = true\n[categories.other]\nreview = false\n")
    assert review_reason(soft(category="policy-related"), policy) == "the policy asks for a look at policy-related"
    assert review_reason(soft(category="other"), policy) is None


def test_a_rejected_row_becomes_a_report_that_changes_no_address() -> None:
    header = b"type,timeLogged,orig,rcpt,bounceCat,dsnStatus,dsnAction,dsnDiag,dsnMta\n"
    shifted = b"b,2026-11-20 10:00:00+0000,b@return.example,5.1.1,bad-mailbox,jane@example.org,failed,x,y\n"
    arrival = Arrival(Source.POWERMTA, NOON, raw="s3://bucket/rejected/a.jsonl.gz")
    push = read_push(header + shifted + b"b,\xff" + b"\xe2\x98\x83" * 300 + b"\n" + shifted, arrival, "text/csv")
    (first, second) = reports_of(push.set_aside, arrival)
    assert (first.event, first.recipient, first.addressee) == (Event.OTHER, None, None)
    assert (first.raw, first.event_time, first.note) == (f"{arrival.raw}#2", NOON, push.set_aside[0].reason)
    assert len(second.diagnostic or "") == MAX_SHOWN
    again = reports_of(push.set_aside, arrival._replace(received_time=NOON + timedelta(days=1), raw="elsewhere"))
    assert [report.id for report in again] == [first.id, second.id]
    for report in (first, second):
        verdict = Classifier().classify(report)
        assert (verdict.bounce_type, verdict.category) == (BounceType.NONE, None)
        assert review_reason(verdict, POLICY) == UNREADABLE
        assert shape_of_verdict(verdict) == shape_of_verdict(verdict).strip() != NO_WORDS
        assert Report.from_json(report.to_json()) == report


def test_a_shape_has_the_codes_that_its_words_lack() -> None:
    assert shape_of_verdict(soft(diagnostic="Not here", status="5.1.1", reply_code="550")) == "550 5.1.1 not here"
    assert shape_of_verdict(soft(diagnostic="550 5.1.1 no", status="5.1.1", reply_code="550")) == "550 5.1.1 no"
    assert shape_of_verdict(soft(diagnostic=None)) == NO_WORDS
    assert shape_of_verdict(soft(diagnostic="user is unknown", returned_to="User@example.com")) == "NAME is unknown"


def test_of_what_was_not_read_the_reason_is_the_shape() -> None:
    one, other = unread(diagnostic="b,x,smtp;550 full"), unread(diagnostic="b,y,smtp;550 unknown")
    assert shape_of_verdict(one) == shape_of_verdict(other) == "has an address in the column dsnstatus"


def decision(choice: Choice = Choice.HARD, **fields: Any) -> Decision:
    return Decision(**{"choice": choice, "by": "ann", "at": NOON, "why": "they said so"} | fields).checked(POLICY)


EFFECTS: Final = {
    "hard": (soft(category="other"), decision(), HARD_BOUNCE),
    "soft": (soft(category="other"), decision(Choice.SOFT, category="quota-issues"), Count),
    "soft of a hard category": (soft(category="other"), decision(Choice.SOFT, category="bad-domain"), Count),
    "a complaint of nobody": (complaint(**NOBODY), decision(Choice.COMPLAINT, recipient="a@example.com"), COMPLAINT),
    "a complaint in a bounce's clothes": (soft(category="other"), decision(Choice.COMPLAINT), COMPLAINT),
    "a record that was not read": (unread(), decision(recipient="a@example.com"), HARD_BOUNCE),
    "a recipient that was cut": (
        hard(recipient=LONG, addressee=LONG),
        decision(recipient="a@example.com"),
        HARD_BOUNCE,
    ),
    "a delivery in vain": (soft(category="other", event=Event.DELAY, action="failed"), decision(), HARD_BOUNCE),
}


@pytest.mark.parametrize(("kept", "decided", "effect"), EFFECTS.values(), ids=EFFECTS)
def test_a_decision_has_the_effect_that_it_says(kept: Verdict, decided: Decision, effect: Any) -> None:
    verdict = applied_to(kept, decided)
    found = effect_of(verdict, POLICY)
    assert found == effect if not isinstance(effect, type) else isinstance(found, effect)
    report = verdict.report
    assert (report.source, verdict.layer, verdict.rule) == (Source.OPERATOR, "operator", "review")
    assert verdict.reason == "Reviewed by ann: they said so"
    assert (report.event_time, report.raw, report.list_id) == (
        kept.report.event_time,
        kept.report.raw,
        kept.report.list_id,
    )
    assert report.id == applied_to(kept, decided).report.id != kept.report.id
    assert review_reason(verdict, POLICY) is None
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_each_choice_has_an_id_of_its_own_and_who_made_it_is_no_part_of_it() -> None:
    kept = soft(category="other")
    made = [decision(), decision(category="bad-domain"), decision(Choice.SOFT, category="quota-issues"),
            decision(Choice.COMPLAINT)]  # fmt: skip
    assert len({applied_to(kept, one).report.id for one in made}) == len(made)
    assert applied_to(kept, decision(by="bob", why="so", at=NOON + timedelta(1))).report.id == (
        applied_to(kept, made[0]).report.id
    )
    assert len({applied_to(soft(f"{n}", "other"), decision()).report.id for n in range(5)}) == 5


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"why": " "}, "one of the two is empty"),
        ({"by": ""}, "one of the two is empty"),
        ({"why": "x" * (MAX_WHY + 1)}, "shorten"),
        ({"recipient": "nobody"}, "no mail address"),
        ({"category": "sandwich"}, "no category"),
        ({"choice": Choice.SOFT}, "counts towards nothing"),
        ({"choice": Choice.DISMISS, "category": "other"}, "for a bounce"),
    ],
)
def test_a_decision_that_cannot_be_made_says_why(fields: dict[str, Any], error: str) -> None:
    with pytest.raises(ReviewError, match=error):
        decision(**fields)


def test_whom_a_report_names_no_decision_names_otherwise() -> None:
    assert applied_to(hard(), decision(recipient="USER@example.com")).report.addressee == "user@example.com"
    with pytest.raises(ReviewError, match="names its recipient itself"):
        applied_to(hard(), decision(recipient="other@example.com"))
    with pytest.raises(ReviewError, match="names nobody"):
        applied_to(hard(**NOBODY), decision())


TEXT: Final = st.none() | st.text(max_size=400)


@given(
    room=st.integers(600, 900),
    fields=st.fixed_dictionaries(
        dict.fromkeys(
            ("diagnostic", "subject", "message_id", "note", "remote_mta", "system", "sending_mta", "feedback_id"), TEXT
        )
    ),
)
def test_what_is_kept_fits_and_lacks_nothing_that_applying_needs(room: int, fields: dict[str, str | None]) -> None:
    verdict = hard(list_id="news", subscriber="7", status="5.1.1", reply_code="550", **fields)
    text = written_in(room, verdict)
    assert len(text.encode()) <= room
    written = json.loads(text)
    assert "id" not in written["report"]
    written["report"]["id"] = verdict.report.id
    read = Verdict.from_json(written)
    assert (verdict.report.diagnostic or "").startswith(read.report.diagnostic or "")
    assert effect_of(read, POLICY) == effect_of(verdict, POLICY)
    for name in (
        "source",
        "event",
        "recipient",
        "addressee",
        "event_time",
        "received_time",
        "list_id",
        "subscriber",
        "raw",
        "cuts",
    ):
        assert getattr(read.report, name) == getattr(verdict.report, name)
    assert applied_to(read, decision()).report.id == applied_to(verdict, decision()).report.id


def test_what_applying_needs_is_kept_however_long_it_is() -> None:
    verdict = hard(raw="s3://" + "k" * 900, diagnostic="550 no", cuts=("addressee",))
    report = json.loads(written_in(100, verdict))["report"]
    assert (report["raw"], report["cuts"]) == (verdict.report.raw, ["addressee"])
    assert "diagnostic" not in report


def test_an_item_is_named_by_its_shape_and_its_report() -> None:
    verdict = soft(category="other")
    day = day_of(verdict, UNKNOWN)
    assert Item(day.shape_id, UNKNOWN, verdict).id == f"{day.shape_id}-{verdict.report.id}"
    assert day.shape_id != day_of(verdict, BOUNCE_OF_NOBODY).shape_id


@pytest.mark.parametrize("received", [NOON, NOON.replace(hour=0), NOON.replace(hour=23, minute=59)])
def test_a_record_came_on_the_day_on_which_it_was_pushed(received: datetime) -> None:
    verdict = soft(category="other", source=Source.POWERMTA, at=NOON - timedelta(days=3), received_time=received)
    day = day_of(verdict, UNKNOWN)
    read = WaitingItem.of(Item(day.shape_id, UNKNOWN, verdict), NOON).read()
    assert day.day == NOON.date()
    assert read.came == NOON.replace(hour=0)
    assert arrival_of(read.verdict.report) == arrival_of(verdict.report)


def test_a_record_came_no_sooner_than_it_happened() -> None:
    verdict = soft(category="other", source=Source.KUMOMTA, received_time=NOON + timedelta(hours=1))
    day = day_of(verdict, UNKNOWN)
    assert WaitingItem.of(Item(day.shape_id, UNKNOWN, verdict), NOON).read().came == NOON
