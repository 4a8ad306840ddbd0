"""Nothing that comes in stops what comes beside it, and each thing that cannot be used is kept with its reason."""

import json
import smtplib
from typing import Any

import boto3
import pytest

from bounces import envelopes
from bounces.records import BounceType, Event, Report, Source, Verdict
from bounces.store import ReviewStore, State, Store
from bounces.store.review_reasons import NO_ADDRESS
from local import samples
from local.received_mail import ReceivedMail
from local.stack import Stack

RETURN_PATH = "bounces@return.example.com"


def send(stack: Stack, queue: str, *bodies: str) -> None:
    """Put all `bodies` into a queue at once, so that they come in one batch."""
    entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]
    boto3.client("sqs").send_message_batch(QueueUrl=stack.deployed.resources[queue], Entries=entries)  # type: ignore[arg-type]


def kept(stack: Stack, queue: str) -> list[tuple[str, str]]:
    """Take what is in the dead-letter queue `queue`: its reasons and bodies."""
    found = []
    url = stack.deployed.resources[queue]
    sqs = boto3.client("sqs")
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        for message in messages:
            found.append((message["MessageAttributes"]["reason"]["StringValue"], message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def notification(stack: Stack, content: bytes | None, **changes: str) -> str:
    """Return a receipt notification; without `content`, one of a mail that is not in the bucket."""
    mail = ReceivedMail(content or b"", "", (RETURN_PATH,), **changes)
    if content is not None:
        boto3.client("s3").put_object(
            Bucket=stack.rule.bucket, Key=stack.rule.prefix + mail.message_id, Body=mail.stored()
        )
    return json.dumps(mail.notification(stack.rule))


def verdict(number: int, addressee: str) -> Verdict:
    report = Report(
        id=f"{number:040d}",
        source=Source.SES,
        event=Event.BOUNCE,
        recipient=addressee,
        addressee=addressee,
        received_time=now(),
        event_time=now(),
    )
    return Verdict(report=report, category="bad-mailbox", bounce_type=BounceType.HARD, rule="status.1.1")


def now() -> Any:
    return ReceivedMail(b"", "", (RETURN_PATH,)).received


def sample_bounce() -> bytes:
    return (samples.MAILS / "postfix-user-unknown.eml").read_bytes()


def assert_quiet(stack: Stack) -> None:
    assert stack.settle()
    assert {name: pump.failed for name, pump in stack.pumps.items() if pump.failed} == {}


def test_notifications_that_cannot_be_used_keep_no_bounce_from_being_applied(stack: Stack, store: Store) -> None:
    send(
        stack,
        "MailQueue",
        "garbage \x7f \ufffd",
        "{}",
        '{"notificationType": "Bounce", "bounce": {}}',
        notification(stack, None),
        notification(stack, b"setup", message_id="AMAZON_SES_SETUP_NOTIFICATION"),
        notification(stack, b""),
        notification(stack, bytes(range(256)) * 100),
        notification(stack, sample_bounce()),
    )
    assert_quiet(stack)
    assert store.status("ada@example.org").state is State.HARD_BOUNCED
    reasons = sorted(reason for reason, _ in kept(stack, "MailDeadLetterQueue"))
    assert len(reasons) == 4, reasons
    assert sum("no mail at" in reason for reason in reasons) == 1
    assert kept(stack, "ReportDeadLetterQueue") == []
    assert kept(stack, "VerdictDeadLetterQueue") == []


@pytest.mark.parametrize(
    ("queue", "dead_letters"),
    [("ReportQueue", "ReportDeadLetterQueue"), ("VerdictQueue", "VerdictDeadLetterQueue")],
)
def test_messages_that_no_function_knows_are_kept_once(stack: Stack, queue: str, dead_letters: str) -> None:
    unknown = '{"version":99,"kind":"reports","records":[{}]}'
    send(stack, queue, "garbage", "{}", unknown)
    assert_quiet(stack)
    found = kept(stack, dead_letters)
    assert sorted(body for _, body in found) == sorted(["garbage", "{}", unknown])
    assert any("version 99" in reason for reason, _ in found)


def test_a_recipient_that_is_no_address_waits_for_a_person_and_its_neighbours_are_applied(
    stack: Stack, store: Store, review: ReviewStore
) -> None:
    records = [verdict(1, "first@example.org"), verdict(2, "no address"), verdict(3, "third@example.org")]
    send(stack, "VerdictQueue", *envelopes.pack(Verdict, records))
    assert_quiet(stack)
    assert store.suppression("first@example.org") is not None
    assert store.suppression("third@example.org") is not None
    assert kept(stack, "VerdictDeadLetterQueue") == []
    (group,) = (group for group in review.groups() if group.why == NO_ADDRESS)
    assert [item.verdict.report.addressee for item in review.items(group.id)] == ["no address"]


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", bytes(range(256)) * 1000, b"\xff" * 100_000])
def test_garbage_at_the_smtp_door_stays_in_the_bucket_and_disturbs_nothing(
    stack: Stack, store: Store, content: bytes
) -> None:
    before = list(store.suppressions())
    with smtplib.SMTP("127.0.0.1", stack.smtp_port) as connection:
        connection.ehlo()
        connection.mail("")
        connection.rcpt(RETURN_PATH)
        _, answer = connection.data(content)
    assert_quiet(stack)
    key = stack.rule.prefix + answer.decode().split()[-1]
    kept_mail = boto3.client("s3").get_object(Bucket=stack.rule.bucket, Key=key)["Body"].read()
    assert content.rstrip(b"\r\n") in kept_mail
    assert list(store.suppressions()) == before
    assert kept(stack, "MailDeadLetterQueue") == []
    assert kept(stack, "ReportDeadLetterQueue") == []
    # What looks like a bounce of nobody is a report without a recipient, and waits for a person.
    assert kept(stack, "VerdictDeadLetterQueue") == []
