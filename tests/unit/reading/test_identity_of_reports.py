"""A report's id comes from what the bounce's author wrote, not from what carried it."""

from datetime import UTC, datetime

import pytest

from bounces.reading import Arrival, read_mail
from bounces.records import Source

BODY = b"""Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

From the mail system: your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; u@example.org
Action: failed
Status: 5.1.1

--b--
"""
MAIL = b"From: MAILER-DAEMON@mx.example\nDate: Mon, 5 Jan 2026 10:00:00 +0000\nMessage-ID: <1@mx.example>\n" + BODY


def _id(raw: bytes, arrival: Arrival | None = None) -> str:
    (report,) = read_mail(raw, arrival or Arrival()).reports
    return report.id


@pytest.mark.parametrize(
    "carried",
    [
        b"Return-Path: <>\nReceived: from a by b; Mon, 5 Jan 2026 10:00:01 +0000\nX-SES-Spam-Verdict: PASS\n" + MAIL,
        MAIL.replace(b"\n", b"\r\n"),
        MAIL.replace(b"\n", b"\r"),
        b"From MAILER-DAEMON Mon Jan  5 10:00:00 2026\n" + MAIL,
        b"From MAILER-DAEMON Mon Jan  5 10:00:00 2026\n" + MAIL.replace(b"\nFrom the", b"\n>From the"),
        MAIL + b"\n\n",
        MAIL.replace(b"Message-ID: <", b"Message-ID:\n <"),
    ],
)
def test_what_carries_a_mail_does_not_change_the_id(carried: bytes) -> None:
    assert _id(carried) == _id(MAIL)


def test_the_way_in_does_not_change_the_id() -> None:
    arrival = Arrival(Source.SES, datetime(2026, 1, 5, 11, tzinfo=UTC), ("bounces+a.b.c.d@r.example",), {}, "s3://b/k")
    assert _id(MAIL, arrival) == _id(MAIL)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"<1@mx", b"<2@mx"),
        MAIL.replace(b"10:00:00", b"10:00:07"),
        MAIL.replace(b"u@example.org", b"v@example.org"),
        MAIL.replace(b"could not be", b"was not"),
    ],
)
def test_another_mail_has_another_id(other: bytes) -> None:
    assert _id(other) != _id(MAIL)
