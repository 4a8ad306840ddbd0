"""What whoever runs a command on a deployed stack is told when AWS does not do as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bounces_cli.errors import BROKEN, CommandError


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
