"""Who sits at the terminal, and what that person agrees to."""

from __future__ import annotations

import getpass
import sys
from contextlib import suppress

from bounces_cli.errors import CommandError


def author(given: str | None) -> str:
    """Return who does something: as `given`, else the user of this machine."""
    if given:
        return given
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "unknown"


def agree(question: str, done: str) -> None:
    """Ask `question` at the terminal. Raises `CommandError`, saying that nothing was `done`, where nobody says yes."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError(f"not {done}: what is said above has to be confirmed; --yes does")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandError(f"not {done}")
