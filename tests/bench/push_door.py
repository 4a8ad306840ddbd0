"""The push door, from request to SQS: `python -m tests.bench.push_door [RECORDS]`, which `make bench` runs.

The function's real handler gets API Gateway's events, packed bodies of 1,000 records, and botocore makes and signs each
request to AWS. Only the network and AWS are not there: each request is counted, held to SQS's limits, and answered.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bounces import envelopes
from bounces.aws import clients, telemetry
from bounces.records import Report
from functions.ingest_push import app
from local import http_event
from tests.bench.pushed_records import BATCH, body

TOKEN: Final = "token"
FORMS: Final = ("csv", "json_batch", "lines", "kumomta")
PER_REQUEST: Final = 50
"""Records that a request to SQS carries at least."""
MAX_REQUEST: Final = 262_144
ENVIRONMENT: Final = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "REPORT_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/reports",
    "MAIL_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/mails",
    "MAIL_BUCKET": "mails",
    "PUSH_SECRET": "secret",
}


class _Raw:
    """The body of an answer, as urllib3 has it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


@dataclass
class Aws:
    """What stands in the place of AWS: answers every request, counts it, and `keeps` the messages or not."""

    keeps: bool = False
    requests: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Answer `request` as the service that it is for does."""
        target = request.headers.get("X-Amz-Target", b"PutObject")  # S3's requests have none
        operation = (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
        self.requests[operation] += 1
        told: dict[str, Any] = {}
        if operation == "SendMessageBatch":
            told = self._sent(json.loads(request.body))
        elif operation == "GetSecretValue":
            told = {"SecretString": json.dumps({"current": TOKEN})}
        return AWSResponse(request.url, 200, {}, _Raw(json.dumps(told).encode() if told else b""))

    def _sent(self, asked: dict[str, Any]) -> dict[str, Any]:
        bodies = [entry["MessageBody"] for entry in asked["Entries"]]
        assert 1 <= len(bodies) <= 10
        assert sum(map(len, bodies)) <= MAX_REQUEST
        if self.keeps:
            self.messages += bodies
        return {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in asked["Entries"]]}


@dataclass(frozen=True)
class Figures:
    """What pushing `records` took: seconds in all and of processor time, and what AWS was asked."""

    records: int
    seconds: float
    processor: float
    requests: Counter[str]
    messages: list[str]  # as SQS got them, where they were kept

    @property
    def ids(self) -> set[str]:
        """The ids of the reports that were sent on."""
        return {report.id for text in self.messages for report in envelopes.unpack(Report, text).records}


@contextmanager
def _door(keeps: bool) -> Iterator[Aws]:
    aws = Aws(keeps)
    telemetry.logger.setLevel("ERROR")
    with mock.patch.dict(os.environ, ENVIRONMENT), redirect_stdout(io.StringIO()):  # the metrics, which Lambda reads
        for kept in (app._settings, app._tokens):
            kept.cache_clear()
        app._settings()
        for client in (clients.sqs(), clients.s3(), clients.secretsmanager()):
            client.meta.events.register("before-send", aws.answer)
        yield aws
        clients.forget()
    telemetry.logger.setLevel("INFO")


def measure(form: str, records: int, *, keeps: bool = False) -> Figures:
    """Return what pushing `records` in `form` takes, with the messages if it `keeps` them. Requests are made before."""
    with _door(keeps) as aws:
        events = [_event(form, first) for first in range(0, records, BATCH)]
        app.handler(_event(form, records), None)  # a cold start's work
        aws.requests.clear()
        aws.messages.clear()
        start, spent = time.perf_counter(), time.process_time()
        for event in events:
            answer = app.handler(event, None)
            assert (answer["statusCode"], json.loads(answer["body"])["accepted"]) == (200, BATCH), answer
        seconds, processor = time.perf_counter() - start, time.process_time() - spent
    return Figures(records, seconds, processor, aws.requests, aws.messages)


def _event(form: str, first: int) -> dict[str, Any]:
    sent, _, source = body(form, first)
    path = f"/v1/push/{source}"
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "gzip",
    }
    return http_event.event(
        f"POST {path}",
        path,
        headers.items(),
        gzip.compress(sent),
        peer="192.0.2.4",
        received=datetime.now(UTC),
        api_id="api",
    )


def main() -> None:
    """Print the figures of each form, and the largest size of the process."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"the push door: {records:,} records in requests of {BATCH:,}, from request to SQS (AWS takes no time)\n")
    print(f"{'':12}{'records/s':>11}{'ms/request':>12}{'SQS requests':>14}{'records each':>14}{'S3 requests':>13}")
    for form in FORMS:
        its = measure(form, records)
        sends = its.requests["SendMessageBatch"]
        print(
            f"{form:12}{records / its.seconds:11,.0f}{its.seconds / records * BATCH * 1000:12,.0f}"
            f"{sends:14,}{records / sends:14,.0f}{its.requests['PutObject']:13,}"
        )
    print(f"\nlargest size of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
