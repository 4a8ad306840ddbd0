"""Mails made to exhaust a reader: each is read, what was cut is named, and a person gets to see it."""

import base64
from datetime import UTC, datetime

import pytest

from bounces.reading import Arrival, limits, read_mail
from bounces.records import MAX_DIAGNOSTIC, Event

HEADER = b"From: MAILER-DAEMON@mx.example\nTo: a@example.com\nSubject: Undeliverable\nMessage-ID: <1@mx.example>\n"
REPORT = HEADER + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
STATUS = b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n"
RECIPIENT = b"\nFinal-Recipient: rfc822; u@example.org\nAction: failed\nStatus: 5.1.1\n"


def _reviewed(reading_reports: tuple) -> bool:  # type: ignore[type-arg]
    return any(r.event is Event.OTHER and r.recipient is None and r.note for r in reading_reports)


def test_big_attachment_of_the_returned_message_is_not_decoded_or_cut() -> None:
    line = base64.b64encode(bytes(57)) + b"\n"
    returned = b"--b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: application/octet-stream\n"
    raw = REPORT + STATUS + RECIPIENT + returned + b"Content-Transfer-Encoding: base64\n\n" + line * 30_000 + b"--b--\n"
    reading = read_mail(raw)
    assert [r.recipient for r in reading.reports] == ["u@example.org"]
    assert reading.cuts == ()


def test_parts_within_parts_beyond_every_parser_are_cut_and_told() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(10_000))
    reading = read_mail(b"From: MAILER-DAEMON@mx.example\n" + nested + b"Content-Type: text/plain\n\nu@example.org\n")
    assert "depth" in reading.cuts
    assert _reviewed(reading.reports)


def test_parts_beside_parts_beyond_the_limit_are_cut_and_told() -> None:
    reading = read_mail(HEADER + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20_000)
    assert "parts" in reading.cuts
    assert _reviewed(reading.reports)


def test_a_hundred_thousand_headers_are_cut_and_the_mail_still_read() -> None:
    many = b"".join(b"X-%d: y\n" % n for n in range(100_000))
    reading = read_mail(HEADER + many + b"\nYour mail to <u@example.org> could not be delivered.\n")
    assert "headers" in reading.cuts
    assert "u@example.org" in [r.recipient for r in reading.reports]
    assert _reviewed(reading.reports)


def test_one_endless_line_is_cut_and_told() -> None:
    reading = read_mail(HEADER + b"\n" + b"could not be delivered to u@example.org " * 20_000)
    assert "text" in reading.cuts
    assert _reviewed(reading.reports)


def test_blank_lines_in_a_delivery_status_cost_nothing() -> None:
    reading = read_mail(REPORT + STATUS + b" \n" * 200_000 + RECIPIENT + b"\n--b--\n")
    assert [r.recipient for r in reading.reports] == ["u@example.org"]


def test_recipients_up_to_the_limit_are_all_reported_and_more_are_told() -> None:
    assert limits.MAX_RECIPIENTS >= 50_000
    many = b"".join(RECIPIENT.replace(b"u@", b"u%d@" % n) for n in range(limits.MAX_RECIPIENTS + 1))
    reading = read_mail(REPORT + STATUS + many + b"\n--b--\n")
    assert sum(r.event is Event.BOUNCE for r in reading.reports) == limits.MAX_RECIPIENTS
    assert "recipients" in reading.cuts
    assert _reviewed(reading.reports)


def test_a_long_diagnostic_is_cut_and_noted() -> None:
    diagnostic = b"Diagnostic-Code: smtp; 550 5.1.1 " + b"very " * 1000 + b"unknown\n"
    (report,) = read_mail(REPORT + STATUS + RECIPIENT + diagnostic + b"\n--b--\n").reports
    assert report.diagnostic is not None
    assert len(report.diagnostic) == MAX_DIAGNOSTIC
    assert "diagnostic" in report.cuts


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\x00\xff\xfe", b"From ", b"From \n", b":\n", b"\r\r\r", b"--b\n" * 5, b"=?" * 999]
)
def test_garbage_is_no_bounce(raw: bytes) -> None:
    reading = read_mail(raw)
    assert reading.reports == ()
    assert reading.kind is Event.OTHER


def test_nobody_writes_from_the_future() -> None:
    received = datetime(2026, 1, 2, tzinfo=UTC)
    raw = (
        REPORT.replace(b"Message-ID", b"Date: Mon, 1 Jan 2029 00:00:00 +0000\nMessage-ID")
        + STATUS
        + RECIPIENT
        + b"\n--b--\n"
    )
    (report,) = read_mail(raw, Arrival(received_time=received)).reports
    assert report.event_time == received
