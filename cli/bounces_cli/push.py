"""`bounces push FILE...`: sends old log files by hand, whole records at a time, and goes on where it stopped."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bounces_cli.batches import OCTETS, Batch, Kind, Position, batches, kind_of
from bounces_cli.door import Answer, Door, TooLarge
from bounces_cli.errors import BROKEN, DONE, INCOMPLETE, CommandError
from bounces_cli.packed import opened
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.progress import Progress, progress_over
from bounces_cli.push_state import PushState
from bounces_cli.sources import HIDDEN_AMONG_LOGS, check, files

SHOWN_REJECTIONS: Final = 1_000
"""Rejections of a file that are shown; the stack keeps all of them."""


@dataclass(slots=True)
class Sent:
    """What became of a file's records."""

    path: str
    accepted: int = 0
    rejected: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    is_resumed: bool = False

    def words(self) -> str:
        """Return it for people."""
        if self.is_resumed and not (self.accepted or self.rejected or self.ignored):
            return f"{plain(self.path)}: nothing new since the last time"
        types = ", ".join(f"{plain(name)} {count:,}" for name, count in sorted(self.ignored.items()))
        ignored = f"{self.ignored.total():,} ignored" + (f" ({types})" if types else "")
        since = ", since the last time" if self.is_resumed else ""
        return f"{plain(self.path)}: {self.accepted:,} accepted, {ignored}, {self.rejected:,} rejected{since}"

    def row(self) -> str:
        """Return it as a line of JSON."""
        told = {"source": self.path, "accepted": self.accepted, "ignored": dict(self.ignored)}
        return json.dumps(told | {"rejected": self.rejected, "resumed": self.is_resumed})


@dataclass(frozen=True, slots=True)
class Errand:
    """To which door (states know it by `address`), whose files (None: as they look), and whether all of them."""

    door: Door
    address: str
    states: Path
    mta: str | None = None
    again: bool = False


def push(paths: Sequence[str], errand: Errand, *, as_json: bool = False) -> int:
    """Send the files that `paths` name and return the exit code. Raises `CommandError`."""
    check(paths)
    problems = Problems()
    rejected = 0
    begun = False
    with progress_over(paths, "Sending", HIDDEN_AMONG_LOGS) as progress:
        for path in files(paths, problems, HIDDEN_AMONG_LOGS):
            sent = Sent(path)
            try:
                _send(sent, errand, progress, problems)
            except (OSError, EOFError, zlib.error) as error:
                problems.add(f"{path}: {error or type(error).__name__}; what is before that was sent")
            except CommandError as error:
                if begun or sent.accepted:
                    _tell(sent, progress, as_json=as_json)
                    raise CommandError(str(error), BROKEN) from error
                raise
            _tell(sent, progress, as_json=as_json)
            begun = True
            rejected += sent.rejected
    return INCOMPLETE if rejected or problems.count else DONE


def _send(sent: Sent, errand: Errand, progress: Progress, problems: Problems) -> None:
    with opened(sent.path) as (file, on_disk):
        kind = kind_of(sent.path, file, errand.mta)
        file.seek(0)
        state = PushState(errand.states, errand.address, kind.mta, file)
        start = Position() if errand.again else state.resume(file)
        if errand.again:
            file.seek(0)
        sent.is_resumed = start.offset > 0
        shown = 0

        def unfinished(line: int) -> None:
            problems.add(
                f"{plain(sent.path)}:{line}: has no line end: it is still being written, or was cut, and is not sent. "
                "Send the file again when it is whole"
            )

        for batch in batches(file, kind, start, unfinished):
            for part, answer in _delivered(errand.door, kind, batch):
                _count(sent, part, answer, problems)
            state.sent(batch.content, batch.end)
            progress.advance(on_disk.tell() - shown)
            shown = on_disk.tell()


def _delivered(door: Door, kind: Kind, batch: Batch) -> list[tuple[Batch, Answer]]:
    """Send `batch`, in parts where the door takes no more at once, and return what was sent with its answer."""
    try:
        return [(batch, door.push(kind.mta, batch.body(), OCTETS))]
    except TooLarge as error:
        if len(batch.records) == 1:
            raise CommandError(f"line {batch.lines[0]} alone is more than the door takes: {error}", BROKEN) from error
    return [each for half in batch.halves() for each in _delivered(door, kind, half)]


def _count(sent: Sent, batch: Batch, answer: Answer, problems: Problems) -> None:
    sent.accepted += answer.accepted
    sent.rejected += answer.rejected
    sent.ignored.update(answer.ignored)
    for place, reason in answer.rejections:
        sent.shown += 1
        if sent.shown <= SHOWN_REJECTIONS:
            problems.note(f"{plain(sent.path)}:{batch.line_of(place)}: {plain(reason)}")
    if answer.more:
        problems.note(f"{plain(sent.path)}: {answer.more:,} more of these lines were rejected")


def _tell(sent: Sent, progress: Progress, *, as_json: bool) -> None:
    progress.write(ascii_only(sent.row() if as_json else sent.words()) + "\n")


def ascii_only(text: str) -> str:
    """Return `text` as every terminal shows it; a path may hold what this one's encoding has not."""
    return text.encode("ascii", "backslashreplace").decode()
