"""What a deployed stack says of itself, in its outputs."""

from __future__ import annotations

from bounces_cli.errors import CommandError
from bounces_cli.operators import words_of


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
