"""A progress bar on a terminal, none in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from bounces_cli.problems import Problems
from bounces_cli.sources import files

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

# Bytes of mail below which there is nothing to wait for.
SHORT: Final = 2 << 20


class Progress:
    """How far a command is, in bytes of its files, and the way to write beside the bar that shows it."""

    def __init__(self, bar: Bar | None = None, total: int = 0) -> None:
        """Show `bar` up to `total` bytes; without one, nothing."""
        self._bar = bar
        self._total = total
        self._task: TaskID | None = None
        self._is_shared = bar is not None and sys.stdout.isatty()

    @property
    def console(self) -> Console | None:
        """The bar's console, where what is written shares a terminal with it."""
        return self._bar.console if self._bar is not None and self._is_shared else None

    def advance(self, size: int) -> None:
        """Say that `size` more bytes are read. The bar starts here: it is a thread, and processes are forked before."""
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=self._total)
            self._bar.start()
        self._bar.advance(self._task, size)

    def write(self, text: str) -> None:
        """Write `text`, whole lines of ASCII, to standard output, and let whoever reads it have it."""
        if self.console is not None:
            self.console.print(text, end="", markup=False, highlight=False, soft_wrap=True)
            return
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def progress_over(paths: Sequence[str], doing: str = "Reading") -> Iterator[Progress]:
    """Yield the progress over the files that `paths` name, with the word `doing` in front."""
    total = _size_of(paths) if sys.stderr.isatty() else 0
    if total < SHORT:
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(doing), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=not sys.stdout.isatty())
    bar = Bar(*columns, console=console, transient=True, redirect_stdout=False)
    try:
        yield Progress(bar, total)
    finally:
        bar.stop()


def _size_of(paths: Sequence[str]) -> int:
    total = 0
    for path in files(paths, Silent()):
        with suppress(OSError):
            total += os.stat(path).st_size  # noqa: PTH116  as in `sources`: a Path costs as much as the call
    return total


class Silent(Problems):
    """Problems that are told when the same is done in earnest."""

    def note(self, line: str) -> None:
        """Say nothing."""
