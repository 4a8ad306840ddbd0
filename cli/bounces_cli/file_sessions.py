"""A Maildir, a folder of mails and a single mail as mailboxes that are scanned. Nothing in them is changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from bounces.errors import MailboxRefused, MailUnavailable, MailVanished
from bounces.mailbox.ports import Fetched, Listed
from bounces.mailbox.ports import Place as Folder
from bounces_cli import sources
from bounces_cli.errors import reason_of
from bounces_cli.problems import Problems, Silent
from bounces_cli.sources import MAILDIR, MAX_READ, Place, raw_of

FLAGS: Final = ":2,"
"""What a name in a Maildir has between the part that never changes and the mail's flags."""


NOWHERE: Final = Place("", "")


@dataclass(frozen=True, slots=True)
class MailInFile(Listed):
    """A mail that is a file, or a part of one."""

    place: Place = NOWHERE


class _FileSession:
    """What sessions on files have in common."""

    epoch = ""
    keeps = True

    def listed_again(self, numbers: Sequence[int]) -> Iterator[Listed]:  # noqa: ARG002  # there are no numbers
        """Yield none: `waiting` has all mails."""
        return iter(())

    def fetch(self, listed: Listed) -> Fetched:
        """Return the mail. Raises `MailVanished`, or `MailUnavailable` where it cannot be read."""
        assert isinstance(listed, MailInFile)
        return _fetched(listed, listed.place)

    def file(self, mails: Mapping[Folder, Sequence[Listed]], *, again: bool) -> Collection[Listed]:  # noqa: ARG002
        """Leave the mails where they are."""
        return ()

    def close(self) -> None:
        """Do nothing: each file is closed when it is read."""


class FilesSession(_FileSession):
    """A `bounces.mailbox.ports.Session` on the files at a path: a mail, or a folder with mails and mboxes.

    A mail's name has the time at which its file was written: a file that was replaced holds another mail.
    """

    def __init__(self, path: str, problems: Problems) -> None:
        """Read `path`; what of it cannot be read is added to `problems`."""
        self._path = path
        self._problems: Problems = problems

    def waiting(self, after: int) -> Iterator[Listed]:  # noqa: ARG002
        """Yield all mails, in the order of their names. What cannot be read is said once, however often they are."""
        problems, self._problems = self._problems, Silent()
        for path in sources.files([self._path], problems):
            try:
                told = Path(path).stat()
                written = datetime.fromtimestamp(told.st_mtime_ns // 1_000_000_000, UTC)
                version = f"{written:%Y-%m-%dT%H:%M:%S}.{told.st_mtime_ns % 1_000_000_000:09}Z"
                for place in sources.places_in_mbox(path) if told.st_size else ():
                    name = os.path.relpath(place.source, self._path) if path != self._path else place.source
                    size = told.st_size - place.start if place.length is None else place.length
                    yield MailInFile(0, f"{name} of {version}", size, place)
            except OSError as error:
                problems.add(f"{path}: {reason_of(error)}")


class MaildirSession(_FileSession):
    """A `bounces.mailbox.ports.Session` on a Maildir. A mail's name is the part of its file's that never changes."""

    def __init__(self, path: str) -> None:
        """Read the Maildir at `path`."""
        self._path = path

    def waiting(self, after: int) -> Iterator[Listed]:  # noqa: ARG002
        """Yield all mails: what is new first, since a mail goes from there to what was seen, and never back.

        Raises `MailboxRefused`.
        """
        for part in MAILDIR:
            folder = Path(self._path, part)
            try:
                with os.scandir(folder) as listing:
                    names = sorted(entry.name for entry in listing if not entry.name.startswith("."))
            except OSError as error:
                raise MailboxRefused(f"{folder}: {reason_of(error)}") from error
            for name in names:
                path = f"{folder}/{name}"
                yield MailInFile(0, _unique(name), _size_of(path), Place(path, path))

    def fetch(self, listed: Listed) -> Fetched:
        """Return the mail, also where its flags were changed meanwhile. Raises as that of other files."""
        try:
            return super().fetch(listed)
        except MailVanished:
            assert isinstance(listed, MailInFile)
            return _fetched(listed, self._found(listed))

    def _found(self, listed: MailInFile) -> Place:
        """Return where the mail is by now; where it was, if it is nowhere."""
        for part in MAILDIR:
            folder = Path(self._path, part)
            with os.scandir(folder) as listing:
                for entry in listing:
                    if _unique(entry.name) == listed.name:
                        return Place(entry.path, entry.path)
        return listed.place


def _size_of(path: str) -> int | None:
    try:
        return Path(path).stat().st_size
    except OSError:
        return None


def _unique(name: str) -> str:
    return name.partition(FLAGS)[0]


def _fetched(listed: MailInFile, place: Place) -> Fetched:
    try:
        written = datetime.fromtimestamp(Path(place.path).stat().st_mtime, UTC)
        raw = raw_of(place)
    except OSError as error:
        _refuse(place, error)
    return Fetched(listed, raw, min(written, datetime.now(UTC)), len(raw) < MAX_READ)


def _refuse(place: Place, error: OSError) -> NoReturn:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, FileNotFoundError):
        raise MailVanished(f"{place.path} is no longer there") from error
    raise MailUnavailable(f"it cannot be read: {reason_of(cause)}") from error
