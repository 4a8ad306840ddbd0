"""The AWS that other processes reach: answers as AWS gives them, and conditional writes that are one step."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from local import endpoint
from tests.stack.expanded import of_type

WRITERS = 8
ROUNDS = 20

pytestmark = pytest.mark.usefixtures("aws")


def test_the_length_of_an_object_is_told_without_the_object() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="mails", CreateBucketConfiguration={"LocationConstraint": endpoint.REGION})
    s3.put_object(Bucket="mails", Key="a/b c+d", Body=b"x" * 70_000)
    assert s3.head_object(Bucket="mails", Key="a/b c+d")["ContentLength"] == 70_000
    assert s3.get_object(Bucket="mails", Key="a/b c+d")["Body"].read() == b"x" * 70_000
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="mails", Key="none")
    assert s3.list_objects_v2(Bucket="mails")["KeyCount"] == 1  # the connection is still in step


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({}, 403, "signed"),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=local"}, 403, "signed"),
        ({"Authorization": "AWS4-HMAC-SHA256 Credential=a/1/eu-west-1/wonders/aws4_request"}, 404, "Not yet"),
        ({"Transfer-Encoding": "chunked"}, 411, "Content-Length"),
    ],
)
def test_what_is_no_request_to_a_service_is_told_why(
    aws: int, headers: dict[str, str], status: int, words: str
) -> None:
    connection = http.client.HTTPConnection(endpoint.HOST, aws, timeout=30)
    connection.request("POST", "/", b"" if "Transfer-Encoding" not in headers else None, headers)
    answer = connection.getresponse()
    assert answer.status == status
    assert words in answer.read().decode()
    connection.close()


@pytest.mark.parametrize("said", [b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"])
def test_what_is_no_request_is_told_so_and_the_connection_ends(aws: int, said: bytes) -> None:
    with socket.create_connection((endpoint.HOST, aws), timeout=30) as client:
        client.sendall(said)
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_who_wants_the_connection_to_end_is_answered_first(aws: int) -> None:
    with socket.create_connection((endpoint.HOST, aws), timeout=30) as client:
        client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_of_two_who_write_on_one_condition_one_is_refused() -> None:
    dynamodb = boto3.client("dynamodb")
    described = next(iter(of_type("AWS::DynamoDB::Table").values()))
    key = described["KeySchema"][0]["AttributeName"]
    dynamodb.create_table(
        TableName="counts",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
    )

    def first(number: int) -> bool:
        try:
            dynamodb.put_item(
                TableName="counts",
                Item={key: {"S": f"item {number}"}},
                ConditionExpression=f"attribute_not_exists({key})",
            )
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
            return False
        return True

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # seconds: threads change places in the midst of what moto does
    try:
        with ThreadPoolExecutor(WRITERS) as writers:
            won = list(writers.map(first, [number for number in range(ROUNDS) for _ in range(WRITERS)]))
    finally:
        sys.setswitchinterval(usual)
    assert sum(won) == ROUNDS


def test_a_receiver_that_waits_does_not_keep_the_sender_from_sending(aws: int) -> None:
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="waiting")["QueueUrl"]
    assert urlsplit(sqs.meta.endpoint_url).port == aws
    with ThreadPoolExecutor(1) as other:
        receiving = other.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps("a"))
        (message,) = receiving.result(timeout=15)["Messages"]
    assert message["Body"] == '"a"'
