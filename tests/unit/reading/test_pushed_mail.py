"""Mails as PowerMTA's http-delivery posts them."""

import base64
import gzip
import json
from typing import Any

import pytest

from bounces.errors import PushTooLarge, UnknownMediaType, UnreadablePush
from bounces.reading.pushed_mail import PushedMail, read_pushed_mail

MAIL = b"From: a@example.org\r\n\r\nwords\r\n"
TO = "bounces+news.a.b@return.example.com"


def posted(**fields: Any) -> bytes:
    return json.dumps({"msg_from": "<>", "rcpt_to": TO, **fields}).encode()


@pytest.mark.parametrize(
    "body",
    [
        posted(email_rfc822=MAIL.decode(), email_rfc822_is_base64=False),
        posted(email_rfc822=MAIL.decode()),
        posted(email_rfc822=base64.b64encode(MAIL).decode(), email_rfc822_is_base64=True),
        posted(email_rfc822=base64.encodebytes(MAIL).decode(), email_rfc822_is_base64="true"),
        posted(content={"email_rfc822": MAIL.decode(), "email_rfc822_is_base64": False}),
        posted(content={"email_rfc822": base64.b64encode(MAIL).decode(), "email_rfc822_is_base64": True}),
        posted(email_rfc822=MAIL.decode(), rcpt_to=[f"<{TO}>"]),
        gzip.compress(posted(email_rfc822=MAIL.decode())),
    ],
)
def test_one_mail_however_it_is_posted(body: bytes) -> None:
    assert read_pushed_mail(body, "application/json") == PushedMail(MAIL, (TO,))


def test_a_text_beyond_ascii_is_utf_8() -> None:
    assert read_pushed_mail(posted(email_rfc822="é\ud800")).content == "é?".encode()


def test_a_mail_with_bytes_of_its_own_comes_in_base64() -> None:
    raw = bytes(range(256))
    body = posted(email_rfc822=base64.b64encode(raw).decode(), email_rfc822_is_base64=True)
    assert read_pushed_mail(body).content == raw


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        (posted(email_rfc822="x"), "text/csv", UnknownMediaType),
        (posted(email_rfc822="x" * (4 << 20)), "application/json", PushTooLarge),
        (posted(email_rfc822=""), "application/json", UnreadablePush),
        (posted(email_rfc822=["x"]), "application/json", UnreadablePush),
        (posted(content="x"), "application/json", UnreadablePush),
        (posted(email_rfc822="x", rcpt_to=None), "application/json", UnreadablePush),
        (posted(email_rfc822="x", rcpt_to=["a@example.org"] * 101), "application/json", UnreadablePush),
        (posted(email_rfc822="x", rcpt_to=["a@example.org", "b"]), "application/json", UnreadablePush),
        (posted(email_rfc822="x") * 2, "application/json", UnreadablePush),
        (b"", "application/json", UnreadablePush),
        (b"no JSON", "application/json", UnreadablePush),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "application/json", UnreadablePush),
    ],
)
def test_what_is_no_mail(body: bytes, content_type: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_pushed_mail(body, content_type)
