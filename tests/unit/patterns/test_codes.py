"""The code tables: the registry is whole, and what codes alone may say."""

import pytest

from bounces.patterns.codes import (
    meaning_of_reply,
    meaning_of_status,
    reply_code_in,
    reply_codes,
    status_codes,
    statuses_in,
)
from bounces.patterns.policy import categories

# IANA, "Simple Mail Transfer Protocol (SMTP) Enhanced Status Codes Registry": subject, and its last detail.
REGISTRY = {0: 0, 1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}


def test_the_whole_registry_is_there_with_meanings() -> None:
    registered = {f"{subject}.{detail}" for subject, last in REGISTRY.items() for detail in range(last + 1)}
    assert {code for code in status_codes() if "." in code} == registered
    assert all(code.meaning for code in status_codes().values())


def test_by_code_alone_only_these_are_about_the_address() -> None:
    hard = {"bad-mailbox", "bad-domain", "inactive-mailbox"}
    said = {code.code for code in status_codes().values() if code.category in hard}
    assert said == {"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"}
    assert {code for code in reply_codes() if reply_codes()[code].category in hard} == {"556"}


@pytest.mark.parametrize(
    ("status", "category"),
    [
        ("5.1.1", "bad-mailbox"), ("5.1.10", "bad-domain"), ("5.2.2", "quota-issues"), ("4.2.1", "other"),
        ("5.2.1", "inactive-mailbox"), ("5.3.4", "content-related"), ("5.4.7", "message-expired"),
        ("4.4.7", "message-expired"), ("5.7.509", "policy-related"), ("5.1.99", "other"), ("5.7.27", "invalid-sender"),
        ("5.0.0", None), ("5.1.5", None), ("5.9.1", None), ("x", None),
    ],
)  # fmt: skip
def test_what_a_status_says(status: str, category: str | None) -> None:
    meaning = meaning_of_status(status)
    assert (meaning and meaning[1]) == category


@pytest.mark.parametrize("reply_code", ["550", "551", "553", "554", "250", "", "abc"])
def test_reply_codes_that_say_nothing(reply_code: str) -> None:
    assert meaning_of_reply(reply_code) is None


def test_every_category_of_a_code_is_one() -> None:
    for code in (*status_codes().values(), *reply_codes().values()):
        assert {code.category, code.transient} - {None} <= categories().keys()


@pytest.mark.parametrize(
    ("text", "statuses", "reply_code"),
    [
        ("550 5.1.1 <a@example.com>", ["5.1.1"], "550"),
        ("smtp; 550-5.7.26 x", ["5.7.26"], "550"),
        ("host x[192.0.2.5] said: 451 4.7.1 y", ["4.7.1"], "451"),
        ("v5.1.1.2 of 5.0.0 at 10.5.1.1", [], None),
        ("(#5.1.1)", ["5.1.1"], None),
    ],
)
def test_codes_in_words(text: str, statuses: list[str], reply_code: str | None) -> None:
    assert statuses_in(text) == statuses
    assert reply_code_in(text) == reply_code
