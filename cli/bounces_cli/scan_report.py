"""What `bounces scan` says of each mail, and at its end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bounces.mailbox.batches import Sorted
from bounces.mailbox.mailboxes import Filing
from bounces.mailbox.ports import Listed, Place
from bounces.mailbox.scanning import Outcome
from bounces.records import Verdict
from bounces_cli.file_sessions import MailInFile
from bounces_cli.inspect_report import Screen, outcome, show_mail
from bounces_cli.judging import Judge
from bounces_cli.mbox_session import MailOfMbox
from bounces_cli.outcomes import report_of
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.progress import Progress
from bounces_cli.scan_boxes import Box

_ENCODE: Final = json.JSONEncoder().encode
_SAID_FIRST: Final = ("hard", "soft")


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is said: as JSON, and each mail for people too, as of a dry run."""

    as_json: bool
    is_dry: bool


class Telling:
    """Tells of each mail as it is done with, and counts what they come to."""

    def __init__(self, box: Box, judge: Judge, manner: Manner, progress: Progress, problems: Problems) -> None:
        """Tell of the mails of `box` on `progress`; those that failed are added to `problems`."""
        self.outcomes: Counter[str] = Counter()
        self.mails = 0
        self._box = box
        self._judge = judge
        self._manner = manner
        self._progress = progress
        self._problems = problems
        self._shown = 0

    def __call__(self, mail: Sorted) -> None:
        """Tell of `mail`."""
        verdicts = self._judge.verdicts(mail.reading)
        self.outcomes.update(map(outcome, verdicts))
        self.mails += 1
        source = self._source(mail.listed)
        if mail.place is Place.FAILED:
            self._problems.add(f"{plain(source)}: {plain(mail.reading.reason)}")
        self._progress.advance(self._size(mail.listed))
        if self._manner.as_json:
            self._progress.write(_ENCODE(self._row(source, mail.place, verdicts)) + "\n")
        elif self._manner.is_dry:
            console = self._progress.console or Screen()
            show_mail(source, list(verdicts), plain(mail.reading.reason), console)
            console.print(f"  {self.would_be(mail.place)}", style="dim", markup=False, emoji=False, highlight=False)

    def would_be(self, place: Place) -> str:
        """Return where a mail of `place` belongs and what would be done with it, in words."""
        is_left = self._box.filing is Filing.LEAVE
        return place.value if is_left else f"{place}, would be {filed(place, self._box)}"

    def _row(self, source: str, place: Place, verdicts: Sequence[Verdict]) -> dict[str, Any]:
        row: dict[str, Any] = {"source": source, "place": place}
        if self._manner.is_dry:
            row["would_be"] = filed(place, self._box)
        return row | {"reports": [report_of(verdict) for verdict in verdicts]}

    def _source(self, listed: Listed) -> str:
        """Return the mail's name: as `inspect` has it, where it is in a file."""
        return listed.place.source if isinstance(listed, MailInFile) else f"{self._box.name}#{listed.name}"

    def _size(self, listed: Listed) -> int:
        """Return by how much the progress advances: bytes of files, else mails."""
        if not isinstance(listed, MailOfMbox):
            return 1 if self._box.is_remote else listed.size or 0
        before, self._shown = self._shown, listed.number  # with what was done before
        return max(0, listed.number - before)


def filed(place: Place, box: Box) -> str:
    """Return how mails of `place` are filed, in words."""
    filing = box.filing
    if filing is Filing.DELETE:
        if place is Place.PROCESSED:
            return "deleted"
        filing = Filing.LEAVE if box.name.startswith("pop3:") else Filing.MOVE
    if filing is Filing.MOVE:
        names = {
            Place.PROCESSED: box.folders.processed,
            Place.UNRECOGNISED: box.folders.unrecognised,
            Place.FAILED: box.folders.failed,
        }
        return f"moved to {plain(names[place])}"
    return f"flagged as {place}" if filing is Filing.FLAG else "left in place"


def summary(outcome: Outcome, outcomes: Mapping[str, int], list_rows: int | None) -> str:
    """Return the line of JSON at the end. `list_rows` is how many addresses are new on the list, if one is written."""
    told: dict[str, Any] = {
        "taken": outcome.taken,
        "known": outcome.known,
        **{place.value: outcome.places[place] for place in Place},
        "unfiled": outcome.unfiled,
        "finished": outcome.is_finished,
        "reports": dict(sorted(outcomes.items())),
    }
    return _ENCODE({"summary": told if list_rows is None else told | {"listed": list_rows}}) + "\n"


def words(box: Box, outcome: Outcome, outcomes: Mapping[str, int], *, is_dry: bool) -> list[str]:
    """Return what came of the scan for people, but for where mails went."""
    verb = "would be taken" if is_dry else "taken"
    known = f", {_mails(outcome.known)} known from before" if outcome.known else ""
    if outcome.is_finished and not outcome.places.total():
        return [f"{plain(box.name)}: nothing new" + ("" if is_dry else " since the last time; --again takes all mails")]
    first = f"{plain(box.name)}: {_mails(outcome.taken)} {verb}{known}"
    rest = sorted(name for name in outcomes if name not in _SAID_FIRST)
    said = [f"{outcomes.get(name, 0):,} {name}" for name in (*_SAID_FIRST, *rest)]
    lines = [first, f"  reports       {', '.join(said)}"]
    for place in Place:
        number = outcome.places[place]
        if number and not is_dry:
            lines.append(f"  {place:<13} {_mails(number)}, {filed(place, box)}")
        elif number:
            lines.append(f"  {place:<13} {_mails(number)}")
    if outcome.unfiled:
        lines.append(
            f"  not filed     {_mails(outcome.unfiled)}: safe, and still where they were; the next scan tries again"
        )
    return lines


def _mails(number: int) -> str:
    return f"{number:,} mail" + ("" if number == 1 else "s")
