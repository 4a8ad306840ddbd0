"""What a function does with what it cannot use: keeps it, says so once, counts it, and goes on with the rest."""

import json
from typing import Any, Final

import pytest

from bounces import envelopes
from bounces.aws import mail_store, telemetry
from bounces.records import Event, Report, Source, Verdict
from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_ses import app as ingest_ses
from local.deploy import ROOT
from tests import receipts
from tests.stack.deployed import Kept, Stack
from tests.stack.said import Said
from tests.stack.verdicts import USER, complaint, delivery, hard, no_bounce, report, soft

BOUNCE: Final = (ROOT / "events" / "mails" / "postfix-user-unknown.eml").read_bytes()
ORDINARY: Final = b"From: Ann <ann@example.org>\r\nTo: Bob <bob@example.com>\r\nSubject: Lunch?\r\n\r\nAt noon?\r\n"


def bounce(stack: Stack, key: str) -> str:
    """Put a bounce mail into the bucket, and return its notification."""
    return json.dumps(receipts.notification(*stack.put_mail(f"incoming/{key}", BOUNCE)))


NO_NOTIFICATIONS = {
    "garbage": ("\x7f\u0416garbage", "NotificationError", "JSON object"),
    "an empty object": ("{}", "NotificationError", "notificationType"),
    "of another kind": ('{"notificationType":"Complaint"}', "NotificationError", "'Complaint'"),
    "of S3, not of SES": ('{"Records":[{"eventSource":"aws:s3"}]}', "NotificationError", "notificationType"),
    "of a mail that is gone": (json.dumps(receipts.notification("BUCKET", "incoming/gone")), "MailGone", "no mail at"),
    "of another bucket": (json.dumps(receipts.notification("no-such-bucket")), "MailGone", "no mail at"),
    "of an envelope": ('{"version":1,"kind":"reports","records":[]}', "NotificationError", "notificationType"),
}


@pytest.mark.parametrize(("body", "error", "reason"), NO_NOTIFICATIONS.values(), ids=NO_NOTIFICATIONS)
def test_a_notification_that_cannot_be_used_is_kept_and_the_others_are_read(
    stack: Stack, said: Said, body: str, error: str, reason: str
) -> None:
    body = body.replace("BUCKET", stack.deployed.resources["MailBucket"])
    assert stack.call(ingest_ses, [bounce(stack, "a"), body, bounce(stack, "b")]) == []
    assert len(stack.messages("ReportQueue")) == 2
    (kept,) = stack.dead_letters("MailQueue")
    assert kept.body == body
    assert reason in kept.attributes["reason"]
    (line,) = said.warnings()
    assert reason in line["reason"]
    assert line["message_id"] == kept.attributes["source_message_id"]
    assert said.rejected == {error: 1}
    assert said.counted[telemetry.MAILS_READ] == 2


NO_BOUNCES = {
    "garbage": bytes(range(256)) * 40,
    "an empty object": b"",
    "an ordinary mail": ORDINARY,
    "a mail of no lines": b"\x00" * 5000,
}


@pytest.mark.parametrize("raw", NO_BOUNCES.values(), ids=NO_BOUNCES)
def test_a_mail_that_is_no_bounce_stays_in_the_bucket(stack: Stack, said: Said, raw: bytes) -> None:
    odd = json.dumps(receipts.notification(*stack.put_mail("incoming/odd", raw)))
    assert stack.call(ingest_ses, [bounce(stack, "a"), odd, bounce(stack, "b")]) == []
    assert stack.has_mail("incoming/odd")
    assert len(stack.messages("ReportQueue")) == 2
    assert stack.dead_letters("MailQueue") == []
    (line,) = said.lines_of("incoming/odd")
    assert line["reason"]
    assert said.counted[telemetry.MAILS_WITHOUT_REPORT] == 1
    assert said.counted[telemetry.MAILS_READ] == 3


def test_a_rule_tried_out_is_counted_and_nothing_is_read(stack: Stack, said: Said) -> None:
    setup = json.dumps(receipts.notification(key="incoming/AMAZON_SES_SETUP_NOTIFICATION"))
    assert stack.call(ingest_ses, [setup, bounce(stack, "a")]) == []
    assert len(stack.messages("ReportQueue")) == 1
    assert stack.dead_letters("MailQueue") == []
    assert len(said.lines_of("incoming/AMAZON_SES_SETUP_NOTIFICATION")) == 1
    assert said.counted[telemetry.SETUP_NOTIFICATIONS] == 1


