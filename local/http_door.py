"""An HTTP server in the place of API Gateway: each request becomes an event, its function's answer the answer.

Limits are API Gateway's and Lambda's: a body of 10 MB, an event of 6 MB, the route's seconds.
"""

import json
import logging
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from local import http_event
from local.endpoint import HOST, require_free
from local.function import Function, FunctionError
from local.http_api import HttpApi
from local.http_event import Answer

PORT: Final = 8080
MAX_BODY: Final = 10 * 1024 * 1024  # bytes
MAX_EVENT: Final = 6 * 1024 * 1024  # bytes of JSON
_MAX_CHUNK_LINE: Final = 1_024
_MAX_DRAINED: Final = 64 * 1024 * 1024
_PIECE: Final = 64 * 1024

_log = logging.getLogger(__name__)


class HttpDoor:
    """The door to `api`, open between `start` and `stop`; `functions` are by ARN. Port 0 takes a free one."""

    def __init__(self, api: HttpApi, functions: Mapping[str, Function], port: int = PORT, host: str = HOST) -> None:
        self._server = _Server((host, require_free(port, host)), api, functions)
        self._thread = threading.Thread(target=self._server.serve_forever, name="http door", daemon=True)

    @property
    def port(self) -> int:
        """The port that the door listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to take requests."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was taken is answered, and a connection that was kept takes nothing more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server.take_no_more()
        self._server.calls.shutdown(wait=False, cancel_futures=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], api: HttpApi, functions: Mapping[str, Function]) -> None:
        super().__init__(address, _Handler)
        self.api = api
        self.functions = functions
        self.calls = ThreadPoolExecutor(thread_name_prefix="http door")
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Know the connection while it lasts."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def take_no_more(self) -> None:
        """Have each connection that is kept for a further request end."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def do_POST(self) -> None:
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True  # nobody knows where the next request begins
            self._send(_said(400, "Bad Request"))
            return
        if body is None:
            self.close_connection = True  # what is left of the body is not read
            self._send(_said(413, "Request Entity Too Large"))
        else:
            self._send(self._answered(body))

    def do_GET(self) -> None:
        self._send(_said(404, "Not Found"))

    do_PUT = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def _answered(self, body: bytes) -> Answer:
        api = self.server.api
        route = api.route(self.command, self.path.partition("?")[0])
        if route is None:
            return _said(404, "Not Found")
        event = http_event.event(
            route.key,
            self.path,
            self.headers.items(),
            body,
            peer=self.client_address[0],
            received=datetime.now(UTC),
            api_id=api.api_id,
        )
        if len(json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MAX_EVENT:
            return _said(413, "Request Entity Too Large")
        invoked = self.server.calls.submit(self.server.functions[route.function_arn].invoke, event)
        try:
            return http_event.answer(invoked.result(route.seconds))
        except TimeoutError:
            return _said(503, "Service Unavailable")
        except (FunctionError, ValueError) as error:
            _log.warning("%s", error)
            return _said(500, "Internal Server Error")

    def _body(self) -> bytes | None:
        """Return the request's body; None where it is longer than is taken. Raises `ValueError` where it is not whole.

        Of a body that was cut, the last record could be about somebody else.
        """
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        size = int(length) if length.isascii() and length.isdigit() else 0
        if size <= MAX_BODY:
            return self._whole(size)
        for _ in range(min(size, _MAX_DRAINED) // _PIECE):  # else the client meets a closed connection, not the answer
            self.rfile.read(_PIECE)
        return None

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while True:
            line = self.rfile.readline(_MAX_CHUNK_LINE).partition(b";")[0].strip()
            size = int(line, 16)
            if size < 0:
                raise ValueError(f"a chunk of {size} bytes")
            if len(body) + size > MAX_BODY:
                return None
            body += self._whole(size)
            self.rfile.readline(_MAX_CHUNK_LINE)
            if size == 0:
                return bytes(body)

    def _whole(self, size: int) -> bytes:
        """Return the next `size` bytes. Raises `ValueError` where the client ends before."""
        read = self.rfile.read(size)
        if len(read) < size:
            raise ValueError(f"{len(read)} bytes of {size}")
        return read

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, _format: str, *_arguments: Any) -> None:
        """Say nothing: the function's log has each request."""


def _said(status: int, message: str) -> Answer:
    """Return an answer of API Gateway's own."""
    return Answer(status, {"content-type": "application/json"}, json.dumps({"message": message}).encode())
