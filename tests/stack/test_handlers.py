"""The three functions on the deployed stack: the honest path, and the same once more."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bounces import envelopes
from bounces.records import Report, Source
from bounces.store import State
from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_ses import app as ingest_ses
from local.deploy import ROOT
from local.received_mail import ReceivedMail
from tests import receipts
from tests.stack import deployed
from tests.stack.deployed import Stack

MAILS = sorted((ROOT / "events" / "mails").glob("*.eml"))
USER_UNKNOWN = ROOT / "events" / "mails" / "postfix-user-unknown.eml"


def test_a_mail_becomes_a_report_with_all_that_its_notification_says(stack: Stack) -> None:
    bucket, key = stack.put_mail("incoming/one", USER_UNKNOWN.read_bytes())
    assert stack.call(ingest_ses, [json.dumps(receipts.notification(bucket, key))]) == []
    (message,) = stack.messages("ReportQueue")
    (report,) = envelopes.unpack(Report, message).records
    assert (report.source, report.raw) == (Source.SES, f"s3://{bucket}/incoming/one")
    assert report.received_time == datetime(2026, 11, 24, 10, 0, 0, 123_000, tzinfo=UTC)
    assert report.envelope_recipient == receipts.RETURN_PATH
    assert report.authentication["dmarc"] == "PROCESSING_FAILED"


def test_a_notification_in_sns_s_wrapping_is_read_too(stack: Stack) -> None:
    notification = receipts.notification(*stack.put_mail("incoming/wrapped", USER_UNKNOWN.read_bytes()))
    assert stack.call(ingest_ses, [receipts.wrapped(notification)]) == []
    assert len(stack.messages("ReportQueue")) == 1


def test_a_hard_bounce_ends_marked_unsubscribed_and_suppressed(stack: Stack) -> None:
    notification = receipts.notification(*stack.put_mail("incoming/one", USER_UNKNOWN.read_bytes()))
    stack.call(ingest_ses, [json.dumps(notification)])
    (reports,) = stack.messages("ReportQueue")
    (report,) = envelopes.unpack(Report, reports).records
    assert report.addressee is not None
    store = stack.tables.store
    store.subscribe(report.addressee, "news")
    assert stack.call(classify, [reports]) == []
    assert stack.call(apply_actions, stack.messages("VerdictQueue")) == []
    assert store.status(report.addressee).state is State.HARD_BOUNCED
    assert [membership.is_subscribed for membership in store.memberships(report.addressee)] == [False]
    assert [suppression.address for suppression in store.suppressions()] == [report.addressee]


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_the_same_mail_and_every_message_twice_changes_nothing(stack: Stack, path: Path) -> None:
    stack.run(receipts.notification(*stack.put_mail("incoming/first", path.read_bytes())))
    before = stack.tables.dump()
    again = ReceivedMail(path.read_bytes(), "", (receipts.RETURN_PATH,)).stored()
    stack.run(receipts.notification(*stack.put_mail("incoming/again", again)), times=2)
    assert stack.tables.dump() == before


def test_one_mail_of_each_system_is_applied(stack: Stack) -> None:
    for path in MAILS:
        stack.run(receipts.notification(*stack.put_mail(f"incoming/{path.stem}", path.read_bytes())))
    assert any("scopes" in item for item in stack.tables.items())
    for queue in deployed.QUEUES:
        assert stack.dead_letters(queue) == []
