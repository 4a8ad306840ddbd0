"""The AWS in this process's memory (moto), opened to other processes by HTTP on the loopback.

moto's own server spends more time on a call than the call takes, and answers several at once, which makes a conditional
write no longer one step. This door hands one request at a time to moto, as DynamoDB handles one write to an item.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

from local.endpoint import HOST, REGION

QUIET_SECONDS: Final = 30
_moto: Final = BotocoreStubber()


class _Connection(socketserver.StreamRequestHandler):
    """One connection of a client, which sends a request after another (RFC 9112 9.3)."""

    server: AwsDoor
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client closes the connection, or is killed in the midst of a request."""
        with self.server.connected():
            try:
                while self._answer_one():
                    pass
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
        self.wfile.write(self.server.answer(method, path, headers, body))
        return True

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
    """Serves the AWS that `moto.mock_aws` has in this process."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Connection)
        self._one_at_a_time = threading.Lock()
        self._open = 0
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        """Return what AWS_ENDPOINT_URL is to be."""
        return f"http://{HOST}:{self.server_address[1]}"

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

    def answer(self, method: str, path: str, headers: HTTPHeaders, body: bytes) -> bytes:
        """Return the answer of the service that the request's signature names."""
        service = headers["authorization"].split("/")[3]
        host = f"{service}.{REGION}.amazonaws.com"
        del headers["host"]
        headers["Host"] = host
        request = AWSPreparedRequest(method, f"https://{host}{path}", headers, body, False)
        with self._one_at_a_time:
            answered = _moto.process_request(request)
        assert answered is not None, f"moto does not know {service}"
        return _written(*answered)


def _written(status: int, headers: dict[str, Any], body: str | bytes) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} moto"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() not in ("content-length",)]
    lines += [f"Content-Length: {len(content)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


@contextmanager
def opened() -> Iterator[AwsDoor]:
    """Have the door open meanwhile."""
    with AwsDoor() as door:
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield door
        finally:
            door.shutdown()
            thread.join()
