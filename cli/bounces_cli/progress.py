"""A progress bar on a terminal, none in a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from bounces_cli.problems import Silent
from bounces_cli.sources import HIDDEN_AMONG_MAILS, files

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn, TaskID

# Bytes of mail below which there is nothing to wait for.
SHORT: Final = 2 << 20

# Items below which there is nothing to wait for.
FEW: Final = 2_000


class Progress:
    """How far a command is, in bytes of its files or in items, and the way to write beside the bar that shows it."""

    def __init__(self, bar: Bar | None = None, total: int = 0) -> None:
        """Show `bar` up to `total`, 0 for an unknown one; without a bar, nothing."""
        self._bar = bar
        self._total = total
        self._task: TaskID | None = None
        self._is_shared = bar is not None and sys.stdout.isatty()

    @property
    def console(self) -> Console | None:
        """The bar's console, where what is written shares a terminal with it."""
        return self._bar.console if self._bar is not None and self._is_shared else None

    def advance(self, size: int) -> None:
        """Say that `size` more are done. The bar starts here: it is a thread, and processes are forked before."""
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=self._total or None)
            self._bar.start()
        self._bar.advance(self._task, size)

    def write(self, text: str) -> None:
        """Write `text`, whole lines of ASCII, to standard output, and let whoever reads it have it."""
        if self.console is not None:
            self.console.print(text, end="", markup=False, emoji=False, highlight=False, soft_wrap=True)
            return
        sys.stdout.write(text)
        sys.stdout.flush()


@contextmanager
def progress_over(
    paths: Sequence[str], doing: str = "Reading", hidden: re.Pattern[str] = HIDDEN_AMONG_MAILS
) -> Iterator[Progress]:
    """Yield the progress over the files that `paths` name but for those `hidden`, with the word `doing` in front."""
    total = _size_of(paths, hidden) if sys.stderr.isatty() else 0
    if total < SHORT:
        yield Progress()
        return
    from rich.progress import DownloadColumn

    with _bar(doing, DownloadColumn()) as bar:
        yield Progress(bar, total)


@contextmanager
def progress_to(total: int, doing: str) -> Iterator[Progress]:
    """Yield the progress over about `total` items, 0 for an unknown number, with the word `doing` in front."""
    if not sys.stderr.isatty() or 0 < total < FEW:
        yield Progress()
        return
    from rich.progress import MofNCompleteColumn

    with _bar(doing, MofNCompleteColumn()) as bar:
        yield Progress(bar, total)


@contextmanager
def _bar(doing: str, amount: ProgressColumn) -> Iterator[Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(doing), BarColumn(), amount, TimeRemainingColumn())
    console = Console(stderr=not sys.stdout.isatty())
    bar = Bar(*columns, console=console, transient=True, redirect_stdout=False)
    try:
        yield bar
    finally:
        bar.stop()


def _size_of(paths: Sequence[str], hidden: re.Pattern[str]) -> int:
    total = 0
    for path in files(paths, Silent(), hidden):
        with suppress(OSError):
            total += os.stat(path).st_size  # noqa: PTH116  as in `sources`: a Path costs as much as the call
    return total
