"""`bounces suppressions export`: all or what is new, and the same bytes where it was broken off."""

import csv
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest

from bounces.store.rows import FIELDS
from bounces_cli import suppression_export
from tests.stack import in_memory, times
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import DAY, THEN, Bounces
from tests.stack.verdicts import USER, hard, soft


def filled(tables: Tables) -> None:
    store = tables.store
    for number in range(30):
        store.add(f"u{number}@example.com", "manual", at=THEN, by="ann", why="=1+1; \u00e9\nnext")
    store.add("=cmd@example.com", "manual", at=THEN, by="'ann", why="", list_id="=news", expires=THEN + DAY)
    store.lift("u3@example.com", at=THEN + DAY, by="bob", why="wrote")
    for name, day in (("a", 0), ("b", 8), ("c", 15)):
        store.apply(soft(name, at=THEN + day * DAY, received_time=THEN + (day + 1) * DAY))
    store.undo("user@example.com", "c", at=THEN + 20 * DAY, by="ann", why="a mistake")
    store.apply(soft("d", at=THEN + 16 * DAY, received_time=THEN + 16 * DAY))
    store.apply(hard("e", at=THEN + 18 * DAY, received_time=THEN + 18 * DAY))


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_comes_back_as_equal_items(tables: Tables, bounces: Bounces, tmp_path: Path, form: str) -> None:
    filled(tables)
    before = in_memory.stated(tables.suppressions)
    file = tmp_path / f"out.{form}"
    assert bounces("suppressions", "export", "--out", file) == 0
    in_memory.clear(tables.suppressions, ("address",))
    assert bounces("suppressions", "import", file) == 0
    after = in_memory.stated(tables.suppressions)
    assert after == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name, "states"]


def test_no_cell_of_an_export_is_a_formula(
    tables: Tables, bounces: Bounces, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    filled(tables)
    assert bounces("suppressions", "export") == 0
    text = capsysbinary.readouterr().out.decode()
    assert text.startswith(",".join(FIELDS) + "\r\n")
    cells = [cell for row in csv.reader(text.splitlines(keepends=True), strict=True) for cell in row]
    assert "'=cmd@example.com" in cells
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n")]


@pytest.fixture
def exported_since(bounces: Bounces, capsys: pytest.CaptureFixture[str]) -> Callable[[datetime], set[str]]:
    """Return what says which addresses an export since a time has."""

    def since(time: datetime) -> set[str]:
        capsys.readouterr()
        assert bounces("suppressions", "export", "--since", f"{time:%Y-%m-%dT%H:%M:%SZ}", "--format", "json") == 0
        return {json.loads(line)["address"] for line in capsys.readouterr().out.splitlines()}

    return since


Since = Callable[[datetime], set[str]]


def test_an_export_since_a_time_has_what_was_written_then_or_later(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str], exported_since: Since
) -> None:
    """However old it is: a mailbox' mail came in when its server got it, and a queue may hold it for days."""
    with times.at(THEN + 30 * DAY):
        filled(tables)
    with times.at(THEN + 40 * DAY):
        old = hard("old", at=THEN - 900 * DAY, recipient="old@example.com", addressee="old@example.com")
        assert tables.store.apply(old).words.startswith("suppressed")
        tables.store.lift("u7@example.com", at=THEN + 2 * DAY, by="ann", why="told late")
    assert exported_since(THEN + 40 * DAY) == {"old@example.com", "u7@example.com"}
    assert exported_since(THEN + 40 * DAY + timedelta(seconds=1)) == set()
    assert len(exported_since(THEN + 30 * DAY)) == 33
    assert bounces("suppressions", "export") == 0
    next_time = datetime.fromisoformat(capsys.readouterr().err.split()[-1])
    assert timedelta(minutes=15) <= datetime.now(UTC) - next_time < timedelta(minutes=20)


def test_what_was_known_is_not_new(tables: Tables, bounces: Bounces, tmp_path: Path, exported_since: Since) -> None:
    filled(tables)
    file = tmp_path / "all.csv"
    assert bounces("suppressions", "export", "--out", file) == 0
    in_memory.clear(tables.suppressions, ("address",))
    with times.at(THEN + 50 * DAY):
        assert bounces("suppressions", "import", file, "--state", tmp_path / "one") == 0
    before = in_memory.scan(tables.suppressions)
    with times.at(THEN + 60 * DAY):
        assert bounces("suppressions", "import", file, "--state", tmp_path / "two") == 0
        assert tables.store.apply(hard("e", at=THEN + 18 * DAY, received_time=THEN + 18 * DAY)).is_duplicate
    assert sorted(in_memory.scan(tables.suppressions), key=repr) == sorted(before, key=repr)
    assert len(exported_since(THEN + 50 * DAY)) == 32
    assert exported_since(THEN + 51 * DAY) == set()


