"""The SMTP door does what SES does: takes, stores with SES's headers, announces in SES's shape, then says so."""

import json
import smtplib
from collections.abc import Iterator
from email.parser import BytesParser
from typing import Any

import boto3
import pytest

from bounces import notifications
from local.deploy import Deployed, deploy
from local.receipt_rule import ReceiptRule
from local.received_mail import MAX_HEADERS
from local.smtp_door import MAX_MAIL, SmtpDoor

MAIL = (
    b"From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@return.example.com\r\nSubject: Undelivered\r\n"
    b"Date: Tue, 24 Nov 2026 02:00:00 +0000\r\nMessage-ID: <1@mx.example.net>\r\n\r\nNo such user.\r\n"
)
SES_HEADERS = [
    "Return-Path",
    "Received",
    "X-SES-Spam-Verdict",
    "X-SES-Virus-Verdict",
    "Received-SPF",
    "Authentication-Results",
    "X-SES-RECEIPT",
    "X-SES-DKIM-SIGNATURE",
]
RETURN_PATH = "bounces+news.n47.s1@return.example.com"


@pytest.fixture(scope="module")
def deployed(aws: int) -> Deployed:
    return deploy(parameters={"ReturnPathDomains": "return.example.com"})


@pytest.fixture(scope="module")
def door(deployed: Deployed) -> Iterator[SmtpDoor]:
    opened = SmtpDoor(ReceiptRule.active(), port=0)
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def smtp(door: SmtpDoor) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", door.port, local_hostname="mx.example.net") as connection:
        yield connection


def announced(deployed: Deployed) -> dict[str, Any]:
    """Return the next notification in the mail queue, as it came."""
    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=deployed.resources["MailQueue"], MaxNumberOfMessages=1)["Messages"]
    sqs.delete_message(QueueUrl=deployed.resources["MailQueue"], ReceiptHandle=message["ReceiptHandle"])
    told: dict[str, Any] = json.loads(message["Body"])
    return told


def stored(told: dict[str, Any]) -> bytes:
    """Return the mail that the notification `told` of."""
    action = told["receipt"]["action"]
    return boto3.client("s3").get_object(Bucket=action["bucketName"], Key=action["objectKey"])["Body"].read()


def test_a_mail_is_stored_with_ses_headers_in_front_and_else_as_it_came(smtp: smtplib.SMTP, deployed: Deployed) -> None:
    smtp.sendmail("", [RETURN_PATH], MAIL)
    raw = stored(announced(deployed))
    assert raw.endswith(MAIL)
    parsed = BytesParser().parsebytes(raw)
    assert parsed.keys() == [*SES_HEADERS, "From", "To", "Subject", "Date", "Message-ID"]
    assert parsed["Return-Path"] == "<>"
    assert parsed["X-SES-Spam-Verdict"] == "PASS"
    assert "from mx.example.net (mx.example.net [127.0.0.1])" in parsed["Received"]
    assert f"for {RETURN_PATH};" in parsed["Received"]
    assert "\n" not in raw[: -len(MAIL)].decode().replace("\r\n", "")


def test_the_notification_has_ses_shape(smtp: smtplib.SMTP, deployed: Deployed) -> None:
    smtp.sendmail("sender@example.net", [RETURN_PATH, "postmaster@return.example.com"], MAIL)
    told = announced(deployed)
    mail, receipt = told["mail"], told["receipt"]
    assert told["notificationType"] == "Received"
    assert mail["source"] == "sender@example.net"
    assert mail["destination"] == ["bounces@return.example.com"]
    assert mail["headersTruncated"] is False
    assert [part["name"] for part in mail["headers"]][: len(SES_HEADERS)] == SES_HEADERS
    assert mail["commonHeaders"]["subject"] == "Undelivered"
    assert mail["commonHeaders"]["messageId"] == "<1@mx.example.net>"
    assert receipt["recipients"] == [RETURN_PATH, "postmaster@return.example.com"]
    assert {name: receipt[name]["status"] for name in receipt if name.endswith("Verdict")} == {
        "spamVerdict": "PASS",
        "virusVerdict": "PASS",
        "spfVerdict": "GRAY",
        "dkimVerdict": "GRAY",
        "dmarcVerdict": "GRAY",
    }
    assert receipt["action"] == {
        "type": "S3",
        "topicArn": deployed.resources["MailTopic"],
        "bucketName": deployed.resources["MailBucket"],
        "objectKeyPrefix": "incoming/",
        "objectKey": f"incoming/{mail['messageId']}",
    }
    read = notifications.read_receipt(json.dumps(told))
    assert read.envelope_recipients == (RETURN_PATH, "postmaster@return.example.com")


