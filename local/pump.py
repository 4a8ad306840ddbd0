"""What Lambda does between a queue and a function: polls, batches, invokes, and deletes what was handled.

As https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html has it: a batch that the function
answers is deleted, less the `batchItemFailures` of its answer; a batch whose invocation failed, or whose answer
cannot be read, is not. What is not deleted becomes visible again when the queue's visibility timeout ends, and after
maxReceiveCount receives the queue moves it to its dead-letter queue.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.deploy import EventSource
from local.function import FunctionError

POLL_SECONDS: Final = 1  # Lambda waits 20; this is how long stopping may take
PAUSE_SECONDS: Final = 0.5  # after a call that failed
RECEIVE: Final = 10  # messages that one receive may return
MAX_MESSAGE: Final = 262_144  # bytes
MAX_PAYLOAD: Final = 6_000_000  # bytes of an invocation

Message = Mapping[str, Any]
_log = logging.getLogger(__name__)


class Invoked(Protocol):
    """A function, as the pump needs it."""

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Return the function's answer, or raise `FunctionError`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that went to a function: the event, the ids of the messages that failed, and why if all of them did."""

    event: Mapping[str, Any]
    failed: frozenset[str]
    error: str | None


class Pump:
    """Moves one queue's messages into one function, in a thread of its own between `start` and `stop`."""

    def __init__(
        self, source: EventSource, function: Invoked, *, on_batch: Callable[[Batch], None] = lambda _: None
    ) -> None:
        self.source = source
        self._function = function
        self._on_batch = on_batch
        self._sqs = boto3.client("sqs")
        name = source.queue_arn.rpartition(":")[2]
        self.queue_url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self.failed: dict[str, str] = {}  # message id -> why, of those that wait for their next try
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pump {name}", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop_soon(self) -> None:
        """Take no further batch; `stop` waits for the one in hand."""
        self._stopping.set()

    def stop(self) -> None:
        """End after the batch in hand."""
        self.stop_soon()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.turn()
            except (BotoCoreError, ClientError) as error:
                if not self._stopping.wait(PAUSE_SECONDS):
                    _log.warning("%s: %s; trying again", self._thread.name, error)

    def turn(self, wait: int = POLL_SECONDS) -> Batch | None:
        """Gather one batch, waiting `wait` seconds for its first message, and hand it over."""
        messages = self._gather(wait)
        if not messages:
            return None
        event = {"Records": [self._record(message) for message in messages]}
        batch = self._invoke(event, frozenset(message["MessageId"] for message in messages))
        handled = [message for message in messages if message["MessageId"] not in batch.failed]
        self.failed |= dict.fromkeys(batch.failed, batch.error or "named in the answer's batchItemFailures")
        for message in handled:
            self.failed.pop(message["MessageId"], None)
        for start in range(0, len(handled), RECEIVE):
            self._delete(handled[start : start + RECEIVE])
        self._on_batch(batch)
        return batch

    def _gather(self, wait: int) -> list[Message]:
        """Return up to a batch's messages: what there is, or what comes while the window is open."""
        messages: list[Message] = []
        closes: float | None = None
        size = 0
        while len(messages) < self.source.batch_size and size + RECEIVE * MAX_MESSAGE < MAX_PAYLOAD:
            if closes is not None and time.monotonic() >= closes:
                break
            if self._stopping.is_set():
                break
            window_wait = wait if closes is None else int(min(wait, max(0.0, closes - time.monotonic())))
            found = self._receive(min(RECEIVE, self.source.batch_size - len(messages)), window_wait)
            if closes is None:
                if not found:
                    break
                closes = time.monotonic() + self.source.window
            elif not found:
                self._stopping.wait(0.02)  # the window's last part of a second, which no receive can wait for
            messages += found
            size += sum(len(message["Body"]) for message in found)
        return messages

    def _receive(self, count: int, wait: int) -> Sequence[Message]:
        return self._sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=count,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])

    def _invoke(self, event: Mapping[str, Any], ids: frozenset[str]) -> Batch:
        try:
            answer = self._function.invoke(event)
        except FunctionError as error:
            return Batch(event, ids, str(error))
        if not self.source.partial_failures:
            return Batch(event, frozenset(), None)
        failed = failures(answer, ids)
        if failed is None:
            return Batch(event, ids, f"an answer that names no message of the batch: {str(answer)[:200]}")
        return Batch(event, failed, None)

    def _delete(self, messages: Sequence[Message]) -> None:
        if messages:
            self._sqs.delete_message_batch(
                QueueUrl=self.queue_url,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                    for place, message in enumerate(messages)
                ],
            )

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message.get("Attributes", {})),
            "messageAttributes": {
                name: {
                    "stringValue": value.get("StringValue"),
                    "stringListValues": [],
                    "binaryListValues": [],
                    "dataType": value["DataType"],
                }
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.source.queue_arn,
            "awsRegion": self.source.queue_arn.split(":")[3],
        }


def failures(answer: Any, ids: frozenset[str]) -> frozenset[str] | None:
    """Return which of the messages `ids` the function's `answer` says have failed; None where all have.

    An answer without failures, an empty one and none at all are a success; one with a failure that names no message,
    or none of this batch's, is a failure of all (Lambda's "Success and failure conditions").
    """
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else answer
    if listed is None:
        return frozenset()
    if not isinstance(listed, list):
        return None
    named = [part.get("itemIdentifier") if isinstance(part, dict) else None for part in listed]
    if not all(isinstance(name, str) and name in ids for name in named):
        return None
    return frozenset(str(name) for name in named)
