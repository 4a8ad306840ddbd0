"""What becomes of a chunk of mails in a process that reads: lines of JSON, or rows for people."""

from collections.abc import Iterable
from functools import cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple, Self

from bounces.patterns import Classifier
from bounces.reading import Reading, read_mail, read_quickly
from bounces.records import Verdict
from bounces_cli.sources import Place, mails
from bounces_cli.workers import PassOn

# The lines so far, None for each mail that is left; those mails; what could not be read; the bytes of all.
Left = tuple[list[str | None], list[tuple[str, bytes]], list[str], int]
# What a process is given: the fields of places, and what another left of their mails (None: nothing is done yet).
Task = tuple[list[tuple[Any, ...]], Left | None]


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
    def unpacked(cls, fields: tuple[Any, ...]) -> Self:
        """Return what `packed` gave again."""
        lines, rows, problems, size = fields
        if rows:
            import pickle

            rows = pickle.loads(rows)  # noqa: S301  our own process wrote it
        return cls(lines, rows, problems, size)


class Reader:
    """Reads chunks of mails, and judges what they say.

    Step by step over all mails of a chunk, since each step's code and tables then stay in the processor's caches: a
    sixth faster than mail by mail.
    """

    def __init__(self, *, as_json: bool) -> None:
        """Compile the rules. With `as_json` outcomes have lines of JSON, else rows."""
        self._classify = _classifier().classify_all
        self._as_json = as_json

    def read(self, chunk: Iterable[Place]) -> Outcome:
        """Return what became of the mails of `chunk`."""
        found, problems, size = _found(chunk)
        rows = self._rows(found, [read_mail(raw) for _, raw in found])
        if not self._as_json:
            return Outcome("", rows, problems, size)
        return Outcome("".join([_line_of(row) for row in rows]), [], problems, size)

    def share(self, task: Task) -> tuple[Any, ...]:
        """Return the outcome, packed, of `task`, as one of several processes: only one of them imports mail-parser.

        Raises `PassOn` with the mails of a chunk that are left to that one.
        """
        places, left = task
        if left is not None:
            return self._finished(*left).packed()
        chunk = [Place(*fields) for fields in places]
        if not self._as_json:
            return self.read(chunk).packed()
        found, problems, size = _found(chunk)
        readings = [read_quickly(raw) for _, raw in found]
        quick = [(mail, reading) for mail, reading in zip(found, readings, strict=True) if reading is not None]
        rows = iter(self._rows([mail for mail, _ in quick], [reading for _, reading in quick]))
        lines = [None if reading is None else _line_of(next(rows)) for reading in readings]
        if len(quick) < len(found):
            slow = [mail for mail, reading in zip(found, readings, strict=True) if reading is None]
            raise PassOn((places, (lines, slow, problems, size)))
        return Outcome("".join(filter(None, lines)), [], problems, size).packed()

    def _finished(
        self, lines: list[str | None], slow: list[tuple[str, bytes]], problems: list[str], size: int
    ) -> Outcome:
        rows = iter(self._rows(slow, [read_mail(raw) for _, raw in slow]))
        return Outcome("".join([_line_of(next(rows)) if line is None else line for line in lines]), [], problems, size)

    def _rows(self, found: list[tuple[str, bytes]], readings: list[Reading]) -> list[Row]:
        verdicts = iter(self._classify([report for reading in readings for report in reading.reports]))
        return [
            Row(source, [next(verdicts) for _ in reading.reports], reading.reason)
            for (source, _), reading in zip(found, readings, strict=True)
        ]


@cache
def _classifier() -> Classifier:
    return Classifier()


def _found(chunk: Iterable[Place]) -> tuple[list[tuple[str, bytes]], list[str], int]:
    """Return the mails of `chunk` with their sources, what could not be read, and how many bytes were."""
    found: list[tuple[str, bytes]] = []
    problems: list[str] = []
    for place in chunk:
        try:
            found.extend(mails(place))
        except OSError as error:
            problems.append(str(error))
    return found, problems, sum([len(raw) for _, raw in found])


def _line_of(row: Row) -> str:
    """Return the line of JSON, in ASCII, on the mail of `row`."""
    reports = ", ".join([_object_of(report_of(verdict)) for verdict in row.verdicts])
    return f'{{"source": {quoted(row.source)}, "reports": [{reports}]}}\n'


def _object_of(texts: dict[str, str | None]) -> str:
    """Return the object of JSON, in ASCII, with `texts`: json's encoder, which has to find out what each value is,
    takes half as long again.
    """
    members = [f'"{name}": {"null" if text is None else quoted(text)}' for name, text in texts.items()]
    return f"{{{', '.join(members)}}}"


def report_of(verdict: Verdict) -> dict[str, str | None]:
    """Return what a line of JSON says of one report."""
    report = verdict.report
    return {
        "event": report.event,
        "recipient": report.recipient,
        "original_recipient": report.original_recipient,
        "addressee": report.addressee,
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
