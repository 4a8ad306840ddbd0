"""The local door in the place of API Gateway: the events that it makes, and its own limits."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from local import http_event
from local.function import Function, FunctionError
from local.http_api import HttpApi, Route
from local.http_door import MAX_BODY, HttpDoor

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
MEGABYTE = 1_000_000


class Invoked:
    """A function that keeps its event and answers by `answer`."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.event: Mapping[str, Any] = {}

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.event = event
        return self.answer()


@contextmanager
def door(function: Invoked, seconds: float = 30) -> Iterator[HttpDoor]:
    api = HttpApi("api", {"POST /in": Route("POST /in", ARN, seconds)})
    opened = HttpDoor(api, {ARN: cast(Function, function)}, port=0)
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


def ask(opened: HttpDoor, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", opened.port, timeout=20)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response.status, response.read(), response.getheader("Retry-After")


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("text/csv", True),
        ("text/plain; charset=utf-8", True),
        ("application/json", True),
        ("Application/JSON;charset=utf-8", True),
        ("application/xml", True),
        ("application/javascript", True),
        ("application/x-ndjson", False),
        ("application/octet-stream", False),
        ("application/gzip", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
def test_only_text_json_xml_and_javascript_come_as_text(content_type: str, is_text: bool) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    made = http_event.event(
        "POST /in", "/in?a=b", headers.items(), b"a\xff", peer="192.0.2.1", received=datetime.now(UTC), api_id="api"
    )
    assert made["isBase64Encoded"] is not is_text
    assert made["body"] == ("a\ufffd" if is_text else base64.b64encode(b"a\xff").decode())
    assert (made["rawPath"], made["rawQueryString"], made["requestContext"]["http"]["method"]) == ("/in", "a=b", "POST")


def test_a_request_reaches_its_function_and_the_answer_the_client() -> None:
    function = Invoked(lambda: {"statusCode": 503, "headers": {"Retry-After": "5"}, "body": "later"})
    with door(function) as opened:
        assert ask(opened, "POST", "/in", b"a,b", Content_Type="text/csv", X_One="1") == (503, b"later", "5")
        assert (function.event["body"], function.event["headers"]["x-one"]) == ("a,b", "1")
        assert ask(opened, "POST", "/in", iter([b"a" * 10, b"b" * 5]))[0] == 503
        assert base64.b64decode(function.event["body"]) == b"a" * 10 + b"b" * 5
        assert ask(opened, "POST", "/out", b"")[:2] == (404, b'{"message": "Not Found"}')
        assert ask(opened, "GET", "/in")[0] == 404


def test_a_function_that_fails_or_is_late_is_api_gateway_s_answer() -> None:
    def fail() -> Any:
        raise FunctionError("raised")

    late = threading.Event()
    with door(Invoked(fail)) as opened:
        assert ask(opened, "POST", "/in", b"") == (500, b'{"message": "Internal Server Error"}', None)
    with door(Invoked(lambda: late.wait(10)), seconds=0.2) as opened:
        assert ask(opened, "POST", "/in", b"") == (503, b'{"message": "Service Unavailable"}', None)
        late.set()


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 30\r\n\r\nb,ann@example.co",
        b"Transfer-Encoding: chunked\r\n\r\n1e\r\nb,ann@example.co",
        b"Transfer-Encoding: chunked\r\n\r\n10\r\nb,ann@example.co\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nb,ann\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nten\r\nb,ann\r\n0\r\n\r\n",
    ],
)
def test_a_body_that_is_not_whole_reaches_no_function(sent: bytes) -> None:
    function = Invoked(lambda: {"statusCode": 200})
    with door(function) as opened, socket.create_connection(("127.0.0.1", opened.port), timeout=20) as connection:
        connection.sendall(b"POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n" + sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 400 ")
        assert not function.event


@pytest.mark.parametrize(
    ("size", "content_type", "status"),
    [
        (5 * MEGABYTE, "text/csv", 200),
        (5 * MEGABYTE, "application/octet-stream", 413),  # 6.7 MB in base64
        (4_400_000, "application/octet-stream", 200),
        (7 * MEGABYTE, "text/csv", 413),
        (MAX_BODY + 1, "text/csv", 413),
        (11 * MEGABYTE, "application/octet-stream", 413),
    ],
)
def test_sizes_that_api_gateway_and_lambda_refuse(size: int, content_type: str, status: int) -> None:
    function = Invoked(lambda: {"statusCode": 200})
    with door(function) as opened:
        answered = ask(opened, "POST", "/in", b"x" * size, Content_Type=content_type)
        assert answered[0] == status
        assert bool(function.event) == (status == 200)
        assert ask(opened, "POST", "/in", b"x", Content_Type=content_type)[0] == 200
