"""AWS on 127.0.0.1: moto's, and the environment that leads every AWS client to it, in any process."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import boto3
from moto import mock_aws

from local import aws_door

HOST: Final = "127.0.0.1"  # a number: before a name, clients put the bucket's
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
    with aws_door.opened(HOST, require_free(port)) as door:
        taken = int(door.server_address[1])
        before = {name: os.environ.get(name) for name in (*environment(taken), *_FOREIGN)}
        _forget_all()
        for name in _FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(environment(taken))
        # boto3 keeps a session, and with it the environment of its first use.
        boto3.setup_default_session()
        try:
            yield taken
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            boto3.setup_default_session()
            _forget_all()


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


def _forget_all() -> None:
    """Empty moto, whose state is the process's: an earlier stack in it would still be there."""
    with mock_aws():
        pass  # empties it at both ends
