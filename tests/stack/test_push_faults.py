"""What the push door needs fails, or is slow: it says so in time, and the same push sent again mends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from botocore.client import BaseClient

from bounces.aws import clients, queues
from bounces.aws.deadline import Deadline
from bounces.errors import QueueError, Unavailable
from functions.ingest_push import app
from tests.stack import deployed
from tests.stack.deployed import Stack
from tests.stack.in_memory import Fault, calls
from tests.stack.pushes import TOKEN, push, reports, rows

BAD = b"b,x\n"


@pytest.fixture
def stack(deployed_stack: Stack) -> Stack:
    deployed_stack.clear()
    deployed.forget()
    deployed_stack.push_tokens(TOKEN)
    assert push(deployed_stack, b"").status == 200
    deployed_stack.clear()
    return deployed_stack


@pytest.fixture(autouse=True)
def no_pauses() -> Iterator[None]:
    with mock.patch.object(queues, "FIRST_PAUSE_SECONDS", 0):
        yield


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("operation", ["PutObject", "SendMessageBatch"])
def test_a_call_that_fails_is_a_503_and_the_push_can_come_again(stack: Stack, operation: str, fault: Fault) -> None:
    with calls(fault, operation=operation):
        answered = push(stack, rows(120) + BAD)
    assert answered.status == 503
    assert int(answered.headers["Retry-After"]) > 0
    assert "in.memory" not in answered.told["error"]
    first = {report.id for report in reports(stack)}
    assert push(stack, rows(120) + BAD).told["accepted"] == 120
    again = reports(stack)
    assert len({report.id for report in again}) == len(again) == 121  # and one that says what could not be read
    assert first <= {report.id for report in again}
    assert len(stack.kept("pushed/")) == len(stack.kept("rejected/")) == 1


def test_the_rejected_record_is_kept_before_the_answer(stack: Stack) -> None:
    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make(client: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        if name == "PutObject" and arguments["Key"].startswith("rejected/"):
            raise ConnectionError
        return original(client, name, arguments)

    with mock.patch.object(BaseClient, "_make_api_call", make):
        assert push(stack, rows(1) + BAD).status == 503
    assert stack.kept("rejected/") == {}


@pytest.mark.parametrize("times", [1, 3, 4])
def test_what_sqs_does_not_take_of_a_batch_is_sent_again(stack: Stack, times: int) -> None:
    original = BaseClient._make_api_call  # type: ignore[attr-defined]
    left = times

    def make(client: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        nonlocal left
        if name != "SendMessageBatch" or left == 0:
            return original(client, name, arguments)
        left -= 1
        entries = arguments["Entries"]
        if len(entries) > 1:
            original(client, name, {**arguments, "Entries": entries[1:]})
        failed = [{"Id": entries[0]["Id"], "Code": "InternalError", "SenderFault": False}]
        return {"Successful": [{"Id": entry["Id"]} for entry in entries[1:]], "Failed": failed}

    with mock.patch.object(BaseClient, "_make_api_call", make):
        answered = push(stack, rows(150))
    assert answered.status == (200 if times < queues.ATTEMPTS else 503)
    assert len(reports(stack)) == (150 if times < queues.ATTEMPTS else 50)


def test_a_queue_that_hangs_is_given_up_in_time(stack: Stack) -> None:
    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make(client: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        if name == "SendMessageBatch":
            time.sleep(1)
        return original(client, name, arguments)

    with mock.patch.object(BaseClient, "_make_api_call", make), mock.patch.object(app, "ANSWER_SECONDS", 0.2):
        start = time.monotonic()
        answered = push(stack, rows(1))
        spent = time.monotonic() - start
        time.sleep(1)  # the call goes on, and must not meet the next test
    assert (answered.status, spent < 0.9) == (503, True)


def test_an_unreadable_secret_turns_nobody_away(stack: Stack) -> None:
    deployed.forget()
    with calls("before", operation="GetSecretValue"):
        answered = push(stack, rows(1), authorization="Bearer whatever")
    assert (answered.status, answered.headers["Retry-After"]) == (503, "5")
    assert push(stack, rows(1)).status == 200


def test_a_secret_that_holds_no_token_turns_nobody_away(stack: Stack) -> None:
    deployed.forget()
    stack.push_tokens("", "")
    assert push(stack, rows(1), authorization="Bearer ").status == 401  # no token, whatever the secret says
    assert push(stack, rows(1), authorization="Basic bXRhOg==").status == 401
    assert push(stack, rows(1)).status == 503


def test_the_door_s_clients_give_up_in_seconds(stack: Stack) -> None:
    config = clients.sqs().meta.config
    assert config.connect_timeout + config.read_timeout < app.ANSWER_SECONDS
    clients.forget()
    assert clients.sqs().meta.config.read_timeout == clients.READ_SECONDS
    clients.forget()


def test_a_deadline_gives_what_was_done_the_first_error_or_is_over() -> None:
    assert Deadline(5).run(lambda: 1, lambda: 2) == [1, 2]
    assert Deadline(0).run() == []

    def fail() -> int:
        raise QueueError("full")

    with pytest.raises(QueueError):
        Deadline(5).run(lambda: 1, fail)
    with pytest.raises(Unavailable, match="1 of 2"):
        Deadline(0.05).run(lambda: 1, lambda: time.sleep(0.3) or 2)
