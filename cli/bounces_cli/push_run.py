"""`bounces push`: from its arguments to the door and the files."""

from __future__ import annotations

import argparse

from bounces_cli.door import Address, Door, token_of
from bounces_cli.integration.wish import TOKEN_VARIABLE
from bounces_cli.problems import Problems
from bounces_cli.push import Errand, push
from bounces_cli.read_state import state_folder

URL_OUTPUT = "PushUrl"


def run(arguments: argparse.Namespace) -> int:
    """Send what `arguments` name and return the exit code. Raises `CommandError`."""
    address = address_of(arguments)
    token = token_of(arguments.token_file, arguments.token_env or TOKEN_VARIABLE)
    door = Door(address, token, patience=arguments.patience, on_wait=Problems().note)
    states = state_folder(arguments.state, "push")
    try:
        errand = Errand(door, str(address), states, arguments.mta, arguments.again)
        return push(arguments.paths, errand, as_json=arguments.as_json)
    finally:
        door.close()


def address_of(arguments: argparse.Namespace) -> Address:
    """Return the door's address: `--to`, or what the stack says of itself. Raises `CommandError`."""
    if arguments.to is not None:
        return Address.of(arguments.to)
    from bounces_cli.stacks import output_of

    return Address.of(output_of(arguments.stack, URL_OUTPUT))
