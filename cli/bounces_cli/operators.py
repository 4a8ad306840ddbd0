"""Whoever runs a command on a deployed stack: who they are, and what they are told when AWS does not do as asked."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bounces_cli.errors import BROKEN, CommandError


def user() -> str:
    """Return the name of this machine's user, by which decisions are recorded."""
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "unknown"


@contextmanager
def talking_to(where: str, *, unsure: str | None = None) -> Iterator[None]:
    """Raise `CommandError` for what goes wrong with AWS at `where`.

    `unsure` says what to do where it is then not known how much was done; without it, nothing was.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    try:
        yield
    except (BotoCoreError, ClientError, PynamoDBException) as error:
        if unsure is not None:
            raise CommandError(f"{where}: {error}\n{unsure}", BROKEN) from error
        raise CommandError(f"{where}: {error}") from error
