"""The list of hard bounces that a scan writes: who is on it, its form, and what is left of it after a kill."""

import csv
import io
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from bounces.addresses import key
from bounces.mailbox.ports import HandedIn
from bounces.patterns import Classifier, parse_patterns
from bounces.reading import Arrival, Reading, read_mail
from bounces.records import Event, Report, Source
from bounces.store.rows import Told, suppression_of
from bounces_cli.errors import CONFLICT, CommandError
from bounces_cli.hard_list import COLUMNS, HardList
from bounces_cli.import_rows import Rows, form_of
from bounces_cli.judging import Judge
from tests.unit.cli.mboxes import NOON, bounce, ordinary, our_mails


def handed_in(raw: bytes, name: str = "box#1") -> HandedIn:
    reading = read_mail(raw, Arrival(Source.MAILBOX, NOON))
    return HandedIn(name, raw, "", NOON, (), reading)


def reported(**given: object) -> HandedIn:
    """Return a mail that was read as a report of a hard bounce with the fields `given`."""
    told = {"recipient": "u@example.org", "status": "5.1.1", "diagnostic": "550 5.1.1 user unknown", **given}
    report = Report(id="1", source=Source.MAILBOX, event=Event.BOUNCE, **told)  # type: ignore[arg-type]
    return HandedIn("box#1", b"", "", NOON, (), Reading((report,), Event.BOUNCE, ""))


@cache
def judge() -> Judge:
    return Judge(Classifier())


def hard_list(path: Path) -> HardList:
    return HardList(str(path), judge())


def written(path: Path, *mails: HandedIn) -> list[list[str]]:
    with hard_list(path) as door:
        door.take(mails)
    return rows(path)


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(), newline="")))


def test_who_bounced_hard_is_on_the_list_with_what_was_said(tmp_path: Path) -> None:
    names, row = written(tmp_path / "hard.csv", handed_in(bounce(7)), handed_in(ordinary(8)))
    assert tuple(names) == COLUMNS
    assert row == [
        "u7@example.org", "bad-mailbox", "5.1.1", "550", "550 5.1.1 <u7@example.org>: user unknown",
        "2026-11-20T10:00:00Z", "", "box#1",
    ]  # fmt: skip


def test_a_list_of_the_sample_mails_has_exactly_the_hard_ones_once(tmp_path: Path) -> None:
    mails = [handed_in(raw) for raw in our_mails()]
    classifier = Classifier()
    verdicts = [classifier.classify(report) for mail in mails for report in mail.reading.reports]
    hard = dict.fromkeys(key(v.report.addressee) for v in verdicts if v.bounce_type == "hard" and v.report.addressee)
    assert len(hard) > 50
    assert [row[0] for row in written(tmp_path / "hard.csv", *mails)[1:]] == list(hard)


def test_the_one_who_was_mailed_is_on_it_and_not_where_it_was_forwarded_to(tmp_path: Path) -> None:
    mail = reported(recipient="target@example.net", addressee="Reader@Example.ORG")
    assert written(tmp_path / "hard.csv", mail)[1][0] == "reader@example.org"


@pytest.mark.parametrize(
    "mail",
    [
        reported(diagnostic="452 4.2.2 mailbox full", status="4.2.2"),
        reported(recipient=None),
        reported(recipient="nobody"),
        reported(recipient="a" * 300 + "@example.org"),
    ],
)
def test_who_did_not_bounce_hard_or_is_no_address_is_not_on_it(tmp_path: Path, mail: HandedIn) -> None:
    assert written(tmp_path / "hard.csv", mail) == [list(COLUMNS)]


@pytest.mark.parametrize("pattern", ["user unknown==>Soft", "user unknown==>Ignore"])
def test_an_operators_pattern_takes_off(tmp_path: Path, pattern: str) -> None:
    patterns, refused = parse_patterns(pattern)
    assert not refused
    with HardList(str(tmp_path / "hard.csv"), Judge(Classifier(patterns))) as door:
        door.take([reported()])
    assert rows(tmp_path / "hard.csv") == [list(COLUMNS)]


def test_a_second_scan_adds_who_is_new(tmp_path: Path) -> None:
    path = tmp_path / "hard.csv"
    written(path, handed_in(bounce(1)), handed_in(bounce(2)))
    before = path.read_bytes()
    with hard_list(path) as door:
        door.take([handed_in(bounce(2)), handed_in(bounce(3)), handed_in(bounce(1))])
        assert (door.rows, door.size, door.is_new) == (1, 3, False)
    assert path.read_bytes().startswith(before)
    assert [row[0] for row in rows(path)[1:]] == [f"u{number}@example.org" for number in (1, 2, 3)]


def test_wherever_a_kill_left_it_the_same_mails_make_it_whole(tmp_path: Path) -> None:
    mails = [handed_in(raw) for raw in (bounce(1), bounce(2), our_mails()[0])]
    undisturbed = tmp_path / "undisturbed.csv"
    written(undisturbed, *mails)
    whole = undisturbed.read_bytes()
    assert len(whole) > 300
    path = tmp_path / "hard.csv"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        written(path, *mails)
        assert path.read_bytes() == whole, cut


def test_no_cell_is_run_by_a_spreadsheet_and_all_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "hard.csv"
    formula = reported(recipient="=cmd@example.org", diagnostic='@SUM(1;=2) 550 5.1.1 user unknown, "so"')
    row = written(path, formula, reported(recipient="+a@example.org"))[1]
    assert row[0] == "'=cmd@example.org"
    assert row[4].startswith("'@SUM(1;'=2)")
    assert [row[0] for row in written(path, formula)[1:]] == ["'=cmd@example.org", "'+a@example.org"]


def test_a_row_is_one_line_whatever_a_stranger_wrote(tmp_path: Path) -> None:
    path = tmp_path / "hard.csv"
    with hard_list(path) as door:
        mail = handed_in(bounce(1), name="a\r\nb\x1b[31m\x85\u2028c.eml")
        door.take([mail])
    assert path.read_bytes().count(b"\n") == 2
    assert len(path.read_text().splitlines()) == 2


def test_the_list_can_be_imported_for_every_list_as_of_when_it_bounced(tmp_path: Path) -> None:
    path = tmp_path / "hard.csv"
    written(path, reported(list_id="news", event_time=NOON, recipient="=cmd@example.org"))
    with path.open("rb") as file:
        form = form_of(file.readline(), str(path))
        file.seek(0)
        (row,) = Rows(file, form, 0, 0)
    suppression = suppression_of(row.cells, Told(datetime(2026, 11, 25, tzinfo=UTC)))
    assert suppression.address == "=cmd@example.org"
    ((scope, known),) = suppression.scopes.items()
    assert scope == "global"
    assert known.causes[0].evidence.time == NOON


@pytest.mark.parametrize(
    "content", [b"address,name\r\na@example.org,A\r\n", b"my only notes"], ids=["CSV", "no line end"]
)
def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hard.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="is no list of hard bounces"):
        hard_list(path)
    assert path.read_bytes() == content


def test_two_scans_do_not_write_one_list_at_once(tmp_path: Path) -> None:
    path = tmp_path / "hard.csv"
    with hard_list(path):
        with pytest.raises(CommandError, match="is being written by another scan") as raised:
            hard_list(path)
        assert raised.value.code == CONFLICT
    hard_list(path)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file or directory"):
        hard_list(tmp_path / "nowhere" / "hard.csv")
    with pytest.raises(CommandError, match="Is a directory"):
        hard_list(tmp_path)
