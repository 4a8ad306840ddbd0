"""Sending to SQS: envelopes in batches, and what cannot be used to a dead-letter queue with its reason."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from bounces.aws import clients
from bounces.aws.deadline import Deadline
from bounces.errors import QueueError, shown

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_BATCH: Final = 10
MAX_BATCH_BYTES: Final = 262_144
ATTEMPTS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.1

MAX_REASON: Final = 1000


def send(queue_url: str, messages: Iterable[str]) -> int:
    """Send `messages` and return how many there were, every one of them safe in the queue.

    SQS may take some of a batch and not others: those are sent again, `ATTEMPTS` times in all. Raises `QueueError`
    where some are still not taken; those before them are in the queue, so sending all again makes duplicates.
    """
    sent = 0
    for batch in _batches(messages):
        sent += _send_batch(queue_url, batch)
    return sent


def send_by(deadline: Deadline, queue_url: str, messages: Iterable[str]) -> int:
    """Send `messages` as `send` does, several batches at once, and return how many there were.

    Raises `Unavailable` where they are not all safe at the deadline, `QueueError` where some are not taken.
    """
    clients.sqs()  # made here: boto3 makes clients in one thread at a time
    return sum(deadline.run_all(partial(_send_batch, queue_url, batch) for batch in _batches(messages)))


def dead_letter(queue_url: str, message: str, *, reason: str, message_id: str) -> None:
    """Put `message`, as it came, into the dead-letter queue at `queue_url`, with why it is there and whence."""
    clients.sqs().send_message(
        QueueUrl=queue_url,
        MessageBody=message,
        MessageAttributes={
            "reason": {"DataType": "String", "StringValue": _attribute(reason)},
            "source_message_id": {"DataType": "String", "StringValue": _attribute(message_id)},
        },
    )


def _batches(messages: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for message in messages:
        length = len(message.encode())
        if batch and (len(batch) == MAX_BATCH or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _send_batch(queue_url: str, batch: list[str]) -> int:
    """Send `batch`, at most ten, and return how many there are. Raises `QueueError`."""
    waiting = {str(place): message for place, message in enumerate(batch)}
    refusal = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": place, "MessageBody": message} for place, message in waiting.items()
        ]
        answer = clients.sqs().send_message_batch(QueueUrl=queue_url, Entries=entries)
        refused = {failure["Id"]: failure.get("Code", "") for failure in answer.get("Failed", [])}
        if not refused:
            return len(batch)
        refusal = next(iter(refused.values()))
        waiting = {place: message for place, message in waiting.items() if place in refused}
    raise QueueError(f"{queue_url} did not take {len(waiting)} messages in {ATTEMPTS} attempts: {shown(refusal)}")


def _attribute(text: str) -> str:
    """Return `text` as an attribute may hold it: not empty, and none of the characters that SQS refuses."""
    printable = "".join(character if " " <= character <= "~" else "?" for character in text[:MAX_REASON])
    return printable or "-"
