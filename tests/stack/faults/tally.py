"""How many faults struck, in memory that outlives the process that they strike: a file that both sides map."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SERVICES: Final = ("dynamodb", "sqs", "s3", "secretsmanager")
FAULTS: Final = ("requests", "before", "after", "late", "killed before", "killed amid", "killed after")
_NAMES: Final = tuple((service, fault) for service in SERVICES for fault in FAULTS)
_ONE: Final = struct.Struct("=Q")


class Tally:
    """A count for each service and fault."""

    def __init__(self, path: Path) -> None:
        """Map the file at `path`, which is made where there is none."""
        size = _ONE.size * len(_NAMES)
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._counts = mmap.mmap(file.fileno(), size)

    def count(self, service: str, fault: str) -> None:
        """Count one more."""
        place = _NAMES.index((service, fault)) * _ONE.size
        (count,) = _ONE.unpack_from(self._counts, place)
        _ONE.pack_into(self._counts, place, count + 1)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return every count, by service and fault."""
        return {name: _ONE.unpack_from(self._counts, place * _ONE.size)[0] for place, name in enumerate(_NAMES)}
