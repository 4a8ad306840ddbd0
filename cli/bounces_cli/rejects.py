"""The file of rows that cannot be used, each with its line and why: CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from bounces import cells
from bounces_cli.errors import BROKEN, CommandError, reason_of
from bounces_cli.private_files import opened_privately


class Rejects:
    """Rows that cannot be used, in a file that is made when there is one."""

    def __init__(self, path: Path, size: int) -> None:
        """Go on in the file `path` after `size` bytes; 0: a new one."""
        self.path = path
        self._size = size
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; what is in it is on disk, or has been told not to be."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def add(self, line: int, why: str, row: str) -> None:
        """Put the `row` of `line` there. Raises `CommandError`."""
        with self._telling():
            if self._file is None:
                self._file = self._opened()
            self._write(str(line), why, row)

    def flushed(self) -> int:
        """Have all of it on disk, and return its size. Raises `CommandError`."""
        if self._file is not None:
            with self._telling():
                self._file.flush()
        return self._size

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CommandError(f"{self.path}: {reason_of(error)}; --rejects FILE puts it elsewhere", BROKEN) from error

    def _opened(self) -> IO[bytes]:
        if self._size and self.path.exists():
            file = self.path.open("r+b")
            file.truncate(self._size)
            file.seek(0, io.SEEK_END)
            return file
        self._size = 0
        self._file = opened_privately(self.path, "wb")
        self._write("line", "why", "row")
        return self._file

    def _write(self, *texts: str) -> None:
        assert self._file is not None
        row = io.StringIO(newline="")
        csv.writer(row).writerow([cells.written(text) for text in texts])
        self._size += self._file.write(row.getvalue().encode())
