"""Who may push, as the secret says now and as it said a while ago."""

from __future__ import annotations

import json

import pytest

from bounces.aws import push_tokens
from bounces.aws.push_tokens import AGAIN_SECONDS, KEPT_SECONDS, PushTokens
from bounces.errors import CredentialError, SettingError


class Secret:
    """A secret and a clock, in a test's hand."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = tokens
        self.looks = 0
        self.now = 1000.0
        self.error: Exception | None = None

    def get(self) -> tuple[str, ...]:
        self.looks += 1
        if self.error is not None:
            raise self.error
        return self.tokens


def made(secret: Secret) -> PushTokens:
    return PushTokens(secret.get, lambda: secret.now)


def is_let_in(tokens: PushTokens, token: str) -> bool:
    try:
        tokens.check(f"Bearer {token}")
    except CredentialError:
        return False
    return True


def test_the_secret_is_looked_at_once_a_while() -> None:
    secret = Secret("one", "two")
    tokens = made(secret)
    for _ in range(50):
        assert is_let_in(tokens, "one")
        assert is_let_in(tokens, "two")
    assert secret.looks == 1
    secret.now += KEPT_SECONDS
    assert is_let_in(tokens, "one")
    assert secret.looks == 2


def test_strangers_cost_no_more_than_one_look_in_some_seconds() -> None:
    secret = Secret("one")
    tokens = made(secret)
    for _ in range(1000):
        assert not is_let_in(tokens, "wrong")
        secret.now += 0.01
    assert secret.looks <= 1 + 10 / AGAIN_SECONDS


def test_a_request_without_a_token_costs_no_look() -> None:
    secret = Secret("one")
    for header in (None, "", "Bearer", "Basic", "Negotiate x", "Bearer " + "x" * 3000):
        with pytest.raises(CredentialError):
            made(secret).check(header)
    assert secret.looks == 0


def test_a_new_token_is_good_at_once_and_an_ended_one_ends() -> None:
    secret = Secret("one")
    tokens = made(secret)
    assert is_let_in(tokens, "one")
    secret.tokens = ("two", "one")
    secret.now += AGAIN_SECONDS
    assert is_let_in(tokens, "two")
    assert is_let_in(tokens, "one")
    secret.tokens = ("three", "two")
    secret.now += KEPT_SECONDS
    assert not is_let_in(tokens, "one")


def test_a_secret_that_cannot_be_read_leaves_what_was_read_last() -> None:
    secret = Secret("one")
    tokens = made(secret)
    assert is_let_in(tokens, "one")
    secret.error = ConnectionError()
    secret.now += KEPT_SECONDS
    assert is_let_in(tokens, "one")
    assert not is_let_in(tokens, "two")
    assert secret.looks == 2
    with pytest.raises(ConnectionError):
        made(secret).check("Bearer one")


def test_what_a_secret_holds() -> None:
    assert push_tokens.read(json.dumps({"current": "a", "previous": ""})) == ("a",)
    assert push_tokens.read(json.dumps({"current": "a", "previous": "b", "note": "c"})) == ("a", "b")
    for text in ("", "a", "[]", "{}", '{"current": ""}', '{"current": 5}', "[" * 100_000):
        with pytest.raises(SettingError, match="holds no token"):
            push_tokens.read(text)
