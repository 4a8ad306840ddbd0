"""Sends a scenario through the queues of template.yaml and its handlers, wave by wave, until nothing waits anywhere.

The queues' visibility timeouts are minutes; what was given back becomes visible again after some turns instead.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

import boto3

from bounces.store import Store
from local import http_event
from local.deploy import Deployed, EventSource
from local.function import FunctionError
from local.pump import Batch, Pump
from tests.stack.faults.facts import RECEIVED
from tests.stack.faults.handlers import Handlers
from tests.stack.faults.mails import notification
from tests.stack.faults.scenario import Message as Sent
from tests.stack.faults.scenario import Scenario
from tests.stack.pushes import CSV

IN_A_BATCH: Final = 10
LOST_DELETES: Final = 0.03
"""Of the batches that were handled, those that come again since Lambda's delete was lost."""
REDRIVES: Final = 40
PUSHES: Final = 200


@dataclass(slots=True)
class Counts:
    """What the driver met besides sending: kills, pushes not answered with 200, lost deletes, redrives."""

    killed: int = 0
    failed_batches: int = 0
    pushed_again: int = 0
    deletes_lost: int = 0
    redriven: int = 0


class Queue(Pump):
    """A queue and its function, where what is given back, or whose delete is lost, comes again when `release` says."""

    def __init__(self, source: EventSource, function: str, handlers: Handlers, draw: random.Random) -> None:
        super().__init__(source, _Invoked(function, handlers), on_batch=self._given_back)
        self._draw = draw
        self._in_flight: list[str] = []
        self.counts = Counts()
        self.loses_deletes = False

    def _given_back(self, batch: Batch) -> None:
        failed = [record for record in batch.event["Records"] if record["messageId"] in batch.failed]
        self._in_flight += [record["receiptHandle"] for record in failed]
        self.counts.killed += batch.error == "killed"
        self.counts.failed_batches += bool(failed)

    def _delete(self, messages: Any) -> None:
        if self.loses_deletes and messages and self._draw.random() < LOST_DELETES:
            self.counts.deletes_lost += 1
            self._in_flight += [message["ReceiptHandle"] for message in messages]
        else:
            super()._delete(messages)

    def release(self, share: float) -> bool:
        """Make about `share` of what is in flight visible again, and say whether any was."""
        chosen = [handle for handle in self._in_flight if self._draw.random() < share]
        for handle in chosen:
            self._sqs.change_message_visibility(QueueUrl=self.queue_url, ReceiptHandle=handle, VisibilityTimeout=0)
            self._in_flight.remove(handle)
        return bool(chosen)


@dataclass(frozen=True, slots=True)
class _Invoked:
    function: str
    handlers: Handlers

    def invoke(self, event: Mapping[str, Any]) -> Any:
        return self.handlers.invoke(self.function, event)


