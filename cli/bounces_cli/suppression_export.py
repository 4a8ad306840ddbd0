"""`bounces suppressions export`: all suppressions, or what is new, a page at a time.

Into a file, how far the export is is kept beside it after each page that is on disk, so an interrupted one goes on and
ends with the same bytes. The file has its name only when it is whole; until then it is FILE.part. All of
these only their owner may read.
"""

from __future__ import annotations

import argparse
import csv
import fcntl
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from bounces import cells
from bounces_cli.address_tables import AddressTables, tables_of
from bounces_cli.errors import BROKEN, DONE, CommandError, reason_of
from bounces_cli.private_files import PRIVATE
from bounces_cli.progress import progress_to
from bounces_cli.read_state import read_state, write_state
from bounces_cli.times import time_given

if TYPE_CHECKING:
    from bounces.store import Suppression
    from bounces.store.rows import Row

OVERLAP: Final = timedelta(minutes=15)
"""How much earlier than this export the next one has to begin. What counts is when an item was written, by the clock of
who wrote it. A write may take effect a minute after that (four tries of 13 seconds), is seen by a scan some seconds
later, and this machine's clock may be minutes off."""

STANDARD_OUTPUT: Final = "-"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is exported: from which table, in which form, since when, and whether only what suppresses at `began`."""

    table: str
    form: str
    since: str | None
    live_only: bool


@dataclass(slots=True)
class SoFar:
    """How far an export is: when it began, bytes, rows and addresses that are written, and where to go on."""

    began: str
    key: Any = None
    size: int = 0
    rows: int = 0
    addresses: int = 0
    looked_at: int = 0

    @property
    def at(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.began)


def run(arguments: argparse.Namespace) -> int:
    """Export and return the exit code. Raises `CommandError`."""
    since = time_given("--since", arguments.since)
    if not Path(arguments.out).name:
        raise CommandError(f"--out: {arguments.out!r} is no name of a file")
    tables = tables_of(arguments)
    with tables.talking():
        table = tables.store().table_ids()[1]
    form = arguments.format or ("json" if arguments.out.endswith((".json", ".jsonl", ".ndjson")) else "csv")
    wish = Wish(table, form, None if since is None else since.isoformat(), arguments.live_only)
    if arguments.out == STANDARD_OUTPUT:
        so_far = SoFar(_now())
        _write(tables, wish, so_far, sys.stdout.buffer, None)
    else:
        so_far = _into_file(tables, wish, Path(arguments.out))
    _tell(arguments.out, so_far)
    return DONE


def _into_file(tables: AddressTables, wish: Wish, path: Path) -> SoFar:
    part, state = path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.state")
    with _alone(part) as file:
        so_far = _resumed(state, part, wish)
        try:
            os.fchmod(file.fileno(), PRIVATE)  # a version before made it as files are by default
            file.truncate(so_far.size)
            file.seek(0, os.SEEK_END)
            _write(tables, wish, so_far, file, state)
            part.replace(path)
            with suppress(FileNotFoundError):
                state.unlink()
        except OSError as error:
            raise CommandError(f"{path}: {reason_of(error)}", BROKEN) from error
    return so_far


@contextmanager
def _alone(part: Path) -> Iterator[IO[bytes]]:
    """Yield the file `part`, made if need be, to which no other export writes meanwhile. Raises `CommandError`."""
    try:
        file = _locked(part)
        while not _is_there(part, file):  # another export has given it its name before it let go of it
            file.close()
            file = _locked(part)
    except BlockingIOError as error:
        raise CommandError(f"{part} is being written by another export; wait for its end") from error
    except OSError as error:
        raise CommandError(f"{part}: {reason_of(error)}") from error
    with file:
        yield file


def _locked(part: Path) -> IO[bytes]:
    file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE), "r+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _is_there(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _resumed(state: Path, part: Path, wish: Wish) -> SoFar:
    """Return how far an export of the same was that was interrupted; a new one where there is none."""
    saved = read_state(state)
    if saved is None or not part.stat().st_size:
        return SoFar(_now())
    if saved.get("wish") != asdict(wish):
        raise CommandError(
            f"{part} is of another export that was interrupted; the same command as then goes on with it, or remove "
            f"{part.name} and {state.name}"
        )
    try:
        so_far = SoFar(**{each.name: saved[each.name] for each in fields(SoFar)})
        is_whole = so_far.at <= datetime.now(UTC) and part.stat().st_size >= so_far.size
    except (KeyError, TypeError, ValueError):
        is_whole = False
    if not is_whole:
        return SoFar(_now())
    print(f"bounces: going on after {so_far.rows:,} rows of {so_far.addresses:,} addresses", file=sys.stderr)
    return so_far


def _write(tables: AddressTables, wish: Wish, so_far: SoFar, file: IO[bytes], state: Path | None) -> None:
    """Write what is left to `file`, and how far it is to `state`."""
    since = None if wish.since is None else datetime.fromisoformat(wish.since)
    store = tables.store()
    if so_far.size == 0 and wish.form == "csv":
        _flushed(file, _names(), so_far)
    if so_far.looked_at and so_far.key is None:
        return  # all pages are there, only the name was not given
    with tables.talking(), progress_to(_count(tables), "Exporting") as progress:
        progress.advance(so_far.looked_at)
        for page in store.suppression_pages(since, so_far.key):
            _page(page.suppressions, wish, so_far, file)
            so_far.key = page.next
            so_far.looked_at += page.looked_at
            if state is not None:
                write_state(state, {"wish": asdict(wish), **asdict(so_far)})
            progress.advance(page.looked_at)


def _page(suppressions: Iterable[Suppression], wish: Wish, so_far: SoFar, file: IO[bytes]) -> None:
    from bounces.store.rows import live_rows_of, rows_of

    text = io.StringIO(newline="")
    for suppression in suppressions:
        rows = list(live_rows_of(suppression, so_far.at) if wish.live_only else rows_of(suppression))
        so_far.rows += len(rows)
        so_far.addresses += bool(rows)
        _put(rows, wish, text)
    _flushed(file, text.getvalue(), so_far)


def _put(rows: Iterable[Row], wish: Wish, text: io.StringIO) -> None:
    from bounces.store.rows import FIELDS

    if wish.form == "json":
        text.writelines(json.dumps({name: row[name] for name in FIELDS}) + "\n" for row in rows)
    else:
        csv.writer(text).writerows([cells.written(row[name]) for name in FIELDS] for row in rows)


def _names() -> str:
    from bounces.store.rows import FIELDS

    return ",".join(FIELDS) + "\r\n"


def _flushed(file: IO[bytes], text: str, so_far: SoFar) -> None:
    """Write `text`, and have it on disk before anything says so."""
    so_far.size += file.write(text.encode())
    file.flush()
    with suppress(OSError):  # a pipe has no disk
        os.fsync(file.fileno())


def _count(tables: AddressTables) -> int:
    """Return about how many items there are, for the bar; 0 where nobody looks at it."""
    return tables.store().counts()[1] if sys.stderr.isatty() else 0


def _tell(path: str, so_far: SoFar) -> None:
    next_time = so_far.at - OVERLAP
    where = "" if path == STANDARD_OUTPUT else f" to {path}"
    print(f"bounces: wrote {so_far.rows:,} rows of {so_far.addresses:,} addresses{where}", file=sys.stderr)
    print(f"bounces: for what is new after this: --since {next_time:%Y-%m-%dT%H:%M:%SZ}", file=sys.stderr)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