def test_the_same_mail_twice_is_two_objects_with_fresh_headers(smtp: smtplib.SMTP, deployed: Deployed) -> None:
    for _ in range(2):
        smtp.sendmail("", [RETURN_PATH], MAIL)
    first, second = announced(deployed), announced(deployed)
    assert first["receipt"]["action"]["objectKey"] != second["receipt"]["action"]["objectKey"]
    headers = [BytesParser().parsebytes(stored(told)) for told in (first, second)]
    for name in ("Received", "X-SES-RECEIPT", "X-SES-DKIM-SIGNATURE"):
        assert headers[0][name] != headers[1][name]


def test_mail_for_another_domain_is_refused(smtp: smtplib.SMTP, deployed: Deployed) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        smtp.sendmail("", ["someone@example.org"], MAIL)
    assert refused.value.recipients["someone@example.org"][0] == 550


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        bytes(range(256)) * 40,
        b"Subject: \xff\xfe\r\nFrom: \xf0\x28\r\n\r\n\xff",
        b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        b"no header at all",
    ],
    ids=["nothing", "blank", "every byte", "not UTF-8", "a line of 200,000", "text"],
)
def test_whatever_is_sent_is_kept_and_announced(smtp: smtplib.SMTP, deployed: Deployed, content: bytes) -> None:
    smtp.sendmail("", [RETURN_PATH], content)
    told = announced(deployed)
    kept = stored(told)
    assert kept.removesuffix(b"\r\n").endswith(content.removesuffix(b"\r\n"))
    assert notifications.read_receipt(json.dumps(told)).envelope_recipients == (RETURN_PATH,)


def test_headers_beyond_10_kb_are_left_out_of_the_notification(smtp: smtplib.SMTP, deployed: Deployed) -> None:
    smtp.sendmail("", [RETURN_PATH], b"".join(b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(20)) + b"\r\n")
    mail = announced(deployed)["mail"]
    assert mail["headersTruncated"] is True
    assert sum(len(part["name"]) + len(part["value"]) for part in mail["headers"]) <= MAX_HEADERS


def test_a_mail_beyond_40_mb_is_refused_before_it_is_sent(smtp: smtplib.SMTP) -> None:
    smtp.ehlo()
    assert smtp.esmtp_features["size"] == str(MAX_MAIL)
    code, _ = smtp.mail("", [f"SIZE={MAX_MAIL + 1}"])
    assert code == 552


@pytest.mark.parametrize("gone", ["bucket", "topic"])
def test_a_mail_that_cannot_be_kept_is_left_to_its_sender(deployed: Deployed, gone: str) -> None:
    rule = ReceiptRule.active()
    broken = ReceiptRule(
        name=rule.name,
        recipients=rule.recipients,
        bucket="no-such-bucket" if gone == "bucket" else rule.bucket,
        prefix=rule.prefix,
        topic=f"{rule.topic}-gone" if gone == "topic" else rule.topic,
        scans=rule.scans,
    )
    door = SmtpDoor(broken, port=0)
    door.start()
    try:
        with smtplib.SMTP("127.0.0.1", door.port) as smtp, pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.sendmail("", [RETURN_PATH], MAIL)
    finally:
        door.stop()
    assert refused.value.smtp_code == 451


def test_a_mail_has_no_more_recipients_than_its_notification_may_name(deployed: Deployed, smtp: smtplib.SMTP) -> None:
    smtp.ehlo()
    smtp.mail("<>")
    answers = [smtp.rcpt(f"bounces+news.n47.s{place}@return.example.com")[0] for place in range(502)]
    assert answers == [250] * 500 + [452] * 2
    assert smtp.data(MAIL)[0] == 250
    assert len(notifications.read_receipt(json.dumps(announced(deployed))).envelope_recipients) == 500
