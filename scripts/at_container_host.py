"""What listens on this machine's loopback, for containers too: at the address by which they reach the machine.

That is the gateway of Docker's bridge, or BOUNCES_CONTAINER_HOST, which must be an address of this machine, in digits.
"""

import os
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import docker  # type: ignore[import-untyped]

from local import endpoint

IP_FREEBIND: Final = 15  # of Linux: bind to an address that comes up later. The socket module has no name for it.
PIECE: Final = 65_536


def container_host() -> str:
    """Return the address of this machine that a container on Docker's bridge reaches."""
    given = os.environ.get("BOUNCES_CONTAINER_HOST")
    if given:
        return given
    bridge = docker.from_env().networks.get("bridge")
    return str(next(config["Gateway"] for config in bridge.attrs["IPAM"]["Config"] if "Gateway" in config))


@contextmanager
def forwarded_from(host: str, port: int) -> Iterator[int]:
    """Hand each connection at `host` on to `port` of the loopback until left, and yield the port at `host`."""

    class Forwarding(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((endpoint.HOST, port)) as inner:
                back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
                back.start()
                _copy(self.request, inner)
                back.join()

    with _listening(host, 0) as listening:
        server = socketserver.ThreadingTCPServer((host, 0), Forwarding, bind_and_activate=False)
        server.daemon_threads = True
        server.socket.close()
        server.socket = listening
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen at `host`. A bridge can be without its address while it has no container (podman's is): bind freely."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            listening.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        listening.bind((host, port))
        listening.listen()
        yield listening


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
