"""`bounces suppressions check`: who may be mailed, however an address is written."""

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bounces_cli.main import main
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import THEN, Bounces
from tests.stack.verdicts import USER, hard


def test_the_check_says_of_each_address_whether_it_may_be_mailed(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard())
    tables.store.add("a@example.com", "manual", at=THEN, by="ann", why="asked", list_id="news")
    assert bounces("suppressions", "check", "--list", "News", stdin=f"{USER}\n\na@example.com\r\nb@example.com\n") == 1
    shown = capsys.readouterr()
    assert [line.split()[:2] for line in shown.out.splitlines()] == [
        [USER, "suppressed"],
        ["a@example.com", "suppressed"],
        ["b@example.com", "sendable"],
    ]
    assert "hard-bounce since 2026-11-24, by ses" in shown.out
    assert shown.err == "bounces: 3 checked: 1 sendable, 2 suppressed\n"
    assert bounces("suppressions", "check", "a@example.com", "b@example.com") == 0


def test_no_address_is_said_to_be_none_and_not_sendable(bounces: Bounces, capsys: pytest.CaptureFixture[str]) -> None:
    assert bounces("suppressions", "check", "--json", stdin="nobody\n\x1b[31m@example.com\nok@example.com\n") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["sendable"], row["answer"]) for row in rows] == [
        (False, "no address"),
        (False, "no address"),
        (True, "sendable"),
    ]
    assert bounces("suppressions", "check", "\x1b[31mred") == 1
    assert "\x1b" not in capsys.readouterr().out
    assert bounces("suppressions", "check", "--sendable", stdin="nobody\nok@example.com\n") == 1
    assert capsys.readouterr().out == "ok@example.com\n"


def test_a_check_of_many_asks_a_thousand_at_a_time(
    bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "addresses"
    file.write_text("".join(f"u{number}@example.com\n" for number in range(2_100)))
    with in_memory.calls() as calls:
        assert bounces("suppressions", "check", "--file", file) == 0
    assert calls.operations == ["BatchGetItem"] * 21
    assert "2,100 checked: 2,100 sendable, 0 suppressed" in capsys.readouterr().err


def test_a_check_of_nothing_or_of_two_things_is_refused(
    bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("suppressions", "check", "a@example.com", "--file", tmp_path / "x") == 2
    assert bounces("suppressions", "check", "--file", tmp_path / "none") == 2
    assert "No such file" in capsys.readouterr().err


# Each is bob@example.org, who is suppressed, as files and spreadsheets have him.
BOB = [
    "\ufeffbob@example.org",
    "BOB@example.org ",
    "bob@example.org\u200b",
    "\u200bbob@example.org",
    "\u2060bob@example.org",
    "\u00a0bob@example.org",
    "\u200ebob@example.org\u200f",
    '"bob"@example.org',
    '"b\\ob"@example.org',
    "mailto:bob@example.org",
    "bob@ex\u00adample.org",
    "bob@ｅxample.org",
]


SAME = [("jos\u00e9@example.org", "jose\u0301@example.org"), ("ann@straße.de", "ann@xn--strae-oqa.de")]


@pytest.mark.parametrize("written", BOB)
def test_who_is_suppressed_is_so_however_he_is_written(tables: Tables, bounces: Bounces, written: str) -> None:
    tables.store.add("bob@example.org", "manual", at=THEN, by="ann", why="asked")
    assert bounces("suppressions", "check", stdin=f"{written}\nann@example.org\n") == 1
    assert not tables.store.check([written], None, datetime.now(UTC))[0].sendable


@pytest.mark.parametrize(("one", "other"), [*SAME, *(pair[::-1] for pair in SAME)])
def test_two_ways_to_write_an_address_are_one(tables: Tables, bounces: Bounces, one: str, other: str) -> None:
    assert bounces("suppressions", "add", one, "--why", "x") == 0
    assert bounces("suppressions", "check", other) == 1


def test_an_import_knows_an_address_however_it_is_written(tables: Tables, bounces: Bounces, tmp_path: Path) -> None:
    (tmp_path / "bob.txt").write_text("\n".join(BOB), encoding="utf-8")
    assert bounces("suppressions", "import", tmp_path / "bob.txt") == 0
    assert [each.address for each in tables.store.suppressions()] == ["bob@example.org"]


def test_another_s_domain_is_not_suppressed_by_a_letter_of_ours(bounces: Bounces) -> None:
    assert bounces("suppressions", "add", "ann@straße.de", "--why", "x") == 0
    assert bounces("suppressions", "check", "ann@strasse.de") == 0


def test_what_may_be_mailed_is_printed_as_it_was_asked_for(
    bounces: Bounces, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "\ufeffAnn@example.org\n<bea@example.org>\u200b\ncid@ex\u00adample.org\njos\u00e9@bücher.example\n"
    assert bounces("suppressions", "check", "--sendable", stdin=given) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Ann@example.org",
        "bea@example.org",
        "cid@example.org",
        "jos\u00e9@bücher.example",
    ]
    latin = b"jos\xe9@example.org\n" + "b\u200bob@example.org\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(latin)))
    assert main(["suppressions", "check", "--sendable"]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("verb", [("check",), ("lift", "--why", "x")])
def test_a_file_without_a_name_is_not_standard_input(
    bounces: Bounces, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    assert bounces("suppressions", *verb, "--file", "") == 2
    assert "--file is empty" in capsys.readouterr().err
