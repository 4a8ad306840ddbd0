"""`bounces inspect`: what each mail says, and what would be done."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from bounces_cli.errors import BROKEN, DONE, INCOMPLETE, CommandError
from bounces_cli.outcomes import Outcome, Reader, Task
from bounces_cli.problems import Problems
from bounces_cli.progress import Progress, progress_over
from bounces_cli.sources import Place, check, places
from bounces_cli.workers import WorkerEnded, can_fork, in_order

# Mails that go to a process at once: enough to be read step by step (`outcomes.Reader`) with little said between, and
# few enough that none waits for long. The last of them are parted, so that all processes end together.
CHUNK: Final = 64
LAST: Final = 2  # chunks
PART: Final = 16  # mails
MAX_CHUNK_BYTES: Final = 1 << 20
# The objects that a few chunks take: a collection within one would look through mails that are still being read.
OBJECTS_OF_CHUNKS: Final = 50_000
# Below so many mails a second process is not worth starting.
FEW: Final = 128


def inspect(paths: list[str], *, as_json: bool, jobs: int | None = None) -> int:
    """Show what the mails in `paths` say, and return the exit code. `jobs` processes read (None: one a core).

    Raises `CommandError` where a path does not exist, and where a process that reads ends without an answer.
    """
    check(paths)
    problems = Problems()
    with progress_over(paths) as progress:
        outcomes = _outcomes(places(paths, problems), as_json=as_json, jobs=jobs or _cores())
        try:
            if as_json:
                for outcome in _followed(outcomes, progress, problems):
                    progress.write(outcome.lines)
            else:
                from bounces_cli.inspect_report import show

                show(chain.from_iterable(o.rows for o in _followed(outcomes, progress, problems)), progress.console)
        except WorkerEnded as ended:
            chunk = [Place(*fields) for fields in ended.task[0]]
            raise CommandError(
                f"a process that reads mails ended ({ended}) while it was at {chunk[0].source} to {chunk[-1].source}; "
                "nothing from there on is in the output. --jobs 1 reads them in one process",
                BROKEN,
            ) from ended
    return INCOMPLETE if problems.count else DONE


def _followed(outcomes: Iterable[Outcome], progress: Progress, problems: Problems) -> Iterator[Outcome]:
    for outcome in outcomes:
        for line in outcome.problems:
            problems.add(line)
        progress.advance(outcome.size)
        yield outcome


def _outcomes(found: Iterator[Place], *, as_json: bool, jobs: int) -> Iterator[Outcome]:
    """Yield what became of the mails `found`, in their order, read by up to `jobs` processes."""
    first = list(islice(found, FEW))
    chunks = _chunks(chain(first, found))
    reader = Reader(as_json=as_json)
    gc.freeze()  # what is there stays: a collection would look through it all, and copy its pages in a worker
    gc.set_threshold(OBJECTS_OF_CHUNKS)
    gc.enable()
    if jobs == 1 or len(first) < FEW or not can_fork():
        return map(reader.read, chunks)
    tasks: Iterator[Task] = (([tuple(place) for place in chunk], None) for chunk in _parted_at_the_end(chunks))
    return map(Outcome.unpacked, in_order(reader.share, tasks, jobs))


def _chunks(found: Iterable[Place]) -> Iterator[list[Place]]:
    chunk: list[Place] = []
    size = 0
    for place in found:
        chunk.append(place)
        # A file of a length that is not known may be the longest: it shares a process' memory with few others.
        size += MAX_CHUNK_BYTES if place.length is None else place.length
        if len(chunk) == CHUNK or size >= MAX_CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _parted_at_the_end(chunks: Iterable[list[Place]]) -> Iterator[list[Place]]:
    held: list[list[Place]] = []
    for chunk in chunks:
        held.append(chunk)
        if len(held) > LAST:
            yield held.pop(0)
    for chunk in held:
        yield from (chunk[begin : begin + PART] for begin in range(0, len(chunk), PART))


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
