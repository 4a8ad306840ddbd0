"""`bounces inspect`: what each mail says, and what would be done."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from bounces.patterns import Classifier
from bounces.reading import read_mail
from bounces.records import Verdict
from bounces_cli.errors import BROKEN, DONE, INCOMPLETE, CommandError
from bounces_cli.problems import Problems
from bounces_cli.progress import Progress, progress_over
from bounces_cli.sources import Place, check, mails, places
from bounces_cli.workers import WorkerEnded, can_fork, in_order

# Mails that go to a process at once: few enough that all processes end together.
CHUNK: Final = 32
MAX_CHUNK_BYTES: Final = 1 << 20
# Below so many mails a second process is not worth starting.
FEW: Final = 128


class Row(NamedTuple):
    """One mail: its source, the verdicts on its reports, and how it was read."""

    source: str
    verdicts: list[Verdict]
    reason: str


class Outcome(NamedTuple):
    """What became of a chunk of mails: lines of JSON or rows, what could not be read, and how many bytes were."""

    lines: str
    rows: list[Row]
    problems: list[str]
    size: int

    def packed(self) -> tuple[Any, ...]:
        """Return it in plain types, for another process."""
        if not self.rows:
            return tuple(self)
        import pickle

        return self.lines, pickle.dumps(self.rows), self.problems, self.size

    @classmethod
    def unpacked(cls, fields: tuple[Any, ...]) -> Outcome:
        """Return what `packed` gave again."""
        lines, rows, problems, size = fields
        if rows:
            import pickle

            rows = pickle.loads(rows)  # noqa: S301  our own process wrote it
        return cls(lines, rows, problems, size)


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
            first, last = Place(*ended.task[0]), Place(*ended.task[-1])
            raise CommandError(
                f"a process that reads mails ended ({ended}) while it was at {first.source} to {last.source}; "
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
    work = _reader(as_json=as_json)
    gc.freeze()  # what is there stays: a collection would look through it all, and copy its pages in a worker
    gc.enable()
    if jobs == 1 or len(first) < FEW or not can_fork():
        return map(work, chunks)

    def work_packed(task: list[tuple[Any, ...]]) -> tuple[Any, ...]:
        return work([Place(*fields) for fields in task]).packed()

    tasks: Iterator[list[tuple[Any, ...]]] = ([tuple(place) for place in chunk] for chunk in chunks)
    return map(Outcome.unpacked, in_order(work_packed, tasks, jobs))


def _reader(*, as_json: bool) -> Callable[[list[Place]], Outcome]:
    """Return what reads a chunk of mails."""
    classify = Classifier().classify

    def read(chunk: list[Place]) -> Outcome:
        # Step by step over all mails of the chunk, since each step's code and tables then stay in the processor's
        # caches: a fifth faster than mail by mail.
        found: list[tuple[str, bytes]] = []
        problems: list[str] = []
        for place in chunk:
            try:
                found.extend(mails(place))
            except OSError as error:
                problems.append(str(error))
        readings = [(source, read_mail(raw)) for source, raw in found]
        rows = [Row(source, [classify(r) for r in reading.reports], reading.reason) for source, reading in readings]
        lines = "".join([json_line(row.source, row.verdicts) for row in rows]) if as_json else ""
        return Outcome(lines, [] if as_json else rows, problems, sum([len(raw) for _, raw in found]))

    return read


def json_line(source: str, verdicts: Iterable[Verdict]) -> str:
    """Return the line of JSON, in ASCII, on the mail `source` with `verdicts`."""
    return json.dumps({"source": source, "reports": [_row(verdict) for verdict in verdicts]}) + "\n"


def _row(verdict: Verdict) -> dict[str, Any]:
    report = verdict.report
    return {
        "event": report.event,
        "recipient": report.recipient,
        "original_recipient": report.original_recipient,
        "action": report.action,
        "status": report.status,
        "reply_code": report.reply_code,
        "diagnostic": report.diagnostic,
        "remote_mta": report.remote_mta,
        "category": verdict.category,
        "bounce_type": None if verdict.bounce_type == "none" else verdict.bounce_type,
        "rule": verdict.rule,
        "list": report.list_id,
        "campaign": report.campaign,
    }


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


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