def test_of_a_mail_beyond_every_limit_the_beginning_is_read(
    stack: Stack, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_store, "MAX_MAIL_BYTES", len(BOUNCE))
    longer = json.dumps(receipts.notification(*stack.put_mail("incoming/long", BOUNCE + b"x")))
    assert stack.call(ingest_ses, [bounce(stack, "a"), longer]) == []
    assert len(stack.messages("ReportQueue")) == 2
    assert said.counted[telemetry.MAILS_CUT] == 1
    (line,) = said.warnings()
    assert line["key"] == "incoming/long"


NO_ENVELOPES = {
    "garbage": ("\x7fgarbage", "RecordError"),
    "an empty object": ("{}", "UnknownVersion"),
    "of an unknown version": ('{"version":2,"kind":"KIND","records":[{}]}', "UnknownVersion"),
    "of another kind": ('{"version":1,"kind":"sandwiches","records":[{}]}', "RecordError"),
    "without records": ('{"version":1,"kind":"KIND","records":[]}', "RecordError"),
}
ENVELOPES: Final[list[tuple[Any, str, type[Any], Any]]] = [
    (classify, "ReportQueue", Report, report("good")),
    (apply_actions, "VerdictQueue", Verdict, hard("good")),
]


@pytest.mark.parametrize(("body", "error"), NO_ENVELOPES.values(), ids=NO_ENVELOPES)
@pytest.mark.parametrize(("function", "queue", "kind", "record"), ENVELOPES, ids=["classify", "apply_actions"])
def test_a_message_that_is_no_envelope_is_kept_and_the_others_are_used(
    stack: Stack, said: Said, function: Any, queue: str, kind: type[Any], record: Any, body: str, error: str
) -> None:
    body = body.replace("KIND", "reports" if kind is Report else "verdicts")
    (good,) = envelopes.pack(kind, [record])
    assert stack.call(function, [good, body, good]) == []
    (kept,) = stack.dead_letters(queue)
    assert kept.body == body
    assert len(said.warnings()) == 1
    assert said.rejected == {error: 1}
    if function is classify:
        assert len(stack.messages("VerdictQueue")) == 2
    else:
        assert len(stack.tables.store.history(USER)) == 1


def with_bad_record(kind: type[Any], records: list[Any], bad: object) -> str:
    """Return an envelope of `records` with `bad` as the second."""
    (message,) = envelopes.pack(kind, records)
    envelope = json.loads(message)
    envelope["records"].insert(1, bad)
    return json.dumps(envelope)


BAD_RECORDS: list[object] = [
    None,
    {},
    {"version": 2},
    {"version": 1, "id": "x"},
    "text",
    {"version": 1, "colour": "red"},
]


@pytest.mark.parametrize("bad", BAD_RECORDS, ids=repr)
@pytest.mark.parametrize(("function", "queue", "kind", "record"), ENVELOPES, ids=["classify", "apply_actions"])
def test_a_record_that_cannot_be_read_is_kept_alone(
    stack: Stack, said: Said, function: Any, queue: str, kind: type[Any], record: Any, bad: object
) -> None:
    assert stack.call(function, [with_bad_record(kind, [record, record], bad)]) == []
    (kept,) = stack.dead_letters(queue)
    assert json.loads(kept.body)["records"] == [bad]
    assert len(said.warnings()) == 1
    assert said.rejected == {"RecordError": 1}
    if function is classify:
        (verdicts,) = stack.messages("VerdictQueue")
        assert len(envelopes.unpack(Verdict, verdicts).records) == 2
    else:
        assert len(stack.tables.store.history(USER)) == 1


@pytest.mark.parametrize(
    "recipient", [None, "", "user", "user@", "Mail Delivery Subsystem", "x" * 300 + "@example.com"]
)
def test_a_bounce_whose_recipient_is_no_address_waits_for_a_person(
    stack: Stack, said: Said, recipient: str | None
) -> None:
    nobody = hard("nobody", recipient=recipient, addressee=recipient)
    (message,) = envelopes.pack(Verdict, [hard("a"), nobody, soft("b")])
    for _ in range(2):
        assert stack.call(apply_actions, [message]) == []
    assert len(stack.tables.store.history(USER)) == 2
    assert stack.dead_letters("VerdictQueue") == []
    (group,) = stack.review.groups()
    assert (group.waiting, group.total) == (1, 1)
    assert group.sample is not None
    assert group.sample.verdict.report.raw == nobody.report.raw
    assert said.counted[telemetry.KEPT_FOR_REVIEW] == 1
    assert said.rejected == {}
    assert said.warnings() == []


