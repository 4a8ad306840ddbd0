"""How far a file was read, so that the same command goes on where it stopped.

A state is known by what is done with the file and by how it begins, not by its path: a file that was renamed, moved or
packed meanwhile goes on too. What was read is compared by a hash over all of it; where that differs, it is another file
and is read from its beginning.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from bounces_cli.errors import CommandError, reason_of
from bounces_cli.private_files import PRIVATE, opened_privately

HEAD: Final = 4096
_BLOCK: Final = 1 << 20


def state_folder(given: str | None, verb: str) -> Path:
    """Return where the states of `verb` are kept: in the folder `given`, else where the system keeps such things.

    That is by the XDG Base Directory Specification, for what should survive a restart.
    """
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "bounces" / verb


class ReadState:
    """How far the unpacked `file` was read for what `names` name; `file` is read from its beginning."""

    def __init__(self, place: Path, names: tuple[str, ...], file: IO[bytes]) -> None:
        """Find the state. Raises `CommandError` where it cannot be kept."""
        named = hashlib.sha256(b"\n".join((*(name.encode() for name in names), file.read(HEAD)))).hexdigest()
        self._path = place / f"{named[:32]}.json"
        self._read = hashlib.sha256()
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{place}: {reason_of(error)}; --state FOLDER keeps it elsewhere") from error

    def resume(self, file: IO[bytes]) -> Mapping[str, Any] | None:
        """Return what was kept, with the unpacked `file` where to go on; None, and its beginning, where nothing was."""
        saved = self._load()
        file.seek(0)
        if saved is not None:
            read = _hash_of(file, saved["offset"])
            if read is not None and read.hexdigest() == saved["sent"]:
                self._read = read
                return saved
            file.seek(0)
        return None

    def keep(self, content: bytes, offset: int, told: Mapping[str, Any]) -> None:
        """Keep that `content`, all up to `offset`, is read as well, and what is `told`. Raises `CommandError`."""
        self._read.update(content)
        write_state(self._path, {"sent": self._read.hexdigest(), "offset": offset, **told})

    def _load(self) -> dict[str, Any] | None:
        told = read_state(self._path)
        if told is None or not isinstance(told.get("offset"), int) or not isinstance(told.get("sent"), str):
            return None
        return told


def write_state(path: Path, told: Mapping[str, Any]) -> None:
    """Put `told` into the file `path`, whole or not at all, for its owner only. Raises `CommandError`."""
    beside = path.with_name(f"{path.name}.new")
    try:
        with opened_privately(beside, "wb") as file:
            os.fchmod(file.fileno(), PRIVATE)
            file.write(json.dumps(told).encode())
        beside.replace(path)
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}; --state FOLDER keeps it elsewhere") from error


def read_state(path: Path) -> dict[str, Any] | None:
    """Return what `write_state` put into the file `path`; None where there is no such file."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


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
