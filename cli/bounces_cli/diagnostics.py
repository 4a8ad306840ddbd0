"""Reports to be judged: made of diagnostics, one a line, or read from mails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bounces.records import Event, Report, Source
from bounces_cli.lines import lines_of
from bounces_cli.problems import Problems


@dataclass(frozen=True, slots=True)
class Origin:
    """What a bare diagnostic does not say and a pattern's scope asks for: the recipient and the remote host."""

    recipient: str | None = None
    remote_mta: str | None = None


def report_of(diagnostic: str, origin: Origin, place: int) -> Report:
    """Return the report of a bounce of which only `diagnostic` is known; `place` numbers it."""
    return Report(
        id=str(place),
        source=Source.API,
        event=Event.BOUNCE,
        recipient=origin.recipient,
        remote_mta=origin.remote_mta,
        diagnostic=diagnostic,
    )


def reports_of_lines(path: str, origin: Origin) -> Iterator[Report]:
    """Yield a report for each line of the file `path` (`-`: standard input) that is not blank.

    Raises `CommandError` where the file cannot be read.
    """
    for place, line in enumerate(lines_of(path), start=1):
        if line.strip():
            yield report_of(line, origin, place)


def reports_of_mails(paths: Iterable[str], problems: Problems) -> Iterator[Report]:
    """Yield the reports of the mails that `paths` name; a mail that cannot be read is added to `problems`."""
    from bounces.reading import read_mail
    from bounces_cli.sources import check, mails, places

    check(paths)
    for place in places(paths, problems):
        try:
            for _, raw in mails(place):
                yield from read_mail(raw).reports
        except OSError as error:
            problems.add(str(error))
