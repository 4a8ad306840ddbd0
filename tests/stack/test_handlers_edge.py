"""The edge below the functions: sending to queues, getting mails, and what may be logged."""

import io
from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody

from bounces.aws import clients, mail_store, queues, telemetry
from bounces.errors import MailGone, QueueError
from tests.stack import in_memory


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(queues, "FIRST_PAUSE_SECONDS", 0)
    with in_memory.aws():
        yield boto3.client("sqs").create_queue(QueueName="queue")["QueueUrl"]


def waiting(queue: str) -> list[str]:
    """Return the texts of the messages in `queue`, in their order of sending."""
    bodies: list[str] = []
    while found := boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in found]
    return bodies


@pytest.mark.parametrize(
    ("messages", "batches"),
    [
        ([], []),
        (["a"], [1]),
        (["a"] * 10, [10]),
        (["a"] * 11, [10, 1]),
        (["a" * 200_000] * 3, [1, 1, 1]),
        (["a" * 131_072] * 4, [2, 2]),
        (["a" * 131_073, "b" * 131_072, "c"], [1, 2]),
        (["é" * 100_000, "b" * 62_144, "c"], [2, 1]),
    ],
)
def test_messages_go_in_batches_that_sqs_takes(queue: str, messages: list[str], batches: list[int]) -> None:
    with in_memory.calls() as calls:
        assert queues.send(queue, iter(messages)) == len(messages)
    assert [len(arguments["Entries"]) for _, arguments in calls.made] == batches
    assert sorted(waiting(queue)) == sorted(messages)


def refusing(refused: list[set[str]]) -> Any:
    """Have SQS refuse, of each batch in turn, the messages in a set of `refused`."""
    original = clients.sqs().send_message_batch
    turns = iter(refused)

    def send(QueueUrl: str, Entries: list[Any]) -> Any:  # noqa: N803
        no = next(turns, set())
        failed = [{"Id": e["Id"], "SenderFault": False, "Code": "Busy"} for e in Entries if e["MessageBody"] in no]
        taken = [entry for entry in Entries if entry["MessageBody"] not in no]
        if taken:
            original(QueueUrl=QueueUrl, Entries=taken)
        return {"Failed": failed, "Successful": []}

    return mock.patch.object(clients.sqs(), "send_message_batch", send)


@pytest.mark.parametrize("refused", [[{"b"}], [{"a", "b", "c"}], [{"a", "b"}, {"b"}, {"b"}]])
def test_messages_that_were_not_taken_are_sent_again_and_the_others_are_not(
    queue: str, refused: list[set[str]]
) -> None:
    with refusing(refused):
        assert queues.send(queue, ["a", "b", "c"]) == 3
    assert sorted(waiting(queue)) == ["a", "b", "c"]


def test_messages_that_are_never_taken_are_an_error(queue: str) -> None:
    with refusing([{"b", "c"}] + [{"c"}] * 10), pytest.raises(QueueError, match=r"did not take 1 messages in 4.*Busy"):
        queues.send(queue, ["a", "b", "c"])
    assert sorted(waiting(queue)) == ["a", "b"]


def test_a_dead_letter_tells_why_and_whence(queue: str) -> None:
    queues.dead_letter(queue, "body", reason="überfüllt\n\x00" + "x" * 2000, message_id="")
    (message,) = boto3.client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"]
    told = {name: attribute["StringValue"] for name, attribute in message["MessageAttributes"].items()}
    assert told["reason"] == "?berf?llt??" + "x" * (1000 - 11)
    assert told["source_message_id"] == "-"


@pytest.fixture
def bucket() -> Iterator[str]:
    with in_memory.aws():
        place: Any = {"LocationConstraint": "eu-west-1"}
        boto3.client("s3").create_bucket(Bucket="mails", CreateBucketConfiguration=place)
        yield "mails"


@pytest.mark.parametrize(
    ("size", "kept", "is_whole"), [(0, 0, True), (9, 9, True), (10, 10, True), (11, 10, False), (99, 10, False)]
)
def test_a_mail_is_read_up_to_the_limit(
    bucket: str, monkeypatch: pytest.MonkeyPatch, size: int, kept: int, is_whole: bool
) -> None:
    monkeypatch.setattr(mail_store, "MAX_MAIL_BYTES", 10)
    boto3.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x" * size)
    assert mail_store.fetch(bucket, "k") == mail_store.Mail(b"x" * kept, is_whole)


@pytest.mark.parametrize(("bucket_name", "key"), [("mails", "gone"), ("no-such-bucket", "k")])
def test_a_mail_that_is_gone_is_an_error_of_its_own(bucket: str, bucket_name: str, key: str) -> None:
    with pytest.raises(MailGone, match="no mail at"):
        mail_store.fetch(bucket_name, key)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError"])
def test_another_refusal_of_the_bucket_is_not_taken_for_a_mail_that_is_gone(bucket: str, code: str) -> None:
    refusal = ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")
    with mock.patch.object(clients.s3(), "get_object", side_effect=refusal), pytest.raises(ClientError, match=code):
        mail_store.fetch(bucket, "k")


def test_a_mail_whose_end_did_not_come_is_not_taken_for_a_whole_one(bucket: str) -> None:
    answer = {"Body": StreamingBody(io.BytesIO(b"From: mx"), content_length=4000)}
    with mock.patch.object(clients.s3(), "get_object", return_value=answer), pytest.raises(IncompleteReadError):
        mail_store.fetch(bucket, "k")


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("no address here", "no address here"),
        ("<user@example.com>: unknown", "***@example.com>: unknown"),
        ("to user@example.com, other@example.org", "to ***@example.com, ***@example.org"),
        ({"reason": ["a@b.example"], "n": 1}, {"reason": ["***@b.example"], "n": 1}),
        (("a@b.example", None), ["***@b.example", None]),
        ('of "Ann Lee" <"ann lee"@example.com>', 'of "Ann Lee" <***@example.com>'),
        (r'"ann \" lee"@example.com', "***@example.com"),
        ("x" * 100_000, "x" * 100_000),
        ('"' * 100_000, '"' * 100_000),
    ],
)
def test_the_local_part_of_an_address_is_not_logged(value: object, masked: object) -> None:
    assert telemetry.masked(value) == masked


def test_a_process_has_one_client_of_each_kind() -> None:
    with in_memory.aws():
        assert clients.sqs() is clients.sqs()
        assert clients.s3() is clients.s3()
        before = clients.sqs()
        clients.forget()
        assert clients.sqs() is not before
