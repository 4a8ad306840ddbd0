"""template.yaml deployed in this process's memory, and its functions called as Lambda calls them."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, Final
from unittest import mock

import boto3

from bounces.aws import push_tokens
from bounces.store import ReviewStore, Store
from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_mailbox import app as ingest_mailbox
from functions.ingest_push import app as ingest_push
from functions.ingest_ses import app as ingest_ses
from local.deploy import Deployed, deploy
from tests.stack import in_memory
from tests.stack.in_memory import Tables

LOGICAL_IDS: Final[dict[ModuleType, str]] = {
    ingest_ses: "IngestSesFunction",
    classify: "ClassifyFunction",
    apply_actions: "ApplyActionsFunction",
    ingest_push: "IngestPushFunction",
    ingest_mailbox: "IngestMailboxFunction",
}
QUEUES: Final = ("MailQueue", "ReportQueue", "VerdictQueue")
KEPT: Final = ("_settings", "_store", "_review", "_classifiers", "_policies", "_tokens")
"""What the functions' modules keep from one call to the next."""


@dataclass(frozen=True)
class Kept:
    """A message of a dead-letter queue: its text and its attributes."""

    body: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function of its invocation: here, that all of its time is left."""

    seconds: float
    aws_request_id: str = "11f6c1d2-request"

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run, in milliseconds."""
        return int(self.seconds * 1000)


@dataclass(frozen=True)
class Stack:
    """The deployed stack."""

    deployed: Deployed

    @cached_property
    def tables(self) -> Tables:
        """Return the tables, with a store on them."""
        names = (self.deployed.resources["SubscribersTable"], self.deployed.resources["SuppressionsTable"])
        return Tables(*names, Store(*names))

    @cached_property
    def review(self) -> ReviewStore:
        """Return the review."""
        return ReviewStore(self.deployed.resources["ReviewTable"])

    def clear(self) -> None:
        """Empty the tables and queues."""
        self.tables.clear()
        in_memory.clear(self.deployed.resources["ReviewTable"], ("part", "item"))
        in_memory.clear(self.deployed.resources["MailboxesTable"], ("part", "item"))
        apply_actions._review.cache_clear()  # it knows which groups are there
        for name in QUEUES:
            self.messages(name)
            self.dead_letters(name)
        for key in self.kept(""):
            boto3.client("s3").delete_object(Bucket=self.deployed.resources["MailBucket"], Key=key)

    def put_mail(self, key: str, raw: bytes) -> tuple[str, str]:
        """Put a mail into the bucket, and return the names of both."""
        bucket = self.deployed.resources["MailBucket"]
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=raw)
        return bucket, key

    def has_mail(self, key: str) -> bool:
        """Say whether the bucket has a mail at `key`."""
        listed = boto3.client("s3").list_objects_v2(Bucket=self.deployed.resources["MailBucket"], Prefix=key)
        return listed["KeyCount"] == 1

    def messages(self, queue: str) -> list[str]:
        """Take every message out of `queue`, and return their texts."""
        return [message["Body"] for message in self._taken(queue)]

    def dead_letters(self, queue: str) -> list[Kept]:
        """Take every message out of the dead-letter queue of `queue`."""
        return [
            Kept(message["Body"], {n: a["StringValue"] for n, a in message.get("MessageAttributes", {}).items()})
            for message in self._taken(queue.replace("Queue", "DeadLetterQueue"))
        ]

    def _taken(self, queue: str) -> Iterator[Any]:
        sqs, url = boto3.client("sqs"), self.deployed.resources[queue]
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                yield message

    def call(self, function: ModuleType, bodies: list[str]) -> list[int]:
        """Call `function` with a batch of messages; return the places of those that shall come again."""
        event = {"Records": [_record(body) for body in bodies]}
        with mock.patch.dict(os.environ, self._environment(LOGICAL_IDS[function])):
            answer = function.handler(event, None)
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        ids = [record["messageId"] for record in event["Records"]]
        assert len(failed) == len(set(failed))
        return sorted(ids.index(each) for each in failed)

    def push(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Call the push door with `event`, and return its answer."""
        with mock.patch.dict(os.environ, self._environment(LOGICAL_IDS[ingest_push])):
            return ingest_push.handler(dict(event), None)

    def scan(self, *secrets: str, seconds: float = 900.0) -> dict[str, Any]:
        """Call the scan of the mailboxes in `secrets`, with `seconds` to go, and return its answer."""
        environment = {**self._environment(LOGICAL_IDS[ingest_mailbox]), "MAILBOX_SECRETS": ",".join(secrets)}
        ingest_mailbox._settings.cache_clear()
        with mock.patch.dict(os.environ, environment):
            return ingest_mailbox.handler({}, Context(seconds))

    def push_tokens(self, *tokens: str) -> None:
        """Have the secret hold `tokens`, as a rotation does."""
        text = json.dumps(dict(zip(push_tokens.NAMES, tokens, strict=False)))
        secret = self.deployed.resources["PushSecret"]
        boto3.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=text)

    def kept(self, prefix: str) -> dict[str, bytes]:
        """Return what is in the bucket under `prefix`, by key."""
        s3, bucket = boto3.client("s3"), self.deployed.resources["MailBucket"]
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}

    def warm(self) -> None:
        """Have the functions read the patterns table, so that their next calls do not."""
        for function, kept in ((classify, "_classifiers"), (apply_actions, "_policies")):
            with mock.patch.dict(os.environ, self._environment(LOGICAL_IDS[function])):
                getattr(function, kept)().current()

    def _environment(self, logical_id: str) -> dict[str, str]:
        name = self.deployed.resources[logical_id]
        told = boto3.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        return dict(told)

    def run(self, notification: Mapping[str, Any], times: int = 1) -> None:
        """Take a mail's notification through every function, delivering each message `times` times."""
        bodies = [json.dumps(notification)] * times
        for function, queue in ((ingest_ses, "ReportQueue"), (classify, "VerdictQueue"), (apply_actions, None)):
            assert self.call(function, bodies) == []
            if queue is not None:
                bodies = self.messages(queue) * times


def _record(body: str) -> dict[str, Any]:
    return {"messageId": str(uuid.uuid4()), "body": body, "attributes": {}, "eventSource": "aws:sqs"}


@contextmanager
def stack() -> Iterator[Stack]:
    """Deploy template.yaml, and forget what the functions' modules keep of another stack."""
    with in_memory.aws():
        forget()
        yield Stack(deploy())


def forget() -> None:
    """Have the functions forget what they keep, as a cold start does."""
    for function in LOGICAL_IDS:
        for kept in KEPT:
            if hasattr(function, kept):
                getattr(function, kept).cache_clear()