def test_of_an_item_of_before_nobody_knows_when_it_was_written_so_it_is_exported(
    tables: Tables, exported_since: Since
) -> None:
    tables.store.add("a@example.com", "manual", at=THEN, by="ann", why="x")
    (item,) = in_memory.scan(tables.suppressions)
    item["changed"] = item.pop("written")
    boto3.client("dynamodb").put_item(TableName=tables.suppressions, Item=item)
    later = datetime.now(UTC) + DAY
    assert exported_since(later) == {"a@example.com"}
    tables.store.add("a@example.com", "manual", at=THEN + DAY, by="ann", why="x", list_id="news")
    assert exported_since(later) == set()
    (item,) = in_memory.scan(tables.suppressions)
    assert "changed" not in item


def test_an_export_is_its_owner_s_alone(tables: Tables, bounces: Bounces, tmp_path: Path) -> None:
    filled(tables)
    file, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    state = tmp_path / "out.csv.state"
    for each in (file, part):
        each.write_text("of a version before")
        each.chmod(0o644)
    seen: list[int] = []
    original = suppression_export._page

    def strike(*arguments: Any) -> None:
        original(*arguments)
        seen.append(stat.S_IMODE(part.stat().st_mode))
        if len(seen) > 1:
            raise KeyboardInterrupt

    with mock.patch("bounces.store.scanning.PAGE", 5):
        with mock.patch.object(suppression_export, "_page", strike):
            assert bounces("suppressions", "export", "--out", file) == 130
        assert stat.S_IMODE(state.stat().st_mode) == 0o600
        part.chmod(0o644)  # as a version before left it
        assert bounces("suppressions", "export", "--out", file) == 0
    assert seen == [0o600, 0o600]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("address,")


def test_only_what_suppresses_now_can_be_asked_for(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tables)
    assert bounces("suppressions", "export", "--live-only", "--format", "json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["address"] for row in rows} == {f"u{n}@example.com" for n in range(30) if n != 3} | {USER}
    assert {row["kind"] for row in rows} == {"cause", "escalation"}


@pytest.fixture
def whole(tables: Tables, bounces: Bounces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an export that nothing disturbs writes, in pages of five items."""
    filled(tables)
    monkeypatch.setattr("bounces.store.scanning.PAGE", 5)
    file = tmp_path / "whole.csv"
    assert bounces("suppressions", "export", "--out", file) == 0
    return file


def test_an_export_that_breaks_off_goes_on_and_has_the_same_bytes(
    whole: Path, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.csv"
    original = suppression_export._page
    pages: list[int] = []

    def strike(*arguments: Any) -> None:
        pages.append(1)
        if len(pages) in (3, 5):
            arguments[3].write(b"half a row,")
            raise KeyboardInterrupt
        original(*arguments)

    with mock.patch.object(suppression_export, "_page", strike):
        assert bounces("suppressions", "export", "--out", file) == 130
        assert not file.exists()
        assert bounces("suppressions", "export", "--out", file, "--since", "2024-01-01") == 2
        assert "another export that was interrupted" in capsys.readouterr().err
        assert bounces("suppressions", "export", "--out", file) == 130
        assert bounces("suppressions", "export", "--out", file) == 0
    assert "going on after" in capsys.readouterr().err
    assert file.read_bytes() == whole.read_bytes()
    assert len(pages) == 7 + 2  # no page was asked for twice but those that were struck
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.csv", "whole.csv"]


def test_of_two_exports_into_one_file_one_is_refused(
    whole: Path, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out.csv"
    original = suppression_export._page
    codes: list[int] = []

    def meet(*arguments: Any) -> None:
        original(*arguments)
        if not codes:
            codes.append(0)
            codes.append(bounces("suppressions", "export", "--out", file))

    with mock.patch.object(suppression_export, "_page", meet):
        assert bounces("suppressions", "export", "--out", file) == 0
    assert codes == [0, 2]
    assert "out.csv.part is being written by another export; wait for its end" in capsys.readouterr().err
    assert file.read_bytes() == whole.read_bytes()
    assert bounces("suppressions", "export", "--out", file) == 0
    assert not (tmp_path / "out.csv.part").exists()


def test_an_export_into_a_folder_that_is_not_there_does_nothing(
    bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("suppressions", "export", "--out", tmp_path / "none" / "out.csv") == 2
    assert "out.csv.part: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_an_export_is_asked_for_by_the_name_of_a_file(
    bounces: Bounces, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert bounces("suppressions", "export", "--out", name) == 2
    assert capsys.readouterr().err == f"bounces: --out: {name!r} is no name of a file\n"
