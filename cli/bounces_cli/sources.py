"""Where mails on a disk are: files, folders of files, mbox files and Maildirs.

Everything is found as it is asked for: neither a folder tree's files nor an mbox's mails are held in memory together.
Paths are text, since making a `Path` of each takes as long as opening the file.
"""
# ruff: noqa: PTH112, PTH116, PTH118, PTH123

import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Protocol

from bounces_cli.errors import CommandError, reason_of
from bounces_cli.problems import Problems

# More than the reader looks at (`bounces.reading.limits.MAX_MAIL`), so that it notes what was cut.
MAX_READ: Final = (64 << 20) + 1
# RFC 4155: a line that starts an mbox message is `From `, an address, and a date as asctime writes it.
_FROM: Final = b"From "
_FROM_LINE: Final = re.compile(rb"From \S* ?.*\d{1,2}:\d\d.*\d{4}\s*")
_MAX_FROM_LINE: Final = 500
_MAX_BLANK: Final = 80  # white space in a line that counts as blank
_BLOCK: Final = 1 << 20
# Bytes below which a file is told from an mbox only when it is read: most are one mail, and opening it twice costs
# more than anything else about it. Larger ones are looked into before, so that processes can share their mails.
_SMALL: Final = 1 << 20
_QUOTED_FROM: Final = re.compile(rb"^>(?=>*From )", re.MULTILINE)
HIDDEN_AMONG_MAILS: Final = re.compile(r"\.|dovecot(?!.*\.eml$)|.*\.(?:lock|index|cache|log)$")
"""Names of what lies beside mails and is none: what mail programs keep of them."""
HIDDEN_AMONG_LOGS: Final = re.compile(r"\.|.*\.lock$")
MAILDIR: Final = ("new", "cur")


class Place(NamedTuple):
    """Where one mail is: its name for people, its file, its first byte, and its bytes (None: up to the file's end)."""

    source: str
    path: str
    start: int = 0
    length: int | None = None
    is_quoted: bool = False  # whether its lines that begin with `From ` have a `>` in front (mbox)


def check(paths: Iterable[str]) -> None:
    """Raise `CommandError` for the first of `paths` that is neither a file nor a folder."""
    for path in paths:
        try:
            mode = os.stat(path).st_mode
        except OSError as error:
            raise CommandError(f"{path}: {reason_of(error)}") from error
        except ValueError as error:
            raise CommandError(f"{path!r} is no path") from error
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            raise CommandError(f"{path}: neither a file nor a folder; save what it gives to a file first")


