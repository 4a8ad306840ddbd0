"""Bodies that are made to cost much, or are none: each gets its answer, and the next one is taken all the same."""

from __future__ import annotations

import gzip
import json
import resource
import time
from collections.abc import Callable, Iterator

import pytest

from tests.stack import deployed
from tests.stack.deployed import Stack
from tests.stack.pushes import CSV, HEADER, JSON, TOKEN, push, reports, row, rows

MIB = 1024 * 1024
SECONDS = 1.0
MEMORY = 256 * MIB


@pytest.fixture(scope="module")
def deployed_stack() -> Iterator[Stack]:
    with deployed.stack() as made:
        yield made


@pytest.fixture
def stack(deployed_stack: Stack) -> Stack:
    deployed_stack.clear()
    deployed.forget()
    deployed_stack.push_tokens(TOKEN)
    return deployed_stack


def long_file(size: int) -> bytes:
    """Return an accounting file of `size` bytes at least, each record of some kilobytes."""
    line = row(1, "smtp;550 5.1.1 " + "no such user " * 300)
    return "\n".join([HEADER, *[line] * (size // len(line) + 1)]).encode()


def bomb(size: int) -> bytes:
    """Return `size` bytes of lines, packed."""
    return gzip.compress(b"\n" * size)


Case = tuple[Callable[[], bytes], str, str | None, int, dict[str, object]]
CASES: dict[str, Case] = {
    "4.4 MB": (lambda: long_file(4_400_000), CSV, None, 413, {}),
    "5 MB": (lambda: long_file(5_000_000), "text/csv", None, 413, {}),
    "4 MB": (lambda: long_file(4_000_000), CSV, None, 200, {"rejected": 0}),
    "4.4 MB, packed": (lambda: gzip.compress(long_file(4_400_000)), CSV, "gzip", 200, {"rejected": 0}),
    "5 MB, packed": (lambda: gzip.compress(long_file(5_000_000)), CSV, "gzip", 200, {"rejected": 0}),
    "11 MB, packed": (lambda: gzip.compress(long_file(11_000_000)), CSV, "gzip", 200, {"rejected": 0}),
    "a bomb": (lambda: bomb(400 * MIB), CSV, "gzip", 413, {}),
    "a bomb in gzip": (lambda: gzip.compress(bomb(400 * MIB)), CSV, "gzip", 413, {}),
    "too many records": (lambda: HEADER.encode() + b"\nb,x" * 20_001, CSV, None, 413, {}),
    "deep": (lambda: b"[" * 10_000 + b"]" * 10_000, JSON, None, 200, {"rejected": 1}),
    "deep object": (lambda: b'{"a":' * 10_000 + b"1" + b"}" * 10_000, JSON, None, 200, {"rejected": 1}),
    "NUL": (lambda: b"\0" * MIB, CSV, None, 200, {"accepted": 0}),
    "NUL in a record": (lambda: rows(1).replace(b"no such", b"no\0such"), CSV, None, 200, {"accepted": 1}),
    "empty lines": (lambda: b"\n" * 1_000_000, CSV, None, 200, {"accepted": 0, "rejected": 0}),
    "empty lines of JSON": (lambda: b"\n" * 1_000_000, JSON, None, 400, {}),
    "header only": (lambda: HEADER.encode() + b"\n", CSV, None, 200, {"accepted": 0, "rejected": 0}),
    "nothing": (lambda: b"", CSV, None, 200, {"accepted": 0}),
    "half a gzip": (lambda: gzip.compress(rows(100))[:200], CSV, "gzip", 400, {}),
    "gzip as JSON": (lambda: gzip.compress(rows(100)), JSON, "gzip", 415, {}),
    "a picture": (lambda: b"\x89PNG", "image/png", None, 415, {}),
    "brotli": (lambda: rows(1), CSV, "br", 415, {}),
}


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


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_none_costs_much(stack: Stack, name: str) -> None:
    make, content_type, encoding, _, _ = CASES[name]
    push(stack, rows(1))
    body = make()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    push(stack, body, content_type=content_type, encoding=encoding)
    spent = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(f"{name}: {spent:.2f} s, {grown / MIB:.0f} MiB more")
    assert grown < MEMORY
    assert spent < SECONDS


def test_a_mail_that_is_none_is_said_so(stack: Stack) -> None:
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
    assert push(stack, json.dumps({"x": "y" * 5_000_000}).encode(), "mail", content_type=JSON).status == 413
    assert stack.kept("") == {}
