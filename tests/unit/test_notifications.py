"""Reading receipt notifications of SES."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces import notifications
from bounces.errors import NotificationError
from bounces.notifications import Receipt, read_receipt
from bounces.records import Source
from tests import receipts

RECEIPT = Receipt(
    message_id="o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1",
    bucket=receipts.BUCKET,
    key=receipts.KEY,
    received_time=datetime(2026, 11, 24, 10, 0, 0, 123_000, tzinfo=UTC),
    envelope_recipients=(receipts.RETURN_PATH,),
    verdicts={"spam": "PASS", "virus": "PASS", "spf": "GRAY", "dkim": "FAIL", "dmarc": "PROCESSING_FAILED"},
    is_setup=False,
)


def changed(*path: str, to: object) -> str:
    """Return a notification with the value at `path` replaced."""
    whole = receipts.notification()
    part: Any = whole
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = to
    return json.dumps(whole)


def without(*path: str) -> str:
    """Return a notification without the value at `path`."""
    whole = receipts.notification()
    part: Any = whole
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return json.dumps(whole)


@pytest.mark.parametrize("write", [json.dumps, receipts.wrapped], ids=["raw", "wrapped by SNS"])
def test_a_receipt_is_read(write: Callable[[dict[str, Any]], str]) -> None:
    assert read_receipt(write(receipts.notification())) == RECEIPT


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(receipts.notification(key="incoming/AMAZON_SES_SETUP_NOTIFICATION")),
        json.dumps(receipts.notification(key="AMAZON_SES_SETUP_NOTIFICATION")),
        json.dumps(receipts.notification(message_id="AMAZON_SES_SETUP_NOTIFICATION")),
    ],
)
def test_a_rule_tried_out_is_no_mail(body: str) -> None:
    assert read_receipt(body).is_setup


def test_without_a_time_of_the_mail_the_receipt_s_is_taken() -> None:
    assert read_receipt(without("mail", "timestamp")).received_time == datetime(
        2026, 11, 24, 10, 0, 1, 456_000, tzinfo=UTC
    )


@pytest.mark.parametrize("odd", [None, "PASS", {}, {"status": None}, {"status": ""}, {"status": "x" * 33}])
def test_an_odd_verdict_is_left_out(odd: object) -> None:
    assert "spam" not in read_receipt(changed("receipt", "spamVerdict", to=odd)).verdicts


def test_missing_recipients_and_verdicts_are_none() -> None:
    assert read_receipt(without("receipt", "recipients")).envelope_recipients == ()
    assert "dmarc" not in read_receipt(without("receipt", "dmarcVerdict")).verdicts


REFUSED = [
    ("", "JSON object"),
    ("Successfully validated SNS topic for Amazon SES event publishing.", "JSON object"),
    ("[]", "JSON object"),
    ("null", "JSON object"),
    ("[" * 100_000, "JSON object"),
    ("{}", "notificationType"),
    ('{"Type":"Notification","Message":"{}"}', "notificationType"),
    ('{"Type":"Notification","Message":"text"}', "JSON object"),
    ('{"Type":"Notification","Message":{}}', "notificationType"),
    ('{"Type":"SubscriptionConfirmation","Token":"x"}', "notificationType"),
    ('{"notificationType":"Bounce","bounce":{},"mail":{}}', "'Bounce'"),
    ('{"Records":[{"eventSource":"aws:s3"}]}', "notificationType"),
    (without("mail"), "object mail"),
    (without("receipt"), "object receipt"),
    (without("receipt", "action"), "object action"),
    (changed("receipt", "action", "type", to="SNS"), "S3 action"),
    (changed("receipt", "action", to="S3"), "object action"),
    (without("receipt", "action", "objectKey"), "objectKey"),
    (changed("receipt", "action", "objectKey", to=""), "objectKey"),
    (changed("receipt", "action", "objectKey", to="é" * 513), "objectKey"),
    (changed("receipt", "action", "objectKey", to=["k"]), "objectKey"),
    (changed("receipt", "action", "bucketName", to="b" * 64), "bucketName"),
    (changed("mail", "messageId", to=7), "messageId"),
    (changed("mail", "timestamp", to="now"), "timestamp"),
    (changed("mail", "timestamp", to="2026-11-24T10:00:00"), "timestamp"),
    (changed("mail", "timestamp", to=1764000000), "timestamp"),
    (changed("mail", "timestamp", to="0001-01-01T00:00:00+23:59"), "timestamp"),
    (changed("receipt", "recipients", to="user@example.com"), "recipients"),
    (changed("receipt", "recipients", to=[1]), "recipients"),
    (changed("receipt", "recipients", to=["a@example.com"] * 501), "recipients"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED)
def test_what_is_no_receipt_is_refused_with_its_reason(body: str, reason: str) -> None:
    with pytest.raises(NotificationError, match=reason) as refused:
        read_receipt(body)
    assert len(str(refused.value)) < 300


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
)
PATHS = [
    ("mail",),
    ("receipt",),
    ("mail", "timestamp"),
    ("receipt", "recipients"),
    ("receipt", "action"),
    ("receipt", "spamVerdict"),
]


@given(st.sampled_from(PATHS), anything)
def test_no_value_raises_anything_else(path: tuple[str, ...], value: object) -> None:
    with contextlib.suppress(NotificationError):
        read_receipt(changed(*path, to=value))


def test_our_own_notification_is_read_as_it_was_written() -> None:
    time = datetime(2026, 11, 25, 10, 0, 0, 123_000, tzinfo=UTC)
    body = notifications.announce("bucket", "incoming/pushed/a", time, ("a@example.org", "b@example.org"))
    receipt = notifications.read_receipt(body)
    assert (receipt.bucket, receipt.key, receipt.received_time) == ("bucket", "incoming/pushed/a", time)
    assert receipt.envelope_recipients == ("a@example.org", "b@example.org")
    assert (receipt.source, receipt.verdicts, receipt.is_setup) == (Source.API, {}, False)


@pytest.mark.parametrize("source", [Source.API, Source.MAILBOX])
def test_our_own_notification_says_what_its_mail_came_by(source: Source) -> None:
    body = notifications.announce("bucket", "key", datetime(2026, 11, 25, tzinfo=UTC), (), source)
    assert notifications.read_receipt(body).source is source


def test_a_notification_from_before_sources_were_said_is_the_push_door_s() -> None:
    said = json.loads(notifications.announce("bucket", "key", datetime(2026, 11, 25, tzinfo=UTC), (), Source.MAILBOX))
    del said["source"]
    assert notifications.read_receipt(json.dumps(said)).source is Source.API


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 2),
        ("version", None),
        ("bucket", ""),
        ("key", None),
        ("key", "x" * 2000),
        ("received_time", "soon"),
        ("received_time", "2026-11-25T10:00:00"),
        ("envelope_recipients", "a@example.org"),
        ("envelope_recipients", [1]),
        ("source", "ses"),  # whose notification says more than ours
        ("source", "powermta"),
        ("source", ""),
        ("source", None),
        ("source", ["mailbox"]),
    ],
)
def test_a_notification_of_ours_that_is_not_whole_is_an_error(name: str, value: object) -> None:
    said = json.loads(notifications.announce("bucket", "key", datetime(2026, 11, 25, tzinfo=UTC), ()))
    with pytest.raises(NotificationError):
        notifications.read_receipt(json.dumps({**said, name: value}))
