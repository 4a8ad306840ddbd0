"""Files that have addresses in them, and are nobody else's to read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Final

PRIVATE: Final = 0o600


def opened_privately(path: Path, mode: str) -> IO[Any]:
    """Open the file `path` in the binary `mode`; one that is made thereby only its owner may read."""
    return open(path, mode, opener=_opened)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
