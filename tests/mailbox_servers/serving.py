"""What the scripted servers share: a port, a thread a connection, lines, and TLS from the start or in between."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from typing import Any


class HangUp(Exception):
    """Ends a connection at once, without a word."""


class LineHandler(socketserver.StreamRequestHandler):
    """A connection that speaks in lines."""

    server: ScriptedServer

    def setup(self) -> None:
        """Take the connection, in TLS where the server speaks it from the first byte."""
        self.connection = self.request
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)  # an answer is several small pieces
        self.is_tls = False
        if self.server.tls is not None and not self.server.starttls:
            self.wrap()
        else:
            self._open_files()

    def wrap(self) -> None:
        """Speak TLS from here on."""
        assert self.server.tls is not None
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.is_tls = True
        self._open_files()

    def _open_files(self) -> None:
        self.connection.settimeout(20)
        self.rfile = self.connection.makefile("rb")

    def finish(self) -> None:
        """Close the connection whatever its state."""
        with contextlib.suppress(OSError, ValueError):
            self.connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, ValueError):
            self.connection.close()

    def handle(self) -> None:
        """Speak, until either side ends it."""
        with contextlib.suppress(HangUp, OSError, ValueError):
            self.converse()

    def converse(self) -> None:
        """Speak the protocol."""
        raise NotImplementedError

    def send(self, line: bytes) -> None:
        """Send one line."""
        self.connection.sendall(line + b"\r\n")

    def line(self) -> bytes:
        """Return the next line without its end. Raises `HangUp` where there is none."""
        line = self.rfile.readline(1_000_000)
        if not line:
            raise HangUp
        return line.rstrip(b"\r\n")


class ScriptedServer(socketserver.ThreadingTCPServer):
    """A server on a free port of 127.0.0.1, or of the port given."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self, handler: type[LineHandler], tls: ssl.SSLContext | None = None, *, starttls: bool = False, port: int = 0
    ) -> None:
        """Listen. With `tls` from the first byte on, or after STARTTLS; without, in plain text."""
        self.tls = tls
        self.starttls = starttls
        self.connections = 0
        super().__init__(("127.0.0.1", port), handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection, and serve it."""
        self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that refuses TLS or leaves: tests have them do so."""

    @contextlib.contextmanager
    def serving(self) -> Iterator[ScriptedServer]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()
