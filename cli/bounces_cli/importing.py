"""Importing a file of any number of rows: in batches, written side by side, and gone on with where it stopped.

A row that cannot be used goes to the file of rejects and stops nothing. How far the file is imported is kept after each
batch, together with the time at which the import began: what a row does not say itself is then the same however often
it is imported.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Generic, TypeVar

from bounces.errors import BouncesError
from bounces_cli.address_tables import WORKERS, AddressTables
from bounces_cli.errors import BROKEN, DONE, INCOMPLETE, CommandError, reason_of
from bounces_cli.import_rows import MAX_LINE, ReadRow, Rows, form_of
from bounces_cli.import_survey import TOLD, Survey, survey
from bounces_cli.lines import STANDARD_INPUT
from bounces_cli.packed import opened
from bounces_cli.people import agree
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.progress import progress_over
from bounces_cli.read_state import ReadState, state_folder
from bounces_cli.rejects import Rejects

if TYPE_CHECKING:
    from bounces.store.merging import Each

BATCH: Final = 500
"""Rows that are written before it is kept how far the import is."""

Ready = TypeVar("Ready")


@dataclass(frozen=True, slots=True)
class Import(Generic[Ready]):
    """What is imported: its name, how a row is made ready (raises `BouncesError`), and how many are written at once.

    `ready` takes when the import began, `write` returns how many rows or addresses were new or changed, `would_change`
    how many would be. `doubts` says what speaks against the file's being what it is taken for. Where a file that is
    imported again `tells_anew`, it says so as of now; else what it says is as old as it was the first time.
    """

    what: str
    ready: Callable[[ReadRow, datetime], Ready]
    write: Callable[[Sequence[Ready], Each], int]
    would_change: Callable[[Sequence[Ready]], int]
    doubts: Callable[[Survey], list[str]]
    tells_anew: bool


@dataclass(slots=True)
class Progressed:
    """How far an import is. `first` is when the file was begun at all, `began` when what is new in it was."""

    first: str
    began: str
    is_done: bool = False
    rows: int = 0
    changed: int = 0
    rejected: int = 0
    lines: int = 0
    rejects_size: int = 0

    @property
    def at(self) -> datetime:
        """When the import began."""
        return datetime.fromisoformat(self.began)


def run_import(arguments: argparse.Namespace, tables: AddressTables, work: Import[Any]) -> int:
    """Import the file that `arguments` name and return the exit code. Raises `CommandError`."""
    path = arguments.source
    with tables.talking():
        names = (work.what, *tables.store().table_ids(), *_list(arguments))
    with _file(path) as (file, on_disk):
        form = form_of(_head(file, path), path)
        state, so_far, offset = _begun(arguments, names, file, tells_anew=work.tells_anew)
        before = so_far.rows
        if arguments.dry_run:
            return _tried(path, Rows(file, form, offset, so_far.lines), tables, work, so_far.at)
        if not arguments.yes:
            _ask(path, Rows(file, form, offset, so_far.lines), tables, work)
            file.seek(offset)
        rows = Rows(file, form, offset, so_far.lines)
        rejects = Rejects(_rejects(arguments), so_far.rejects_size)
        paths = [] if path == STANDARD_INPUT else [path]
        with (
            _importing(path),
            rejects,
            ThreadPoolExecutor(WORKERS) as workers,
            progress_over(paths, "Importing") as progress,
        ):
            shown = 0
            for batch in _batches(iter(rows)):
                with tables.talking(writing=True):
                    _import(batch, work, so_far, rejects, workers.map)
                so_far.lines, so_far.rejects_size = rows.lines, rejects.flushed()
                state.keep(rows.taken(), rows.offset, asdict(so_far))
                progress.advance(on_disk.tell() - shown)
                shown = on_disk.tell()
        so_far.is_done = True
        state.keep(rows.taken(), rows.offset, asdict(so_far))
    print(_words(path, so_far, before, "as of now" if work.tells_anew else "as of then"))
    if so_far.rejected:
        print(f"bounces: rows that cannot be used, with line and reason: {rejects.path}", file=sys.stderr)
    return INCOMPLETE if so_far.rejected else DONE


def _list(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return which list rows are for that name none: for another one the same file says something else."""
    from bounces.store.keys import list_key

    return () if arguments.list is None else (f"list {list_key(arguments.list)}",)


def _ask(path: str, rows: Rows, tables: AddressTables, work: Import[Any]) -> None:
    """Ask whether the file is the right one, where something speaks against it. Raises `CommandError`."""
    found = survey(rows)
    with tables.talking():
        doubts = work.doubts(found)
    for doubt in doubts:
        print(f"bounces: {plain(path)}: {plain(doubt)}", file=sys.stderr)
    if doubts:
        agree(f"Import {found.rows:,} rows as {work.what} all the same?", "imported")


