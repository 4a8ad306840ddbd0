"""What of a mail is its explanation: HTML that is not said to be, HTML that is returned, footers, charsets that lie."""

import pytest

from bounces.reading import read_mail
from bounces.reading.text import decoded

EXIM = """\
From: Mail Delivery System <Mailer-Daemon@relay.example.net>
To: news@lists.example.com
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  bo@example.org
    SMTP error from remote mail server after RCPT TO:<bo@example.org>:
    host mx.example.org [192.0.2.7]: 550 5.1.1 No such address
    here: <bo@example.org>.

------ This is a copy of the message, including all the headers. ------

Return-path: <news@lists.example.com>
To: bo@example.org
Subject: Offers of this week
Content-Transfer-Encoding: 8bit
Content-Type: text/html; charset="utf-8"

{returned}
"""

SAID = "550 5.1.1 No such address here: <bo@example.org>."


@pytest.mark.parametrize(
    "returned",
    [
        "<html><body>Come and see, kim@example.net</body></html>",
        '<META content="x"><HTML xmlns="urn:x"\n xmlns:v="urn:y"><BODY>Come',
        "<body bgcolor=white>Come and see",
    ],
)
def test_html_that_is_returned_makes_no_html_of_the_explanation(returned: str) -> None:
    (report,) = read_mail(EXIM.format(returned=returned).encode()).reports
    assert (report.recipient, report.status, report.subject) == ("bo@example.org", "5.1.1", "Offers of this week")
    assert report.diagnostic is not None
    assert report.diagnostic.endswith(SAID)


@pytest.mark.parametrize("before", ["", "\n\n", '<?xml version="1.0"?>\n', "<!DOCTYPE html>\n", "<!-- a note -->\n"])
def test_html_that_is_not_said_to_be_is_read_as_html(before: str) -> None:
    body = f"{before}<html><body><p>Delivery has failed to:</p><p>bo@example.org</p><p>User unknown</p></body></html>"
    mail = f"From: MAILER-DAEMON@relay.example.net\nSubject: Undeliverable\n\n{body}\n"
    (report,) = read_mail(mail.encode()).reports
    assert report.recipient == "bo@example.org"
    assert "<" not in (report.diagnostic or "")


HEADER = """\
From: Lists <news@lists.example.com>
To: bo@example.org
Subject: Offers of
 this week
Message-ID: <14@lists.example.com>

kim@example.net: 550 5.1.1 no such user, our column on mail begins
"""


def test_a_header_that_no_line_leads_to_begins_the_returned_message() -> None:
    text = "Your message was not delivered:\n\nbo@example.org\n552 5.2.2 mailbox full\n\n"
    mail = f"From: MAILER-DAEMON@relay.example.net\nSubject: Undeliverable\n\n{text}{HEADER}"
    (report,) = read_mail(mail.encode()).reports
    assert (report.recipient, report.status, report.subject) == ("bo@example.org", "5.2.2", "Offers of this week")


@pytest.mark.parametrize("header", [HEADER, "Message-ID: <14@lists.example.com>\nSubject: Offers of this week\n"])
def test_a_header_before_any_address_is_what_the_explanation_tells_of_the_message(header: str) -> None:
    header = header.partition("\n\n")[0]
    text = f"This is of the message:\n\n{header}\n\nIt was not delivered to:\n\nbo@example.org\n550 5.2.1 closed\n"
    mail = f"From: MAILER-DAEMON@relay.example.net\nSubject: Undeliverable\n\n{text}"
    (report,) = read_mail(mail.encode()).reports
    assert (report.recipient, report.status) == ("bo@example.org", "5.2.1")


def test_what_a_virus_scanner_adds_is_no_reason() -> None:
    mail = """\
From: postmaster@example.org
To: news@lists.example.com
Subject: Delivery Status Notification (Failure)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=unicode-1-1-utf-7

This is an automatically generated Delivery Status Notification.

Delivery to the following recipients failed.

       bo@example.org


__________ Informaci\xf3n de ESET NOD32, versi\xf3n 4711 (20261106) __________

El mensaje fue comprobado.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns;mx.example.org

Final-Recipient: rfc822;bo@example.org
Action: failed
Status: 5.1.1

--b1--
"""
    (report,) = read_mail(mail.encode("latin-1")).reports
    assert (report.recipient, report.status, report.diagnostic) == ("bo@example.org", "5.1.1", None)


@pytest.mark.parametrize("charset", ["utf-7", "UNICODE-1-1-UTF-7"])
def test_utf_7_is_read_as_such_only_where_it_can_be(charset: str) -> None:
    assert decoded(b"informaci+APM-n", charset) == "informaci\u00f3n"
    assert decoded(b"informaci\xf3n", charset) == "informaci\u00f3n"
    assert decoded("informaci\u00f3n".encode(), charset) == "informaci\u00f3n"
