"""How far a file was sent, so that the same command goes on where it stopped.

A state is known by the door and by how the unpacked file begins, not by its path: a file that was renamed, moved or
packed meanwhile goes on too. What was sent is compared by a hash over all of it; where that differs, it is another file
and is sent from its beginning. Sending twice changes nothing at the other end, so a state that is lost costs time only.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from bounces_cli.batches import Position
from bounces_cli.errors import CommandError

HEAD: Final = 4096
_BLOCK: Final = 1 << 20


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where states are kept (XDG Base Directory: what should survive a restart)."""
    base = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "bounces" / "push"


class PushState:
    """How far the unpacked `file` was sent to `address`; `file` is read from its beginning."""

    def __init__(self, place: Path, address: str, mta: str, file: IO[bytes]) -> None:
        """Find the state. Raises `CommandError` where it cannot be kept."""
        head = file.read(HEAD)
        named = hashlib.sha256(b"\n".join((address.encode(), mta.encode(), head))).hexdigest()
        self._path = place / f"{named[:32]}.json"
        self._sent = hashlib.sha256()
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{place}: {error.strerror}; --state FOLDER keeps it elsewhere") from error

    def resume(self, file: IO[bytes]) -> Position:
        """Return where to go on, with the unpacked `file` there; at its beginning, where nothing of it was sent."""
        saved = self._load()
        file.seek(0)
        if saved is not None:
            digest, position = saved
            sent = _hash_of(file, position.offset)
            if sent is not None and sent.hexdigest() == digest:
                self._sent = sent
                return position
            file.seek(0)
        return Position()

    def sent(self, content: bytes, position: Position) -> None:
        """Note that `content`, all up to `position`, is sent as well. Raises `CommandError`."""
        self._sent.update(content)
        told = {
            "sent": self._sent.hexdigest(),
            "offset": position.offset,
            "lines": position.lines,
            "header": position.header.decode("latin-1"),
        }
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(json.dumps(told), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            raise CommandError(f"{self._path}: {error.strerror}; --state FOLDER keeps it elsewhere") from error

    def _load(self) -> tuple[str, Position] | None:
        try:
            told: Any = json.loads(self._path.read_text(encoding="utf-8"))
            position = Position(int(told["offset"]), int(told["lines"]), str(told["header"]).encode("latin-1"))
            return str(told["sent"]), position
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _hash_of(file: IO[bytes], size: int) -> Any:
    """Return the SHA-256 of the next `size` bytes, None where there are fewer."""
    found = hashlib.sha256()
    while size > 0:
        block = file.read(min(size, _BLOCK))
        if not block:
            return None
        found.update(block)
        size -= len(block)
    return found
