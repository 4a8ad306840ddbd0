"""What fuzzing and reading the expressions found, each as the smallest mail that shows it."""

from __future__ import annotations

import pytest

from bounces.reading import read_mail
from tests.fuzz.properties import check, classifier

HEAD = b"From: MAILER-DAEMON@mx.example\nTo: s@example.com\nSubject: failure notice\nMessage-ID: <1@mx.example>\n"
SAID = b"\nYour message could not be delivered.\n\n"
PARTS = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n'
# A multipart within that has no parts: mail-parser is asked, and after it the stdlib's payload.
SLOWLY = b'\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: multipart/mixed; boundary="c"\n\n--b\n'
LAST = "last@example.org"
CODECS = (b"hex", b"base64", b"uu", b"quopri", b"zip", b"bz2", b"rot13")


def _charset(name: bytes) -> bytes:
    return HEAD + b"Content-Type: text/plain; charset=%b\n\n\xe9 could not be delivered\n<u@example.org>: no\n" % name


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    classifier()


@pytest.mark.parametrize("name", [*CODECS, b"undefined", b"idna"])
def test_a_charset_that_names_no_charset_but_a_codec_is_read(name: bytes) -> None:
    assert [report.recipient for report in check(_charset(name)).reports] == ["u@example.org"]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"Content-Type: text/plain; charset=idna\n\n\xe9\n", id="a codec without error handling"),
        pytest.param(b"Content-Type: text/plain; charset*=''x\n\n\xe9\n", id="RFC 2231 charset"),
        pytest.param(b"Content-Type: text/plain; charset=hex\nContent-Transfer-Encoding: 8bit\n\n\xe9\n", id="hex"),
        pytest.param(b"Content-Type: text/plain; charset=rot13\n\n\xe9\n", id="rot13"),
        pytest.param(b"Content-Type: text/plain; charset=punycode\n\n\xe9\n", id="punycode"),
    ],
)
def test_a_damaged_mail_with_a_charset_that_is_none_is_read(part: bytes) -> None:
    check(SLOWLY + part + b"--b--\n")


def _named(raw: bytes) -> None:
    """Assert that the last recipient of `raw` is named, or that a person gets to see that something was cut."""
    reading = read_mail(raw)
    named = LAST in [report.recipient for report in reading.reports]
    assert named or any(report.recipient is None for report in reading.reports), "lost in silence"


def test_recipients_beyond_the_lines_that_are_read_are_told() -> None:
    many = b"".join(b"<a%d@b.example>\n" % number for number in range(4100))
    _named(HEAD + SAID + many + b"<last@example.org>\n")


def test_a_recipient_in_a_line_that_is_too_long_to_read_is_told() -> None:
    _named(HEAD + SAID + b"<a@b.example>: 550 no\n\n" + b"x " * 2100 + b"<last@example.org>: 550 no\n")


def test_a_recipient_in_the_text_of_a_further_part_is_told() -> None:
    first = b"--b" + SAID + b"<a@b.example>: 550 no\n" + b"x\n" * 100_000
    _named(PARTS + first + b"--b\n\n" + b"y\n" * 40_000 + b"<last@example.org>: 550 no\n--b--\n")


def test_a_recipient_beyond_the_feedback_report_that_is_read_is_told() -> None:
    report = b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: a@b.example\n"
    _named(PARTS + report + b"X-A: b\n" * 40_000 + b"Original-Rcpt-To: last@example.org\n\n--b--\n")


def test_half_a_character_in_an_explanation_is_read_over() -> None:
    said = b"Content-Type: text/plain; charset=utf-7\n" + SAID.rstrip() + b" +3yU-\n\n<u@example.org>: no\n"
    assert [report.recipient for report in check(HEAD + said).reports] == ["u@example.org"]


def test_an_empty_feedback_id_of_the_returned_message_is_none() -> None:
    said = b"--b\n\n<u@example.org>: 550 no\n"
    returned = b"--b\nContent-Type: message/rfc822\n\nFeedback-ID:\nSubject: x\n\n--b--\n"
    assert [report.feedback_id for report in check(PARTS + said + returned).reports] == [None]
