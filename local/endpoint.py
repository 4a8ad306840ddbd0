"""AWS on 127.0.0.1: moto's server, and the environment that leads every AWS client to it, in any process."""

import logging
import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import boto3
from moto.server import ThreadedMotoServer

HOST: Final = "127.0.0.1"  # a number: moto takes a host name's first label for a bucket
PORT: Final = 5000
REGION: Final = "eu-west-1"
# moto's own account. Only it knows these keys, so that a forgotten AWS_ENDPOINT_URL can reach nobody's real one.
ACCOUNT: Final = "123456789012"
_KEYS: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_FOREIGN: Final = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
)


class PortTaken(Exception):
    """A port that another program listens on."""


def environment(port: int) -> dict[str, str]:
    """Return the environment variables that lead AWS clients to the local stack on `port`."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **_KEYS,
    }


def exports(port: int) -> list[str]:
    """Return what a person's shell needs of `environment`, as `NAME=value`."""
    its = environment(port)
    return [f"{name}={its[name]}" for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", *_KEYS)]


@contextmanager
def serving(port: int = PORT) -> Iterator[int]:
    """Serve AWS on `port` (0 for a free one) of 127.0.0.1 until left, empty at the start, and yield the port.

    The process's environment leads to it meanwhile. Raises `PortTaken`.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line a call
    server = ThreadedMotoServer(ip_address=HOST, port=require_free(port), verbose=False)
    server.start()
    _, taken = server.get_host_and_port()
    before = {name: os.environ.get(name) for name in (*environment(taken), *_FOREIGN)}
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(environment(taken))
    # boto3 keeps a session, and with it the environment of its first use.
    boto3.setup_default_session()
    try:
        _forget_all(taken)
        yield taken
    finally:
        with suppress(OSError):
            _forget_all(taken)
        server.stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        boto3.setup_default_session()


def require_free(port: int, host: str = HOST) -> int:
    """Return `port`, or a free one for 0. Raises `PortTaken` where another program listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = f"port {port} of {host} cannot be listened on ({error.strerror})"
            raise PortTaken(f"{why}; choose another with --smtp-port, --http-port or --aws-port") from error
        return int(probe.getsockname()[1])


def _forget_all(port: int) -> None:
    """Empty moto, whose state is the process's: an earlier stack in it would still be there."""
    request = urllib.request.Request(f"http://{HOST}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=30).close()
