"""A log file, opened: plain or packed by gzip, whichever its first bytes say."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from bounces_cli.errors import CommandError

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


@contextmanager
def opened(path: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Yield the file at `path` unpacked, and the file itself, whose position says how much of it is read.

    Raises `CommandError` for zstd, in which KumoMTA packs, and `OSError`.
    """
    with Path(path).open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic == _ZSTD:
            raise CommandError(f"{path} is packed by zstd; unpack it first: zstd -d {path}")
        if magic[:2] == _GZIP:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield cast("IO[bytes]", unpacked), file
        else:
            yield file, file
