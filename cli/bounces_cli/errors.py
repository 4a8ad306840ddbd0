"""What ends a command early, and with which exit code."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
INCOMPLETE: Final = 1  # something could not be read; the rest was
USAGE: Final = 2  # nothing was done: an argument is wrong, or names nothing
BROKEN: Final = 3  # ended before the end; what was written is right, and is not all
CONFLICT: Final = 4  # nothing was done: somebody else's edit came in between
INTERRUPTED: Final = 128 + 2  # SIGINT, as shells report it
PIPE_CLOSED: Final = 128 + 13  # SIGPIPE, likewise: whoever read the output has enough


def reason_of(error: OSError) -> str:
    """Return why the system refuses something, in its words."""
    return error.strerror or str(error) or type(error).__name__


class CommandError(Exception):
    """What a command cannot do, in words for a person, with its exit code."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        """Take the `message` without the command's name, which is put in front."""
        super().__init__(message)
        self.code = code
