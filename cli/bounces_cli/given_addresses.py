"""What a command is about: addresses, as arguments or one a line of a file or of standard input, and a list."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from bounces_cli.errors import CommandError
from bounces_cli.lines import STANDARD_INPUT, lines_of


def list_given(arguments: argparse.Namespace) -> str | None:
    """Return the list that `arguments` name; None where they name none. Raises `CommandError` for an empty name.

    That is a variable of a script that is not set, and would be a list that nobody mails.
    """
    name: str | None = arguments.list
    if name is not None and not name.strip():
        raise CommandError("--list is empty; leave it out to name none")
    return name


def addresses_given(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the addresses that `arguments` give, a file's without its blank lines. Raises `CommandError`."""
    if arguments.addresses:
        if arguments.file is not None:
            raise CommandError("addresses come as arguments or by --file, not both")
        yield from arguments.addresses
        return
    if arguments.file is not None and not arguments.file.strip():
        raise CommandError("--file is empty; leave it out to give addresses on standard input")
    path = arguments.file or STANDARD_INPUT
    if path == STANDARD_INPUT and sys.stdin.isatty():
        raise CommandError("which addresses? give them as arguments, by --file FILE, or one a line on standard input")
    yield from (line for line in lines_of(path) if line.strip())