def _tried(path: str, rows: Rows, tables: AddressTables, work: Import[Any], began: datetime) -> int:
    """Say what importing `rows` would do, and return the exit code that it would have. Raises `CommandError`."""
    problems = Problems()
    waiting: list[Any] = []
    changed = 0

    def look(row: ReadRow) -> None:
        nonlocal changed
        try:
            if row.wrong is not None:
                raise BouncesError(row.wrong)
            waiting.append(work.ready(row, began))
        except BouncesError as error:
            problems.count += 1
            if problems.count <= TOLD:
                problems.note(f"line {row.line:,} would be rejected: {plain(str(error))}")
        if len(waiting) >= BATCH:
            with tables.talking():
                changed += work.would_change(waiting)
            waiting.clear()

    found = survey(rows, look)
    with tables.talking():
        changed += work.would_change(waiting)
        doubts = work.doubts(found)
    for doubt in doubts:
        problems.note(f"{plain(doubt)}; an import asks about that")
    if found.ended is not None:
        raise CommandError(f"{path}: {found.ended}; nothing was changed")
    known = found.rows - problems.count - changed
    print(
        f"{plain(path)}: {found.rows:,} rows: {changed:,} would be new or changed, {known:,} known before, "
        f"{problems.count:,} rejected; nothing was changed"
    )
    return INCOMPLETE if problems.count else DONE


def _import(batch: Sequence[ReadRow], work: Import[Any], so_far: Progressed, rejects: Rejects, each: Each) -> None:
    ready = []
    rejected = 0
    for row in batch:
        try:
            if row.wrong is not None:
                raise BouncesError(row.wrong)
            ready.append(work.ready(row, so_far.at))
        except BouncesError as error:
            rejects.add(row.line, str(error), row.text)
            rejected += 1
    so_far.changed += work.write(ready, each)
    so_far.rows += len(batch)
    so_far.rejected += rejected


def _begun(
    arguments: argparse.Namespace, names: tuple[str, ...], file: IO[bytes], *, tells_anew: bool
) -> tuple[ReadState, Progressed, int]:
    """Return the state of the import, how far it is, and from which byte of `file`, which stands there, it goes on."""
    place = state_folder(arguments.state, "import")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    state = ReadState(place, names, file)
    saved = state.resume(file)
    so_far = None if saved is None else _progressed(saved)
    if so_far is None or saved is None or arguments.again:
        file.seek(0)
        fresh = ReadState(place, names, file)
        file.seek(0)
        first = now if so_far is None else so_far.first
        # A suppression without a date is as of the first time: it must not be newer than a lift that came after it.
        return fresh, Progressed(first, now if tells_anew else first), 0
    if so_far.is_done:
        so_far.began, so_far.is_done = now, False
    return state, so_far, int(saved["offset"])


def _progressed(saved: Mapping[str, Any]) -> Progressed | None:
    try:
        so_far = Progressed(**{each.name: saved[each.name] for each in fields(Progressed)})
        is_usable = datetime.fromisoformat(so_far.first) <= so_far.at
    except (KeyError, TypeError, ValueError):
        return None
    return so_far if is_usable else None


def _words(path: str, so_far: Progressed, before: int, again: str) -> str:
    if before and so_far.rows == before:
        return (
            f"{plain(path)}: nothing new since the last time ({before:,} rows, begun {so_far.first}); "
            f"--again imports all of it again, {again}"
        )
    known = so_far.rows - so_far.rejected - so_far.changed
    words = (
        f"{so_far.rows:,} rows: {so_far.changed:,} new or changed, {known:,} known before, {so_far.rejected:,} rejected"
    )
    return f"{plain(path)}: {words}" + (f" ({so_far.rows - before:,} of them now)" if before else "")


def _rejects(arguments: argparse.Namespace) -> Path:
    path = "bounces" if arguments.source == STANDARD_INPUT else arguments.source
    return Path(arguments.rejects or f"{path}.rejected.csv")


def _batches(rows: Iterator[ReadRow]) -> Iterator[list[ReadRow]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def _head(file: IO[bytes], path: str) -> bytes:
    head = file.readline(MAX_LINE)
    file.seek(0)
    if not head:
        raise CommandError(f"{path}: there is nothing in it")
    return head


@contextmanager
def _file(path: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Yield the file unpacked, and the file itself. What a pipe gives is put on disk first, since it is read again."""
    try:
        if path != STANDARD_INPUT:
            with opened(path) as files:
                yield files
            return
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.seek(0)
            yield file, file
    except (EOFError, zlib.error) as error:
        raise CommandError(f"{path}: {error}") from error
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}") from error


@contextmanager
def _importing(path: str) -> Iterator[None]:
    """Say of a file that cannot be read to its end how much of it was imported."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        why = reason_of(error) if isinstance(error, OSError) else error
        raise CommandError(f"{path}: {why}; what is before that was imported, but for the last rows", BROKEN) from error
