"""An HTTP server that answers what a test tells it to, and keeps what it was asked."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bounces.reading import Arrival
from bounces.reading.accounting import read_push
from bounces.records import Source

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return gzip.decompress(self.body).decode()


@dataclass
class ScriptedDoor:
    """Answers by `script`, one entry a request: a status, or status and headers; then as the real door does."""

    script: list[int | tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    url: str = ""
    most_records: int = 20_000

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(request)
        if self.script:
            told = self.script.pop(0)
            status, headers = (told, {}) if isinstance(told, int) else told
            if status != 200:
                return status, headers, json.dumps({"error": f"scripted {status}"}).encode()
        source = Source(request.path.rpartition("/")[2])
        push = read_push(
            request.body,
            Arrival(source=source, received_time=NOW, raw="k"),
            request.headers["Content-Type"],
            request.headers["Content-Encoding"],
        )
        if push.accepted > self.most_records:
            return 413, {}, b'{"error": "fewer at once"}'
        self.ids += [report.id for report in push.reports]
        rejections = [{"place": each.place, "reason": each.reason} for each in push.set_aside]
        told_json: dict[str, Any] = {"accepted": push.accepted, "ignored": dict(push.ignored)}
        return 200, {}, json.dumps(told_json | {"rejected": push.rejected, "rejections": rejections}).encode()


@contextmanager
def scripted_door() -> Iterator[ScriptedDoor]:
    """Serve on a free port of 127.0.0.1 until left."""
    door = ScriptedDoor()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet, or it waits for the client's delayed acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, answer = door.answer(Request(self.path, dict(self.headers.items()), body))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    door.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
