"""Reply codes and enhanced status codes in servers' words."""

import pytest

from bounces.reading.codes import codes_in, reply_code_in, status_in

CODES = [
    # words, reply code, enhanced status code
    ("550 5.1.1 <a@example.com>: Recipient address rejected", "550", "5.1.1"),
    ("550-5.1.1 The account is gone. 550 5.1.1 Learn more", "550", "5.1.1"),
    ("550 <a@example.com>: User unknown", "550", ""),
    ("host mx.example.com[192.0.2.1] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command)", "452", "4.2.2"),
    ("SMTP error from remote mail server after MAIL FROM:<a@example.com> SIZE=512: 554 refused", "554", ""),
    ("Sorry, no mailbox here by that name. (#5.1.1)", "", "5.1.1"),
    ("Remote host said: 550 #5.1.0 Address rejected.", "550", "5.1.0"),
    ("5.1.0 - Unknown address error 550-'5.2.2 <a@example.com>... Mailbox Full'", "550", "5.2.2"),
    ("5.3.0 - Other mail system problem 554-'<a@example.com> is not taken'", "554", "5.3.0"),
    ("Address: <a@example.com>, ResponseCode 421, , Host not reachable.", "421", ""),
    ("554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.2 Connection dropped>", "421", "4.4.2"),
    ("Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 user unknown", "550", "5.1.1"),
    ("220-mx.example.com 421 4.2.1 Try later", "421", "4.2.1"),
    ("<<< 550 no such user", "550", ""),
    ("connect to 192.0.2.55[192.0.2.55]: Connection refused", "", ""),
    ("Delivered via 5.5.1.3 in 450 ms to port 550x", "", ""),
    ("The message of 552 lines was not taken", "", ""),
    ("smtp; 550-5.7.26 unauthenticated 550 5.7.26", "550", "5.7.26"),
    ("\u539f\u56e0\uff1a550 \u7528\u6237\u4e0d\u5b58\u5728", "550", ""),
    ("", "", ""),
]


@pytest.mark.parametrize(("words", "reply_code", "status"), CODES)
def test_codes_are_those_of_the_innermost_reply(words: str, reply_code: str, status: str) -> None:
    assert codes_in(words) == (reply_code, status)


def test_success_codes_count_only_where_no_failure_is_told() -> None:
    assert reply_code_in("250 2.1.5 Ok") == "250"
    assert status_in("250 2.1.5 Ok") == "2.1.5"
    assert codes_in("250 2.1.5 Ok then 451 4.3.0 queue file write error") == ("451", "4.3.0")


def test_a_vague_status_yields_to_a_precise_one() -> None:
    assert status_in("5.0.0 failed, remote said 5.1.1") == "5.1.1"
    assert status_in("5.0.0 failed") == "5.0.0"
