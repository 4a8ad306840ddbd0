"""What could not be read, said on standard error as it comes. Nothing of it keeps the rest from being read."""

from __future__ import annotations

import sys


class Problems:
    """Counts what could not be read."""

    def __init__(self) -> None:
        """Start without any."""
        self.count = 0

    def add(self, line: str) -> None:
        """Say `line` and count it."""
        self.count += 1
        self.note(line)

    def note(self, line: str) -> None:
        """Say `line`, which is no problem. Names of files are often in it, and may be strangers' choice."""
        from bounces_cli.plain import plain  # mostly there is nothing to say

        print(f"bounces: {plain(line)}", file=sys.stderr)


class Silent(Problems):
    """Problems that are told when the same is done in earnest."""

    def note(self, line: str) -> None:
        """Say nothing."""
