"""Bodies that are made to cost much, or are none: each gets its answer, and the next one is taken all the same."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.stack import deployed
from tests.stack.deployed import Stack
from tests.stack.hostile_pushes import CASES
from tests.stack.pushes import JSON, TOKEN, push, reports, rows


@pytest.fixture
def stack(deployed_stack: Stack) -> Stack:
    deployed_stack.clear()
    deployed.forget()
    deployed_stack.push_tokens(TOKEN)
    return deployed_stack


@pytest.mark.parametrize("name", CASES)
def test_each_gets_its_answer_and_does_not_stop_the_next(stack: Stack, name: str) -> None:
    make, content_type, encoding, status, told = CASES[name]
    answered = push(stack, make(), content_type=content_type, encoding=encoding)
    assert answered.status == status, answered.told
    assert {key: answered.told[key] for key in told} == told
    if status != 200:
        assert len(answered.told["error"]) > 20
        assert reports(stack) == []
        assert len(stack.kept("pushed/")) == (
            name != "gzip as JSON"
        )  # what was damaged on its way can be kept by nobody
    if status == 413:
        assert "at once" in answered.told["error"] or "gzip" in answered.told["error"]
    stack.messages("ReportQueue")
    assert push(stack, rows(2)).told["accepted"] == 2
    assert len(reports(stack)) == 2


def test_a_mail_that_is_none_is_said_so_and_kept(stack: Stack) -> None:
    posted = []
    for body, words in (
        (b"[]", "is missing"),
        (b'{"rcpt_to": "a@example.org"}', "no text in email_rfc822"),
        (b'{"email_rfc822": "x"}', "rcpt_to is an address"),
        (b'{"email_rfc822": "x", "rcpt_to": []}', "rcpt_to is an address"),
        (b'{"email_rfc822": "x", "rcpt_to": "no address"}', "rcpt_to is an address"),
        (b'{"email_rfc822": "a", "email_rfc822_is_base64": true, "rcpt_to": "a@example.org"}', "no base64"),
        (b'{"email_rfc822": "x", "rcpt_to": "a@example.org"} {}', "more than one mail"),
        (b"[" * 10_000, "not closed"),
    ):
        answered = push(stack, body, "mail", content_type=JSON)
        assert (answered.status, words in answered.told["error"]) == (400, True), answered.told
        posted.append(body)
    posted.append(json.dumps({"x": "y" * 5_000_000}).encode())
    assert push(stack, posted[-1], "mail", content_type=JSON).status == 413
    kept = stack.kept("")
    assert all(key.startswith("pushed/") for key in kept)
    assert sorted(map(gzip.decompress, kept.values())) == sorted(posted)
    assert stack.messages("MailQueue") == []
