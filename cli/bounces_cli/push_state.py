"""How far a file was sent, so that the same command goes on where it stopped.

A state is known by the door and by how the file begins (`bounces_cli.read_state`). Sending twice changes nothing at the
other end, so a state that is lost costs time only.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

from bounces_cli.batches import Position
from bounces_cli.read_state import ReadState


class PushState:
    """How far the unpacked `file` was sent to `address`; `file` is read from its beginning."""

    def __init__(self, place: Path, address: str, mta: str, file: IO[bytes]) -> None:
        """Find the state. Raises `CommandError` where it cannot be kept."""
        self._state = ReadState(place, (address, mta), file)

    def resume(self, file: IO[bytes]) -> Position:
        """Return where to go on, with the unpacked `file` there; at its beginning, where nothing of it was sent."""
        saved = self._state.resume(file)
        if saved is None:
            return Position()
        try:
            return Position(saved["offset"], int(saved["lines"]), str(saved["header"]).encode("latin-1"))
        except (ValueError, KeyError, TypeError):
            file.seek(0)
            return Position()

    def sent(self, content: bytes, position: Position) -> None:
        """Note that `content`, all up to `position`, is sent as well. Raises `CommandError`."""
        told = {"lines": position.lines, "header": position.header.decode("latin-1")}
        self._state.keep(content, position.offset, told)