class Driver:
    """Runs scenarios through one deployed stack and one set of handlers."""

    def __init__(self, deployed: Deployed, handlers: Handlers, seed: int) -> None:
        self._handlers = handlers
        self._resources = deployed.resources
        self._draw = random.Random(f"driver {seed}")
        self._store = Store(self._resources["SubscribersTable"], self._resources["SuppressionsTable"])
        self._sqs = boto3.client("sqs")
        self._s3 = boto3.client("s3")
        by_name = {name: logical_id for logical_id, name in self._resources.items()}
        self._queues = [
            Queue(source, by_name[source.function_name], handlers, self._draw) for source in deployed.event_sources
        ]
        self._dead_letters = _dead_letters(deployed)
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=self._resources["PushSecret"])
        self._token = json.loads(secret["SecretString"])["current"]
        self._own = Counts()

    def run_in_order(self, scenario: Scenario) -> None:
        """Send each message once, in order, ten at most at a time."""
        for wave, messages in enumerate(scenario.sent()):
            self._decide(scenario, wave)
            for _, alike in groupby(messages, lambda message: message.way):
                for batch in _batched(list(alike)):
                    for message in batch:
                        self._send(message)
                    self._follow()
            self._drain()

    def run_as_delivered(self, scenario: Scenario) -> None:
        """Send each message as often and as late as the network does; handle what waits in any order meanwhile."""
        for queue in self._queues:
            queue.loses_deletes = True
        for wave, messages in enumerate(scenario.delivered()):
            self._decide(scenario, wave)
            for batch in _batched(messages):
                for message in batch:
                    self._send(message)
                for queue in self._draw.choices(self._queues, k=2 * len(self._queues)):
                    queue.turn(wait=0)
                    queue.release(0.3)
            self._drain()
            self._handlers.flush()
            self._drain()

    def counts(self) -> Counts:
        """Return what was done besides, added up."""
        all_of_them = [self._own, *(queue.counts for queue in self._queues)]
        return Counts(*(sum(getattr(each, name) for each in all_of_them) for name in Counts.__slots__))

    def waiting(self) -> dict[str, int]:
        """Return how many messages each queue of the stack holds, visible or not, of those that hold any."""
        urls = [url for pair in self._dead_letters for url in pair]
        counts = {url.rpartition("/")[2]: self._depth(url) for url in urls}
        return {name: count for name, count in counts.items() if count}

    def _decide(self, scenario: Scenario, wave: int) -> None:
        for decision in scenario.decisions(wave):
            decision(self._store)

    def _send(self, message: Sent) -> None:
        if message.way == "mail":
            bucket = self._resources["MailBucket"]
            self._s3.put_object(Bucket=bucket, Key=message.key, Body=message.body)
            body = json.dumps(notification(bucket, message.key, RECEIVED))
            self._sqs.send_message(QueueUrl=self._resources["MailQueue"], MessageBody=body)
        elif message.way == "envelope":
            self._sqs.send_message(QueueUrl=self._resources["ReportQueue"], MessageBody=message.body.decode())
        else:
            self._push(message.body)

    def _push(self, body: bytes) -> None:
        """Post `body`, again until it is taken, as a shipper does."""
        for _ in range(PUSHES):
            received = RECEIVED + timedelta(seconds=self._draw.randrange(3600))
            path = "/v1/push/powermta"
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": CSV}
            event = http_event.event(
                f"POST {path}", path, headers.items(), body, peer="192.0.2.4", received=received, api_id="api"
            )
            try:
                answer = http_event.answer(self._handlers.invoke("IngestPushFunction", event))
            except FunctionError as error:
                self._own.killed += str(error) == "killed"
            else:
                if answer.status == 200:
                    return
                assert answer.status == 503, answer
            self._own.pushed_again += 1
        raise AssertionError(f"the push door did not take a body in {PUSHES} tries")

    def _follow(self) -> None:
        """Handle what was sent, hop by hop in the order of the flow."""
        for queue in self._queues:
            while queue.turn(wait=0):
                pass

    def _drain(self) -> None:
        """Handle what waits until nothing does; what ends in a dead-letter queue is moved back."""
        for _ in range(REDRIVES):
            while sum(self._moves(queue) for queue in self._queues):
                pass
            moved = [self._redrive(dead, queue) for queue, dead in self._dead_letters]
            if not any(moved):
                return
        raise AssertionError(f"after {REDRIVES} redrives messages still come back: {self.waiting()}")

    def _moves(self, queue: Queue) -> bool:
        """Handle a batch of `queue`, or make what is in flight visible; say whether there was any."""
        return bool(queue.turn(wait=0)) or queue.release(0.5) or queue.release(1)

    def _redrive(self, dead: str, queue: str) -> int:
        """Move what is in `dead` to `queue`, as `aws sqs start-message-move-task` does, and return how many."""
        moved = 0
        while found := self._sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                self._sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
                self._sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            moved += len(found)
        self._own.redriven += moved
        return moved

    def _depth(self, url: str) -> int:
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        told = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(told[name]) for name in names)


def _dead_letters(deployed: Deployed) -> list[tuple[str, str]]:
    """Return each queue that a function reads, with its dead-letter queue: their URLs."""
    sqs, pairs = boto3.client("sqs"), []
    for source in deployed.event_sources:
        url = sqs.get_queue_url(QueueName=source.queue_arn.rpartition(":")[2])["QueueUrl"]
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
        dead = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
        pairs.append((url, sqs.get_queue_url(QueueName=dead)["QueueUrl"]))
    return pairs


def _batched(messages: list[Sent]) -> Iterator[list[Sent]]:
    for start in range(0, len(messages), IN_A_BATCH):
        yield messages[start : start + IN_A_BATCH]
