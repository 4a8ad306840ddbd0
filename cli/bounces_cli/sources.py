"""Where mails on a disk come from: files, folders of files, mbox files and Maildirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# RFC 4155: a line that starts an mbox message is `From `, an address, and a date as asctime writes it.
_FROM_LINE = re.compile(rb"From \S* ?.*\d{1,2}:\d\d.*\d{4}\s*$")
_HIDDEN = re.compile(r"^\.|^dovecot|\.(?:lock|index|cache|log)$")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail and where it was found: its path as given, with `#N` (from 1) for the N-th of an mbox."""

    source: str
    raw: bytes


def files(paths: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files that `paths` name: each file, and those of each folder or Maildir in the order of their names.

    Raises `FileNotFoundError` for a path that is not there.
    """
    for name in paths:
        path = Path(name)
        if not path.is_dir():
            if not path.exists():
                raise FileNotFoundError(f"{name}: no such file or folder")
            yield path
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            for folder in ("new", "cur"):
                yield from sorted(part for part in (path / folder).iterdir() if part.is_file())
        else:
            for part in sorted(path.rglob("*")):
                if part.is_file() and not _HIDDEN.search(part.name) and part.parent.name != "tmp":
                    yield part


def mails(path: Path) -> Iterator[Mail]:
    """Yield the mail in the file `path`, or each mail of it where it is an mbox of several."""
    if not _is_mbox(path):
        yield Mail(str(path), path.read_bytes())
        return
    for place, raw in enumerate(_split_mbox(path), 1):
        yield Mail(f"{path}#{place}", raw)


def _is_mbox(path: Path) -> bool:
    """Say whether a file holds several mails in mbox form. One mail with a `From ` line is a mail."""
    with path.open("rb") as file:
        if not _FROM_LINE.match(file.readline(1000)):
            return False
        if path.suffix == ".mbox":
            return True
        blank = False
        for line in file:
            if blank and line.startswith(b"From ") and _FROM_LINE.match(line):
                return True
            blank = not line.strip()
    return False


def _split_mbox(path: Path) -> Iterator[bytes]:
    lines: list[bytes] = []
    blank = True
    with path.open("rb") as file:
        for line in file:
            if blank and line.startswith(b"From ") and _FROM_LINE.match(line):
                if lines:
                    yield b"".join(lines)
                lines = []
            else:
                lines.append(line[1:] if line.startswith(b">") and line.lstrip(b">").startswith(b"From ") else line)
            blank = not line.strip()
    if lines:
        yield b"".join(lines)
