"""The AWS in this process's memory (moto), opened to other processes by HTTP.

moto's own server spends more time on a call than the call takes, and answers several at once, which makes a conditional
write no longer one step. This door hands moto one request at a time, as DynamoDB handles one write to an item.
"""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

QUIET_SECONDS: Final = 30
_HOSTS: Final = {"ses": "email"}  # the names in hosts of services that sign by another one
# Its receivers wait for a message, which somebody else has to be able to send meanwhile.
_WAITING: Final = frozenset({"sqs"})

_log: Final = logging.getLogger(__name__)
_moto: Final = BotocoreStubber()


class _Refused(Exception):
    """A request that is not for moto: the status and the words of the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class _Connection(socketserver.StreamRequestHandler):
    """One connection of a client, which sends a request after another (RFC 9112 9.3)."""

    server: AwsDoor
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client has no more, or is killed in the midst of a request."""
        with self.server.connected():
            try:
                while self._answer_one():
                    pass
            except ValueError:
                self.wfile.write(_written("", 400, {}, "this is no request of HTTP/1.1"))
            except ConnectionError:
                pass

    def _answer_one(self) -> bool:
        line = self.rfile.readline()
        headers = self._headers()
        if not line or headers is None:
            return False
        if headers.get("expect"):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        wanted = int(headers.get("content-length") or 0)
        body = self.rfile.read(wanted)
        if len(body) < wanted:
            return False
        method, path, _ = line.decode("latin-1").split(" ", 2)
        self.wfile.write(_written(method, *self.server.answer(method, path, headers, body)))
        if "transfer-encoding" in headers:
            return False  # the next line is not a request's first
        return (headers.get("connection") or "").lower() != "close"

    def _headers(self) -> HTTPHeaders | None:
        headers = HTTPHeaders()
        while line := self.rfile.readline():
            text = line.decode("latin-1").rstrip("\r\n")
            if not text:
                return headers
            name, _, value = text.partition(":")
            headers[name] = value.strip()
        return None


class AwsDoor(socketserver.ThreadingTCPServer):
    """Serves moto's AWS, whose state is this process's."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int = 0) -> None:
        """Listen on `port` of `host`, 0 for a free one. Raises `OSError`."""
        self._one_at_a_time = threading.Lock()
        self._open = 0
        self._changed = threading.Condition()
        super().__init__((host, port), _Connection)

    @property
    def url(self) -> str:
        """Return what AWS_ENDPOINT_URL is to be."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Count a connection that is open."""
        with self._changed:
            self._open += 1
        try:
            yield
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def wait_until_quiet(self) -> None:
        """Wait until nothing is left of the connections of a process that has ended: the last request is then done."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._open == 0, QUIET_SECONDS):
                raise AssertionError(f"{self._open} connections of a killed process are still open")

    def answer(
        self, method: str, path: str, headers: HTTPHeaders, body: bytes
    ) -> tuple[int, Mapping[str, Any], str | bytes]:
        """Return the status, headers and body of the answer of the service that the request is signed for."""
        try:
            if "transfer-encoding" in headers:
                raise _Refused(411, "say the request's length (Content-Length): a body in chunks is not read here")
            service, host = _signed_for(headers.get("authorization") or "")
            del headers["host"]
            headers["Host"] = host
            request = AWSPreparedRequest(method, f"https://{host}{path}", headers, body, False)
            with nullcontext() if service in _WAITING else self._one_at_a_time:
                answered = _moto.process_request(request)
            if answered is None:
                raise _Refused(501, f"moto does not know the service {service!r}")
        except _Refused as refused:
            return refused.status, {"Content-Type": "application/json"}, json.dumps({"message": str(refused)})
        except Exception as error:  # noqa: BLE001  whatever moto does, the caller is told
            _log.exception("moto failed at %s %s", method, path)
            said = {"__type": "InternalFailure", "message": f"moto failed: {type(error).__name__}: {error}"}
            return 500, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(said)
        return answered


def _signed_for(signature: str) -> tuple[str, str]:
    """Return the service that a request with `signature` (AWS Signature Version 4) is for, and its host at AWS."""
    scope = signature.partition("Credential=")[2].partition(",")[0].split("/")
    if len(scope) != 5:  # key, date, region, service, aws4_request
        raise _Refused(403, "only requests that are signed (AWS Signature Version 4) are answered here")
    region, service = scope[2:4]
    return service, f"{_HOSTS.get(service, service)}.{region}.amazonaws.com"


def _written(method: str, status: int, headers: Mapping[str, Any], body: str | bytes) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} moto"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "content-length"]
    length: Any = len(content)
    if method == "HEAD":  # which tells the length that a GET would have, and has no content (RFC 9110 9.3.2)
        length = next((value for name, value in headers.items() if name.lower() == "content-length"), length)
        content = b""
    lines += [f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


@contextmanager
def opened(host: str, port: int = 0) -> Iterator[AwsDoor]:
    """Have a door open meanwhile. Raises `OSError` where `port` of `host` cannot be listened on."""
    with AwsDoor(host, port) as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield door
        finally:
            door.shutdown()
            thread.join()
