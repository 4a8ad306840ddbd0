"""Running a handler over a batch of queue messages, so that no message and no record keeps another from its due.

A message or a record that can never succeed goes to the dead-letter queue at once, with its reason, logged and
counted once. Anything else that fails is given back to the queue, which tries again and in the end dead-letters the
message itself.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from bounces import envelopes
from bounces.aws import queues, telemetry
from bounces.aws.telemetry import logger
from bounces.envelopes import Record, Rejected
from bounces.errors import MailGone, NotificationError, RecipientError, RecordError

# No later try can change the outcome of these. What is not named here may pass.
PERMANENT: Final = (MailGone, NotificationError, RecipientError, RecordError)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message: SQS's id of it, and its text."""

    id: str
    body: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that can never be used: what it is and why, and the name of the error that says so."""

    part: Rejected
    error: str


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """What came of the records of one message: results in order, records set aside, and errors that may pass."""

    results: list[Result] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)


def run(
    event: dict[str, Any], context: Any, handle: Callable[[Message], None], dead_letter_url: str
) -> PartialItemFailureResponse:
    """Call `handle` with each message of `event`, and return which ones the queue shall deliver again."""

    def handle_one(record: SQSRecord) -> None:
        message = Message(record.message_id, record.body)
        try:
            handle(message)
        except PERMANENT as error:
            _keep(message.body, message, str(error), [type(error).__name__], dead_letter_url)

    def handle_logged(record: SQSRecord) -> None:
        try:
            handle_one(record)
        except Exception:
            logger.exception("message given back to its queue", message_id=record.get("messageId"))
            telemetry.count(telemetry.RETRIED)
            raise

    if not event.get("Records"):
        logger.warning("an event without queue messages, so there is nothing to do")
        return {"batchItemFailures": []}
    # Where all of a batch fails, Powertools would by default raise and lose which ones did.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    try:
        return process_partial_response(event, handle_logged, processor, context)
    finally:
        telemetry.flush()


def each_record(kind: type[Record], message: Message, act: Callable[[Record], Result]) -> Outcome[Result]:
    """Call `act` with each record of the envelope `message`; one that fails does not keep the others from theirs.

    Raises `RecordError` where the message as a whole is no envelope of `kind`.
    """
    opened = envelopes.unpack(kind, message.body)
    outcome: Outcome[Result] = Outcome()
    outcome.set_aside.extend(SetAside(part, RecordError.__name__) for part in opened.rejected)
    unreadable = {part.place for part in opened.rejected}
    places = (place for place in itertools.count() if place not in unreadable)
    for place, record in zip(places, opened.records, strict=False):
        try:
            outcome.results.append(act(record))
        except PERMANENT as error:
            rejected = Rejected(place, record.to_json(), str(error))
            outcome.set_aside.append(SetAside(rejected, type(error).__name__))
        except Exception as error:  # noqa: BLE001 - it is raised again by `settle`, with the others
            outcome.failures.append(error)
    return outcome


def settle(kind: type[Record], message: Message, outcome: Outcome[Any], dead_letter_url: str) -> None:
    """Close the account of `message`, after its results are safe.

    Where a record failed in a way that may pass, raise, so that the whole message comes again: its other records are
    then duplicates. Only else are the records set aside sent to the dead-letter queue, so that each is kept once.
    """
    if outcome.failures:
        raise ExceptionGroup(f"{len(outcome.failures)} records could not be handled", outcome.failures)
    if outcome.set_aside:
        parts = [aside.part for aside in outcome.set_aside]
        reasons = "; ".join(dict.fromkeys(part.reason for part in parts))
        errors = [aside.error for aside in outcome.set_aside]
        _keep(envelopes.repack(kind, parts), message, reasons, errors, dead_letter_url)


def _keep(body: str, message: Message, reason: str, errors: list[str], dead_letter_url: str) -> None:
    queues.dead_letter(dead_letter_url, body, reason=reason, message_id=message.id)
    logger.warning("sent to the dead-letter queue", message_id=message.id, reason=reason, records=len(errors))
    for error, number in Counter(errors).items():
        telemetry.count_rejected(error, number)
