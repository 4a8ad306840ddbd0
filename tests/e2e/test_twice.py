"""Delivery is at least once everywhere, so nothing that comes a second time changes anything."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local import samples
from local.pump import Batch
from local.stack import Stack, running

HANDED_OVER: list[tuple[str, str]] = []


def note(function: str, batch: Batch) -> None:
    HANDED_OVER.extend((function, record["body"]) for record in batch.event["Records"])


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    HANDED_OVER.clear()
    with running(aws_port=0, smtp_port=0, http_port=0, on_batch=note) as started:
        yield started


def dump(stack: Stack) -> dict[str, list[str]]:
    """Return every item of every table, as DynamoDB has it, in a fixed order."""
    found: dict[str, list[str]] = {}
    for name in ("SubscribersTable", "SuppressionsTable", "ReviewTable"):
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=stack.deployed.resources[name])
        found[name] = sorted(
            json.dumps(item, sort_keys=True, default=_sorted) for page in pages for item in page["Items"]
        )
    return found


def _sorted(value: Any) -> Any:
    return sorted(value)


def keys(stack: Stack) -> set[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=stack.deployed.resources["MailBucket"])
    return {each["Key"] for each in listed.get("Contents", [])}


def send_all(stack: Stack) -> None:
    for sample in samples.mails():
        samples.send(sample, stack.smtp_port)
    assert stack.settle()
    assert all(not pump.failed for pump in stack.pumps.values())


def test_what_comes_twice_changes_nothing(stack: Stack, store: Any) -> None:
    samples.subscribe(store)
    send_all(stack)
    first, first_keys = dump(stack), keys(stack)
    assert len(first["SuppressionsTable"]) > 5
    assert len(first["SubscribersTable"]) > 20

    # The same mails again: other trace headers, other keys in the bucket.
    send_all(stack)
    assert len(keys(stack)) == 2 * len(first_keys)
    assert dump(stack) == first

    # Every message that any queue ever handed over, handed over again.
    messages = list(HANDED_OVER)
    assert {function for function, _ in messages} == set(stack.pumps)
    for function, body in messages:
        boto3.client("sqs").send_message(QueueUrl=stack.pumps[function].queue_url, MessageBody=body)
    assert stack.settle(120)
    assert len(HANDED_OVER) >= 2 * len(messages)
    assert all(not pump.failed for pump in stack.pumps.values())
    assert dump(stack) == first
    for name, url in stack.deployed.resources.items():
        if name.endswith("DeadLetterQueue"):
            assert stack.waiting(url) == 0, name
