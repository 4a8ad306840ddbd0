"""Sets of patterns in files, as text or as JSON, and the lines of them that are refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from bounces.errors import PatternError
from bounces.patterns import OperatorPatterns, Refused, import_json, parse_patterns
from bounces_cli.errors import CONFLICT, CommandError, reason_of
from bounces_cli.lines import STANDARD_INPUT
from bounces_cli.plain import plain

MAX_SHOWN = 1_000
"""Characters of a refused line that are shown: what is no set may be a line of megabytes."""


def read_text(path: str) -> str:
    """Return the text of the file `path` (`-`: standard input), to the letter. Raises `CommandError`."""
    try:
        raw = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}") from error
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CommandError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from error


def read_set(path: str, *, as_json: bool | None = None) -> tuple[OperatorPatterns, tuple[Refused, ...]]:
    """Return the set in the file `path`, and the lines that are refused. `as_json` None: where its name ends so.

    Raises `CommandError` where the file cannot be read, or holds no set at all.
    """
    text = read_text(path)
    if not (path.endswith(".json") if as_json is None else as_json):
        return parse_patterns(text)
    try:
        return import_json(text)
    except PatternError as error:
        raise CommandError(f"{path}: {error}") from error


def write_text(path: str, text: str, *, instead_of: str) -> None:
    """Put `text` into the file `path`, whole or not at all, in the place of `instead_of`, which was read from it.

    Raises `CommandError` where the file holds something else by now, or cannot be written.
    """
    target = Path(path)
    if (read_text(path) if target.exists() else "") != instead_of:
        raise CommandError(f"{path} was changed while it was edited; nothing was saved: edit again", CONFLICT)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CommandError(f"{path}: {reason_of(error)}") from error


def tell_refused(refused: Iterable[Refused]) -> None:
    """Say on standard error which lines are refused, and why."""
    for line in refused:
        text = line.line if len(line.line) <= MAX_SHOWN else f"{line.line[:MAX_SHOWN]}..."
        print(f"bounces: line {line.number} refused: {plain(text)}\n  {plain(line.reason)}", file=sys.stderr)