def files(paths: Iterable[str], problems: Problems, hidden: re.Pattern[str] = HIDDEN_AMONG_MAILS) -> Iterator[str]:
    """Yield the files that `paths` name: each file, and those of each folder or Maildir in the order of their names.

    What of a folder has a name that is `hidden` is left aside.
    A folder that cannot be read is added to `problems`; one without such files is noted there.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        found = False
        for file in _files_in(path, problems, hidden):
            found = True
            yield file
        if not found:
            problems.note(f"{path}: nothing in it to read")


def places(paths: Iterable[str], problems: Problems) -> Iterator[Place]:
    """Yield where the mails in the files that `paths` name are, a small file as one place.

    What is no longer there is added to `problems`.
    """
    for path in files(paths, problems):
        try:
            size = os.stat(path).st_size
            if 0 < size < _SMALL:  # not those that only say so, such as a device
                yield Place(path, path, length=size)
            elif begins_as_mbox(path):
                yield from places_in_mbox(path)
            else:
                yield Place(path, path)
        except OSError as error:
            problems.add(f"{path}: {reason_of(error)}")


def mails(place: Place) -> Iterator[tuple[str, bytes]]:
    """Yield the mails at `place`, each with its name for people: one, but where a small file is an mbox.

    Of each at most `MAX_READ` bytes. Raises `OSError` with what a person can read.
    """
    raw = raw_of(place)
    if not place.is_quoted and raw.startswith(_FROM) and len(raw) < _SMALL:
        for within in places_in_mbox(place.path):
            yield within.source, raw_of(within)
    else:
        yield place.source, raw


def raw_of(place: Place) -> bytes:
    """Return the bytes at `place`, at most `MAX_READ`. Raises `OSError` with what a person can read."""
    try:
        descriptor = os.open(place.path, os.O_RDONLY)  # a file object costs twice as much
        try:
            length = place.length
            if length is None:
                length = max(0, os.fstat(descriptor).st_size - place.start)
            if place.start:
                os.lseek(descriptor, place.start, os.SEEK_SET)
            raw = _read(descriptor, min(length, MAX_READ))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OSError(f"{place.source}: {reason_of(error)}") from error
    return unquoted(raw) if place.is_quoted else raw


def unquoted(raw: bytes) -> bytes:
    """Return the mail `raw` of an mbox without the `>` in front of its lines that begin with `From `."""
    return _QUOTED_FROM.sub(b"", raw) if b">From " in raw else raw


def begins_as_mbox(path: str) -> bool:
    """Say whether the file `path` begins as an mbox does. Raises `OSError`."""
    with open(path, "rb", buffering=0) as file:
        return file.read(len(_FROM)) == _FROM


def _read(descriptor: int, length: int) -> bytes:
    """Return the next `length` bytes; less where the file ends before, since it may have been cut meanwhile."""
    raw = os.read(descriptor, length)
    while len(raw) < length and (more := os.read(descriptor, length - len(raw))):
        raw += more
    return raw


def is_maildir(path: str) -> bool:
    """Say whether the folder `path` is a Maildir."""
    return all(os.path.isdir(os.path.join(path, part)) for part in MAILDIR)


def _files_in(folder: str, problems: Problems, hidden: re.Pattern[str]) -> Iterator[str]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        problems.add(f"{folder}: {reason_of(error)}")
        return
    names = {entry.name for entry in entries}
    if names.issuperset(MAILDIR):
        for part in MAILDIR:
            yield from _files_in(os.path.join(folder, part), problems, hidden)
        return
    for entry in entries:
        if hidden.match(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files_in(entry.path, problems, hidden)
        elif entry.is_file():
            yield entry.path


def places_in_mbox(path: str) -> Iterator[Place]:
    """Yield where the mails of the mbox `path` are. One mail with a `From ` line is a mail, if not named as an mbox."""
    with open(path, "rb", buffering=0) as file:
        lines = from_lines(file)
        start, begin = next(lines, (-1, 0))
        following = next(lines, None)
        if start != 0 or (following is None and not path.endswith(".mbox")):
            yield Place(path, path)
            return
        number = 0
        while following is not None:
            if following[0] > begin:
                number += 1
                yield Place(f"{path}#{number}", path, begin, following[0] - begin, True)
            begin = following[1]
            following = next(lines, None)
        if os.fstat(file.fileno()).st_size > begin:
            yield Place(f"{path}#{number + 1}", path, begin, None, True)


class Readable(Protocol):
    """What is read from its beginning on."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""


def from_lines(file: Readable, begin: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where each `From ` line of the mbox `file` begins and where the line after it does, in constant memory.

    Such a line stands after a blank one, and is at most `_MAX_FROM_LINE` bytes long. `begin` is where `file` stands:
    at its beginning, or where a mail ends.
    """
    window, offset = b"\n\n", begin - 2  # as if a blank line stood before
    searched = 0
    while True:
        block = file.read(_BLOCK)
        window += block
        at = window.find(b"\nFrom ", searched)
        while at >= 0:
            end = window.find(b"\n", at + 1, at + 1 + _MAX_FROM_LINE)
            if end < 0 and block and len(window) - at <= _MAX_FROM_LINE:
                break  # its end is in the next block
            if end >= 0 and _is_after_blank(window, at) and _FROM_LINE.fullmatch(window, at + 1, end):
                yield offset + at + 1, offset + end + 1
            at = window.find(b"\nFrom ", at + 1)
        if not block:
            return
        resume = at if at >= 0 else max(searched, len(window) - len(_FROM))
        kept = max(0, resume - _MAX_BLANK)
        window, offset, searched = window[kept:], offset + kept, resume - kept


def _is_after_blank(window: bytes, at: int) -> bool:
    return window[max(0, at - _MAX_BLANK) : at].rstrip(b" \t\r").endswith(b"\n")
