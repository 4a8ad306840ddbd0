"""Between a queue and a function, a pump does what Lambda does: batches, partial failures, retries, redrive."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
import pytest

from local.deploy import EventSource
from local.function import FunctionError
from local.pump import Pump, failures

pytestmark = pytest.mark.usefixtures("aws")

_numbers = itertools.count()


class Answering:
    """A function that gives one answer after the other, the last one for ever, and keeps the events."""

    def __init__(self, *answers: Any) -> None:
        self.events: list[Mapping[str, Any]] = []
        self._answers = list(answers)

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.events.append(event)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(event) if callable(answer) else answer

    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]


class Queues:
    """A queue with a dead-letter queue."""

    def __init__(self, *, visibility: int = 30, receives: int = 5) -> None:
        self._sqs = boto3.client("sqs")
        number = next(_numbers)
        self.dead = self._sqs.create_queue(QueueName=f"dead-{number}")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self._arn(self.dead), "maxReceiveCount": receives}
        self.url = self._sqs.create_queue(
            QueueName=f"queue-{number}",
            Attributes={"VisibilityTimeout": str(visibility), "RedrivePolicy": json.dumps(redrive)},
        )["QueueUrl"]

    def _arn(self, url: str) -> str:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def source(self, *, batch_size: int = 10, window: float = 0, partial_failures: bool = True) -> EventSource:
        return EventSource(self._arn(self.url), "function", batch_size, window, partial_failures)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def counts(self, url: str | None = None) -> tuple[int, int]:
        """Return how many messages are visible and how many in flight."""
        names: Sequence[Any] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self._sqs.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)["Attributes"]
        return int(told["ApproximateNumberOfMessages"]), int(told["ApproximateNumberOfMessagesNotVisible"])


def failing(*bodies: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return an answer that names the messages with these bodies as failed."""

    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        ids = [record["messageId"] for record in event["Records"] if record["body"] in bodies]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}

    return answer


def test_an_event_has_the_shape_that_lambda_gives_it() -> None:
    queues = Queues()
    boto3.client("sqs").send_message(
        QueueUrl=queues.url,
        MessageBody="text",
        MessageAttributes={"reason": {"StringValue": "because", "DataType": "String"}},
    )
    function = Answering({"batchItemFailures": []})
    Pump(queues.source(), function).turn()
    (record,) = function.events[0]["Records"]
    assert record["body"] == "text"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == queues.source().queue_arn
    assert record["awsRegion"] == "eu-west-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"].keys() >= {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"}
    assert record["messageAttributes"]["reason"]["stringValue"] == "because"
    assert record["messageAttributes"]["reason"]["dataType"] == "String"
    assert {"messageId", "receiptHandle", "md5OfBody"} <= record.keys()


def test_what_succeeded_is_deleted_and_what_failed_stays_in_flight() -> None:
    queues = Queues()
    queues.send("good", "bad", "fine")
    batch = Pump(queues.source(), Answering(failing("bad"))).turn()
    assert batch is not None
    assert len(batch.failed) == 1
    assert queues.counts() == (0, 1)


@pytest.mark.parametrize(
    "answer",
    [
        FunctionError("raised"),
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": "of another batch"}]},
        {"batchItemFailures": [{"other": "key"}]},
        {"batchItemFailures": "text"},
        "text",
    ],
)
def test_nothing_is_deleted_when_the_whole_batch_failed(answer: Any) -> None:
    queues = Queues()
    queues.send("one", "two")
    pump = Pump(queues.source(), Answering(answer))
    batch = pump.turn()
    assert batch is not None
    assert batch.error
    assert len(pump.failed) == 2
    assert queues.counts() == (0, 2)


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_answer_without_failures_is_a_success(answer: Any) -> None:
    assert failures(answer, frozenset({"id"})) == frozenset()


def test_without_partial_failures_the_answer_does_not_matter() -> None:
    queues = Queues()
    queues.send("one")
    Pump(queues.source(partial_failures=False), Answering(failing("one"))).turn()
    assert queues.counts() == (0, 0)


def test_a_failed_message_comes_again_when_its_visibility_timeout_ends_and_counts_its_receives() -> None:
    queues = Queues(visibility=1)
    queues.send("slow")
    function = Answering(failing("slow"), {"batchItemFailures": []})
    pump = Pump(queues.source(), function)
    pump.turn()
    assert pump.turn(wait=0) is None, "it came back before its time"
    time.sleep(1.1)
    pump.turn(wait=2)
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in function.events]
    assert counts == ["1", "2"]
    assert pump.failed == {}
    assert queues.counts() == (0, 0)


def test_after_max_receive_count_a_message_is_dead_lettered_and_others_are_not() -> None:
    queues = Queues(visibility=1, receives=2)
    queues.send("poison", "good")
    function = Answering(failing("poison"))
    pump = Pump(queues.source(), function)
    end = time.monotonic() + 20
    while queues.counts(queues.dead) == (0, 0) and time.monotonic() < end:
        pump.turn(wait=1)
    assert queues.counts(queues.dead) == (1, 0)
    assert queues.counts() == (0, 0)
    assert function.bodies() == [["poison", "good"], ["poison"]]


def test_a_batch_has_at_most_the_mappings_batch_size() -> None:
    queues = Queues()
    queues.send(*"abcde")
    function = Answering(None)
    pump = Pump(queues.source(batch_size=2), function)
    while pump.turn(wait=0):
        pass
    assert [len(bodies) for bodies in function.bodies()] == [2, 2, 1]


def test_without_a_window_a_batch_is_not_waited_for() -> None:
    queues = Queues()
    queues.send("one")
    function = Answering(None)
    pump = Pump(queues.source(batch_size=10), function)
    began = time.monotonic()
    pump.turn()
    assert time.monotonic() - began < 0.9
    assert function.bodies() == [["one"]]


def test_within_the_window_a_batch_grows_beyond_one_receive() -> None:
    queues = Queues()
    queues.send(*(str(number) for number in range(12)))
    function = Answering(None)
    pump = Pump(queues.source(batch_size=25, window=1.5), function)
    late = threading.Timer(0.5, queues.send, ["late"])
    late.start()
    pump.turn()
    late.join()
    assert len(function.bodies()) == 1
    assert len(function.bodies()[0]) == 13


def test_a_running_pump_handles_what_comes_and_stops() -> None:
    queues = Queues()
    function = Answering(None)
    handled = threading.Event()
    pump = Pump(queues.source(), function, on_batch=lambda _: handled.set())
    pump.start()
    queues.send("one")
    assert handled.wait(10)
    pump.stop()
    queues.send("two")
    time.sleep(0.2)
    assert queues.counts() == (1, 0)
