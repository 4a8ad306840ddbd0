"""What a deployed stack says of itself, in its outputs, and what its tables are called without it."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from bounces_cli.errors import CommandError
from bounces_cli.operators import words_of


class Table(NamedTuple):
    """A table of a stack: the stack's output that has its name, and the variable of the environment that may."""

    output: str
    variable: str


SUBSCRIBERS: Final = Table("SubscribersTableName", "BOUNCES_SUBSCRIBERS_TABLE")
SUPPRESSIONS: Final = Table("SuppressionsTableName", "BOUNCES_SUPPRESSIONS_TABLE")
PATTERNS: Final = Table("PatternsTableName", "BOUNCES_PATTERNS_TABLE")
REVIEW: Final = Table("ReviewTableName", "BOUNCES_REVIEW_TABLE")


def name_of(table: Table, stack: str | None, given: str | None = None) -> str | None:
    """Return what `table` of `stack` is called; without a stack as `given`, else as the environment says.

    None where nothing says it. Raises `CommandError` where the stack does not.
    """
    if stack is not None:
        return output_of(stack, table.output)
    return given or os.environ.get(table.variable) or None


def output_of(stack: str, name: str) -> str:
    """Return the output `name` of `stack`. Raises `CommandError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    from bounces.aws import clients

    try:
        told = clients.cloudformation().describe_stacks(StackName=stack)["Stacks"][0]
    except (BotoCoreError, ClientError) as error:
        raise CommandError(f"stack {stack}: {words_of(error)}") from error
    outputs = {part["OutputKey"]: part["OutputValue"] for part in told.get("Outputs", [])}
    if name not in outputs:
        raise CommandError(f"the stack {stack} has no output {name}; deploy it again")
    return str(outputs[name])
