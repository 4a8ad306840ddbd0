"""Mails out of a mailbox in the deployed stack: first in the bucket, then announced, and read as SES's are."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

import pytest
from botocore.exceptions import ConnectTimeoutError

from bounces import envelopes, notifications
from bounces.aws import queues, telemetry
from bounces.aws.mailbox_door import StackDoor
from bounces.mailbox.ports import Door
from bounces.notifications import MAX_RECIPIENTS
from bounces.records import Report, Source
from functions.ingest_ses import app as ingest_ses
from local.deploy import ROOT
from tests.stack.deployed import Stack
from tests.stack.handed_in import RECEIVED, RETURN_PATH, mail
from tests.stack.in_memory import Fault, calls
from tests.stack.said import Said

BOUNCE: Final = (ROOT / "events" / "mails" / "postfix-user-unknown.eml").read_bytes()


@pytest.fixture
def stack(deployed_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(queues, "FIRST_PAUSE_SECONDS", 0)
    deployed_stack.clear()
    return deployed_stack


@pytest.fixture
def door(stack: Stack) -> Door:
    return StackDoor(stack.deployed.resources["MailBucket"], stack.deployed.resources["MailQueue"])


def keys(messages: list[str]) -> list[str]:
    """Return the keys that `messages` announce, sorted."""
    return sorted(notifications.read_receipt(message).key for message in messages)


def test_a_mail_becomes_a_report_that_says_what_it_came_by(stack: Stack, door: Door) -> None:
    handed = mail(BOUNCE)
    door.take([handed])
    key = f"incoming/mailbox/2026/11/27/{handed.digest}"
    assert stack.kept("") == {key: BOUNCE}
    messages = stack.messages("MailQueue")
    assert keys(messages) == [key]
    assert stack.call(ingest_ses, messages) == []
    (message,) = stack.messages("ReportQueue")
    (report,) = envelopes.unpack(Report, message).records
    assert (report.source, report.recipient) == (Source.MAILBOX, "ada@example.org")
    assert report.raw == f"s3://{stack.deployed.resources['MailBucket']}/{key}"
    assert (report.received_time, report.envelope_recipient) == (RECEIVED, RETURN_PATH)


def test_many_mails_are_announced_in_batches(stack: Stack, door: Door) -> None:
    mails = [mail(b"Subject: %d\r\n\r\n" % number) for number in range(25)]
    with calls() as made:
        door.take(mails)
    assert made.operations == ["PutObject"] * 25 + ["SendMessageBatch"] * 3
    assert len(stack.kept("incoming/mailbox/")) == 25
    assert keys(stack.messages("MailQueue")) == sorted(stack.kept(""))


def test_no_mail_is_no_call(door: Door) -> None:
    with calls() as made:
        door.take([])
    assert made.operations == []


def test_a_mail_that_is_handed_in_twice_is_stored_once(stack: Stack, door: Door) -> None:
    door.take([mail(BOUNCE), mail(BOUNCE, "another UID", received=RECEIVED + timedelta(hours=1))])
    door.take([mail(BOUNCE)])
    assert len(stack.kept("")) == 1
    messages = stack.messages("MailQueue")
    assert len(messages) == 3
    assert stack.call(ingest_ses, messages) == []
    ids = {envelopes.unpack(Report, message).records[0].id for message in stack.messages("ReportQueue")}
    assert len(ids) == 1


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("place", range(3))
def test_no_mail_is_announced_where_one_could_not_be_stored(stack: Stack, door: Door, place: int, fault: Fault) -> None:
    mails = [mail(b"Subject: %d\r\n\r\n" % number) for number in range(3)]
    with calls(fault, at=place), pytest.raises(ConnectTimeoutError):
        door.take(mails)
    assert stack.messages("MailQueue") == []
    door.take(mails)
    assert keys(stack.messages("MailQueue")) == sorted(stack.kept(""))
    assert len(stack.kept("")) == 3


@pytest.mark.parametrize("fault", ["before", "after"])
def test_an_announcement_that_fails_raises_and_can_be_made_again(stack: Stack, door: Door, fault: Fault) -> None:
    mails = [mail(b"Subject: %d\r\n\r\n" % number) for number in range(12)]
    with calls(fault, operation="SendMessageBatch"), pytest.raises(ConnectTimeoutError):
        door.take(mails)
    assert len(stack.kept("")) == 12
    door.take(mails)
    assert set(keys(stack.messages("MailQueue"))) == set(stack.kept(""))


def test_a_mail_that_was_cut_says_so(stack: Stack, door: Door, said: Said) -> None:
    door.take([mail(BOUNCE), mail(b"Subject: long\r\n\r\n", is_whole=False)])
    telemetry.flush()
    assert said.counted[telemetry.MAILS_CUT] == 1
    (warning,) = said.warnings()
    assert "only its beginning is kept" in warning["message"]


def test_a_log_line_leads_from_the_mailbox_to_the_bucket_and_names_nobody(stack: Stack, door: Door, said: Said) -> None:
    door.take([mail(BOUNCE, "imap://carl@mail.example.com:993/INBOX, UID 7")])
    (key,) = stack.kept("")
    (line,) = said.lines_of(key)
    assert line["mail"].endswith("@mail.example.com:993/INBOX, UID 7")
    assert "carl" not in said.everything


@pytest.mark.parametrize(
    ("recipients", "kept"),
    [
        ((), 0),
        (tuple(f"{number}@example.org" for number in range(MAX_RECIPIENTS + 100)), MAX_RECIPIENTS),
        (tuple("\u00e9" * 1_000 for _ in range(100)), 20),
        (("x" * 50_000,), 0),
    ],
)
def test_however_many_recipients_a_mail_names_its_notification_is_read(
    stack: Stack, door: Door, recipients: tuple[str, ...], kept: int
) -> None:
    door.take([mail(BOUNCE, recipients=recipients)])
    (message,) = stack.messages("MailQueue")
    assert notifications.read_receipt(message).envelope_recipients == recipients[:kept]
    assert len(json.dumps(message)) < 262_144
    assert stack.call(ingest_ses, [message]) == []
