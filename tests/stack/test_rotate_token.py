"""`bounces push rotate-token` on a secret as the stack makes it, in moto."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bounces.aws import clients, push_tokens
from bounces.errors import CredentialError
from bounces_cli.main import main

FIRST = "generatedByTheStack"

Rotate = Callable[..., int]


@pytest.fixture
def secret(aws: int) -> Iterator[str]:
    clients.forget()
    manager = boto3.client("secretsmanager")
    made = manager.create_secret(Name="push", SecretString=json.dumps({"previous": "", "current": FIRST}))["ARN"]
    yield made
    manager.delete_secret(SecretId=made, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def rotate(secret: str) -> Rotate:
    return lambda *arguments: main(["push", "rotate-token", "--secret", secret, *map(str, arguments)])


def tokens(secret: str) -> dict[str, str]:
    held = boto3.client("secretsmanager").get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")
    told: dict[str, str] = json.loads(held["SecretString"])
    return told


def is_taken(secret: str, token: str) -> bool:
    try:
        push_tokens.PushTokens(lambda: push_tokens.fetch(secret)).check(f"Bearer {token}")
    except CredentialError:
        return False
    return True


def test_the_new_token_and_the_one_before_are_valid_until_it_is_finished(
    secret: str, rotate: Rotate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "token"
    assert rotate("--out", out) == 0
    token = out.read_text().strip()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert tokens(secret) == {"current": token, "previous": FIRST}
    assert len(token) >= 43
    assert is_taken(secret, token) and is_taken(secret, FIRST)
    said = capsys.readouterr().out
    assert token not in said and FIRST not in said
    assert f"rotate-token --secret {secret} --finish" in said

    assert rotate("--finish") == 0
    assert tokens(secret) == {"current": token, "previous": ""}
    assert is_taken(secret, token) and not is_taken(secret, FIRST)


def test_a_rotation_under_way_is_finished_first(
    secret: str, rotate: Rotate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rotate() == 0
    held = tokens(secret)
    assert rotate() == 2
    assert "a rotation is under way" in capsys.readouterr().err
    assert tokens(secret) == held
    assert rotate("--finish") == 0
    assert rotate("--finish") == 2


def test_of_two_rotations_at_once_one_is_refused(
    secret: str, rotate: Rotate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_use = tmp_path / "token"
    in_use.write_text(f"{FIRST}\n")
    manager = clients.secretsmanager()
    put = manager.put_secret_value
    other = {"current": "otherToken", "previous": FIRST}

    def after_another(**asked: Any) -> Any:
        boto3.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=json.dumps(other))
        return put(**asked)

    monkeypatch.setattr(manager, "put_secret_value", after_another)
    assert rotate("--out", in_use) == 4
    assert in_use.read_text() == f"{FIRST}\n"
    assert "was changed meanwhile; nothing was done" in capsys.readouterr().err
    assert tokens(secret) == other


def test_what_is_no_push_secret_is_left_alone(secret: str, rotate: Rotate, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId=secret, SecretString='{"password": "x"}')
    assert rotate() == 2
    assert "no secret of a push door" in capsys.readouterr().err
    assert tokens(secret) == {"password": "x"}


def test_a_file_that_cannot_be_written_changes_nothing(secret: str, rotate: Rotate, tmp_path: Path) -> None:
    assert rotate("--out", tmp_path / "missing" / "token") == 2
    assert tokens(secret) == {"previous": "", "current": FIRST}


def test_a_longer_token_in_the_file_leaves_nothing_of_itself(secret: str, rotate: Rotate, tmp_path: Path) -> None:
    out = tmp_path / "token"
    out.write_text("x" * 500)
    assert rotate("--out", out) == 0
    assert out.read_text() == tokens(secret)["current"] + "\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full: /dev/full of Linux")
def test_where_the_file_has_no_room_the_token_is_in_the_secret(
    secret: str, rotate: Rotate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.fchmod", lambda *_: None)  # of the device, which is not ours
    assert rotate("--out", "/dev/full") == 3
    assert "there is a new token all the same" in capsys.readouterr().err
    assert tokens(secret)["previous"] == FIRST
