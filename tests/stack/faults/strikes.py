"""Faults of the network and of services, drawn for each HTTP request, below botocore's retries.

A request fails *before* it takes effect, *after*, or *late*: whoever sent it has given up when it takes effect, after
requests that were made later. Or the process is killed: before a request, in its midst, or after it.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session

from tests.stack.faults.tally import Tally

MAX_LATE: Final = 30
"""Requests after which one that is late takes effect, at most."""
AMID_SECONDS: Final = 0.004
"""How long after the beginning of a request the process is killed, at most: about as long as one takes, twice."""

Send = Callable[[URLLib3Session, AWSPreparedRequest], AWSResponse]


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a request suffers what; `late` is a share of `after`."""

    before: float = 0.20
    after: float = 0.05
    late: float = 0.3
    killed: float = 0.001


USUAL: Final = Rates()


@dataclass(slots=True)
class _Late:
    session: URLLib3Session
    request: AWSPreparedRequest
    left: int


class Strikes:
    """Strikes the requests of this process, from `install` on."""

    def __init__(self, draw: random.Random, rates: Rates, tally: Tally) -> None:
        self._draw = draw
        self._rates = rates
        self._tally = tally
        self._lock = threading.Lock()
        self._late: list[_Late] = []
        self._at_work = False
        self._send: Send = URLLib3Session.send

    def install(self) -> None:
        """Strike every request that botocore sends from now on."""
        original = self._send

        def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
            with self._lock:
                due = list(self._due())
                fault = self._drawn(_service(request))
            for late in due:
                original(late.session, late.request)
            return self._struck(fault, session, request)

        URLLib3Session.send = send

    def begin(self) -> None:
        """Say that an invocation begins: the process may be killed."""
        with self._lock:
            self._at_work = True

    def end(self) -> None:
        """Say that an answer is about to be given: whatever was to kill the process does not any more."""
        with self._lock:
            self._at_work = False

    def flush(self) -> None:
        """Let every late request take effect now."""
        with self._lock:
            due, self._late = self._late, []
        for late in due:
            self._send(late.session, late.request)

    def _due(self) -> Iterator[_Late]:
        for late in list(self._late):
            late.left -= 1
            if late.left <= 0:
                self._late.remove(late)
                yield late

    def _drawn(self, service: str) -> str | None:
        self._tally.count(service, "requests")
        rates, point = self._rates, self._draw.random()
        if point < rates.killed:
            return self._draw.choice(("killed before", "killed amid", "killed after"))
        if point < rates.killed + rates.before:
            return "before"
        if point < rates.killed + rates.before + rates.after:
            return "late" if self._draw.random() < rates.late else "after"
        return None

    def _struck(self, fault: str | None, session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        service = _service(request)
        if fault is None:
            return self._send(session, request)
        if fault == "killed amid":
            threading.Timer(self._draw.random() * AMID_SECONDS, self._kill, (service, fault)).start()
            return self._send(session, request)
        if fault == "killed before":
            self._kill(service, fault)
        if fault in ("after", "killed after"):
            self._send(session, request)
        if fault == "killed after":
            self._kill(service, fault)
        if fault == "late":
            with self._lock:
                self._late.append(_Late(session, _copy(request), self._draw.randint(1, MAX_LATE)))
        self._tally.count(service, fault)
        return self._failure(fault, service, request)

    def _kill(self, service: str, fault: str) -> None:
        with self._lock:
            if self._at_work:
                self._tally.count(service, fault)
                os.kill(os.getpid(), signal.SIGKILL)

    def _failure(self, fault: str, service: str, request: AWSPreparedRequest) -> AWSResponse:
        """Return the answer of a service that fails, or raise what botocore's HTTP client raises."""
        url = request.url
        if fault == "late":
            raise ReadTimeoutError(endpoint_url=url, error="the answer takes too long")
        way = self._draw.choice(("closed", "no way", "answer", "answer", "throttled"))
        if way == "throttled" and fault == "before":  # what is throttled has no effect
            return _answer(url, *_THROTTLED[service])
        if way == "closed":
            raise ConnectionClosedError(endpoint_url=url)
        if way == "no way" and fault == "before":
            kind = self._draw.choice((ConnectTimeoutError, EndpointConnectionError))
            raise kind(endpoint_url=url, error="no way there")
        if way == "no way":
            raise ReadTimeoutError(endpoint_url=url, error="the answer was lost")
        return _answer(url, *self._draw.choice(_FAILED[service]))


def _json_error(status: int, code: str) -> tuple[int, str, str]:
    said = {"__type": f"com.amazonaws#{code}", "message": "a fault that was drawn"}
    return status, "application/x-amz-json-1.0", json.dumps(said)


def _xml_error(status: int, code: str) -> tuple[int, str, str]:
    said = f"<Error><Code>{code}</Code><Message>a fault that was drawn</Message><RequestId>none</RequestId></Error>"
    return status, "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{said}'


_NO_BODY: Final = (502, "text/html", "")
_FAILED: Final = {
    "dynamodb": (_json_error(500, "InternalServerError"), _json_error(503, "ServiceUnavailable"), _NO_BODY),
    "sqs": (_json_error(500, "InternalFailure"), _json_error(503, "ServiceUnavailable"), _NO_BODY),
    "s3": (_xml_error(500, "InternalError"), _xml_error(503, "ServiceUnavailable"), _NO_BODY),
    "secretsmanager": (_json_error(500, "InternalServiceError"), _NO_BODY),
}
_THROTTLED: Final = {
    "dynamodb": _json_error(400, "ProvisionedThroughputExceededException"),
    "sqs": _json_error(400, "RequestThrottled"),
    "s3": _xml_error(503, "SlowDown"),
    "secretsmanager": _json_error(400, "ThrottlingException"),
}


class _Body(io.BytesIO):
    """A response's body, as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield what is left."""
        yield self.read()


def _answer(url: str, status: int, content_type: str, body: str) -> AWSResponse:
    return AWSResponse(url, status, {"Content-Type": content_type}, _Body(body.encode()))


def _copy(request: AWSPreparedRequest) -> AWSPreparedRequest:
    """Return `request` as it is sent now: botocore sends its body a second time by the same stream."""
    body = request.body
    if hasattr(body, "read"):
        start = body.tell()
        content = body.read()
        body.seek(start)
        body = content
    return AWSPreparedRequest(request.method, request.url, request.headers, body, False)


def _service(request: AWSPreparedRequest) -> str:
    """Return the service that `request` is signed for."""
    signature = request.headers["Authorization"]
    text = signature.decode() if isinstance(signature, bytes) else signature
    assert urlsplit(request.url).scheme == "http", "only the AWS of this machine is struck"
    return str(text.split("/")[3])