NOTHING_OF_ANYBODY: Final = {
    "an automatic reply": no_bounce(Event.AUTO_REPLY, "nobody", recipient=None, addressee=None),
    "one without an address": no_bounce(Event.AUTO_REPLY, "nobody", recipient="user", addressee="user"),
    "one of another's length": no_bounce(
        Event.AUTO_REPLY, "nobody", recipient="x" * 300 + "@a.example", addressee=None
    ),
    "a warning": no_bounce(Event.DELAY, "nobody", recipient="", addressee=""),
    "a delivery": delivery("nobody", recipient=None, addressee=None),
    "the contrary of a complaint": complaint("nobody", "not-spam", recipient=None, addressee=None),
    "what a pattern ignores": hard("nobody", recipient=None, addressee=None).replaced(ignore=True),
}


@pytest.mark.parametrize("nobody", NOTHING_OF_ANYBODY.values(), ids=NOTHING_OF_ANYBODY.keys())
def test_what_could_do_nothing_to_anybody_and_names_nobody_is_answered(
    stack: Stack, said: Said, nobody: Verdict
) -> None:
    """A stranger could else keep the alarm of the dead-letter queue on by a mail a fortnight."""
    (message,) = envelopes.pack(Verdict, [hard("a"), nobody, soft("b")])
    assert stack.call(apply_actions, [message]) == []
    assert len(stack.tables.store.history(USER)) == 2
    assert stack.dead_letters("VerdictQueue") == []
    assert list(stack.review.groups()) == []
    assert (said.rejected, said.warnings()) == ({}, [])
    assert said.counted[telemetry.RECORDED_ONLY] == 1
    assert f"about nobody ({nobody.report.event}), nothing changed" in said.everything


def test_what_an_operator_decided_about_nobody_is_kept(stack: Stack, said: Said) -> None:
    nobody = hard("nobody", source=Source.OPERATOR, recipient=None, addressee=None)
    (message,) = envelopes.pack(Verdict, [hard("a"), nobody])
    assert stack.call(apply_actions, [message]) == []
    (kept,) = stack.dead_letters("VerdictQueue")
    assert envelopes.unpack(Verdict, kept.body).records == (nobody,)
    assert "mail address" in kept.attributes["reason"]
    assert said.rejected == {"RecipientError": 1}
    assert len(said.warnings()) == 1
    assert list(stack.review.groups()) == []


def test_what_was_kept_can_be_run_again(stack: Stack, said: Said) -> None:
    gone = receipts.notification(stack.deployed.resources["MailBucket"], "incoming/late")
    assert stack.call(ingest_ses, [json.dumps(gone)]) == []
    (kept,) = stack.dead_letters("MailQueue")
    stack.put_mail("incoming/late", BOUNCE)
    assert stack.call(ingest_ses, [kept.body]) == []
    assert len(stack.messages("ReportQueue")) == 1


def test_several_bad_records_of_a_message_are_one_dead_letter(stack: Stack, said: Said) -> None:
    nobody = [hard(f"n{each}", source=Source.OPERATOR, recipient=None, addressee=None) for each in range(3)]
    assert stack.call(apply_actions, [with_bad_record(Verdict, nobody, {"version": 2})]) == []
    (kept,) = stack.dead_letters("VerdictQueue")
    assert len(json.loads(kept.body)["records"]) == 4
    assert said.rejected == {"RecordError": 1, "RecipientError": 3}
    assert len(said.warnings()) == 1


def test_an_event_without_messages_is_answered(stack: Stack) -> None:
    for function in (ingest_ses, classify, apply_actions):
        assert stack.call(function, []) == []


def test_no_log_line_holds_an_address_or_a_diagnostic(stack: Stack, said: Said) -> None:
    stack.run(json.loads(bounce(stack, "a")))
    odd = hard("odd", recipient="someone@nowhere@example.com", addressee="someone@nowhere@example.com")
    (message,) = envelopes.pack(Verdict, [odd, no_bounce(Event.DELAY), hard("h", diagnostic="550 you are unloved")])
    stack.call(apply_actions, [message, '{"recipient":"secret@example.com"', '["secret@example.com"]'])
    assert said.warnings()
    assert said.everything.count("***@") > 0
    for secret in ("someone", "secret", "user@", "unloved", "User unknown", "ada@"):
        assert secret not in said.everything


def test_a_dead_letter_s_reason_is_one_that_sqs_takes(stack: Stack) -> None:
    stack.call(ingest_ses, ["\x01" + "é" * 3000])
    (kept,) = stack.dead_letters("MailQueue")
    assert isinstance(kept, Kept)
    assert kept.attributes["reason"].isprintable()
