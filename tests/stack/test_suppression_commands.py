"""`bounces suppressions` and `bounces subscribers` on the tables: check, add, lift, import, export."""

import csv
import getpass
import gzip
import io
import json
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest

from bounces.store import GLOBAL, Cause, Scope, Suppression
from bounces.store.evidence import Evidence
from bounces.store.models import SuppressionItem, in_table
from bounces.store.rows import FIELDS
from bounces_cli import importing, suppression_export, suppression_import
from bounces_cli.main import main
from tests.stack import in_memory, times
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import Bounces
from tests.stack.verdicts import USER, hard, soft

DAY = timedelta(days=1)
THEN = datetime(2024, 5, 1, 12, tzinfo=UTC)


def known(tables: Tables, address: str) -> Suppression:
    suppression = tables.store.suppression(address)
    assert suppression is not None
    return suppression


# check


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


@pytest.mark.parametrize("verb", [("check", "--file"), ("import",)])
def test_utf_16_is_refused_in_words(
    bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    (tmp_path / "a.txt").write_text("address\na@example.com\n", encoding="utf-16")
    assert bounces("suppressions", *verb, tmp_path / "a.txt") == 2
    assert "this is UTF-16; write it as UTF-8" in capsys.readouterr().err


def test_an_import_knows_an_address_however_it_is_written(tables: Tables, bounces: Bounces, tmp_path: Path) -> None:
    (tmp_path / "bob.txt").write_text("\n".join(BOB), encoding="utf-8")
    assert bounces("suppressions", "import", tmp_path / "bob.txt") == 0
    assert [each.address for each in tables.store.suppressions()] == ["bob@example.org"]


def test_an_export_that_is_imported_gives_addresses_their_keys_of_today(
    tables: Tables, bounces: Bounces, tmp_path: Path
) -> None:
    old = Suppression('"bob"@example.org', {GLOBAL: Scope((Cause("legal", "operator", Evidence(THEN, "x"), THEN),))})
    in_table(SuppressionItem, tables.suppressions).of(old.address, old).save()
    assert bounces("suppressions", "check", "bob@example.org") == 0
    assert bounces("suppressions", "export", "--out", tmp_path / "all.csv") == 0
    assert bounces("suppressions", "import", tmp_path / "all.csv") == 0
    assert bounces("suppressions", "check", "bob@example.org") == 1
    assert known(tables, "bob@example.org").scopes == old.scopes


# add and lift


def test_an_address_is_added_and_lifted_with_who_and_why(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        bounces("suppressions", "add", "A@Example.com", "--reason", "legal", "--why", "a letter", "--author", "ann")
        == 0
    )
    ((_, scope),) = known(tables, "a@example.com").scopes.items()
    (cause,) = scope.causes
    assert (cause.reason, cause.source, cause.by, cause.why) == ("legal", "operator", "ann", "a letter")
    assert abs(cause.evidence.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert bounces("suppressions", "lift", "a@example.com", "--why", "settled") == 0
    assert capsys.readouterr().out == (
        "a@example.com: suppressed for every list\na@example.com: lifted for every list\n"
    )
    lift = known(tables, "a@example.com").of("global").lift
    assert lift is not None
    assert (lift.by, lift.why) == (getpass.getuser(), "settled")
    assert {decided.what for decided in tables.store.decisions("a@example.com")} == {"suppressed", "lifted"}


def test_what_a_lift_of_the_same_second_answers_is_not_said_to_be_suppressed(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.lift("a@example.com", at=datetime.now(UTC) + DAY, by="ann", why="a clock that is wrong")
    assert bounces("suppressions", "add", "a@example.com", "b@example.com", "--why", "x") == 1
    shown = capsys.readouterr()
    assert shown.out == "b@example.com: suppressed for every list\n"
    assert "a@example.com: not suppressed, since it was lifted for every list" in shown.err


def test_a_suppression_may_end_by_itself(tables: Tables, bounces: Bounces) -> None:
    now = datetime.now(UTC)
    for address, expires in (("a@example.com", "90"), ("b@example.com", f"{now + 90 * DAY:%Y-%m-%d}")):
        assert bounces("suppressions", "add", address, "--why", "x", "--expires", expires, "--list", "news") == 0
        suppression = known(tables, address)
        assert suppression.cause("news", now + 80 * DAY) is not None
        assert suppression.cause("news", now + 91 * DAY) is None
        assert suppression.cause(None, now) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "a@example.com", "--why", " "), "--why is empty"),
        (("add", "a@example.com", "--why", "x", "--expires", "2020-01-01"), "is over already"),
        (("add", "a@example.com", "--why", "x", "--expires", "soon"), "'soon' is no time"),
        (("add", "a@example.com", "--why", "x", "--expires", "0"), "from 1 to 36,500"),
        (("add", "a@example.com", "--why", "x", "--list", ""), "--list is empty"),
        (("add", "nobody", "--why", "x"), "'nobody' is no mail address"),
        (("lift", "nobody", "--why", "x"), "'nobody' is no mail address"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_written(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert bounces("suppressions", *arguments) == 2
    assert says in capsys.readouterr().err
    assert tables.items() == []


@pytest.mark.parametrize("option", ["--why", "--reason", "--author", "--list", "--stack", "--subscribers-table"])
@pytest.mark.parametrize("verb", ["add", "import"])
def test_what_is_not_utf_8_is_refused_in_words(
    verb: str, option: str, tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    what = "a@example.com" if verb == "add" else written(tmp_path, "a@example.com\n")
    assert bounces("suppressions", verb, what, "--why", "x", option, "caf\udce9") == 2
    assert f"{option[2:].replace('-', '_')}: 'caf\\udce9' is not UTF-8" in capsys.readouterr().err
    assert tables.items() == []


def test_of_several_addresses_the_good_ones_are_added(tables: Tables, bounces: Bounces) -> None:
    assert bounces("suppressions", "add", "a@example.com", "nobody", "b@example.com", "--why", "x") == 1
    assert {suppression.address for suppression in tables.store.suppressions()} == {"a@example.com", "b@example.com"}


def test_lifting_says_what_still_suppresses(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard())
    assert bounces("suppressions", "lift", USER, "--list", "news", "--why", "x") == 0
    assert capsys.readouterr().out == (
        f"{USER}: was not suppressed for the list news; older reports will not suppress it now; "
        "still suppressed: every list\n"
    )


def test_which_tables_must_be_said(
    bounces: Bounces, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOUNCES_SUPPRESSIONS_TABLE")
    assert bounces("suppressions", "check", "a@example.com") == 2
    assert "--suppressions-table NAME, or the variable BOUNCES_SUPPRESSIONS_TABLE" in capsys.readouterr().err
    assert bounces("why", "a@example.com", "--suppressions-table", "NoSuchTable") == 2
    assert "NoSuchTable" in capsys.readouterr().err


# import

LIST = "Email,Reason,List,Created,Expires,Comment\n"
ROWS = "a@example.com,complaint,,2024-05-01,,wrote to us\nB@Example.com,,news,,2099-01-01,\nc@example.com,,,,,\n"


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_another_system_s_list_is_imported(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, LIST + ROWS)
    assert bounces("suppressions", "import", file, "--why", "the old system", "--author", "ann") == 0
    assert capsys.readouterr().out == f"{file}: 3 rows: 3 new or changed, 0 known before, 0 rejected\n"
    (cause,) = known(tables, "a@example.com").of("global").causes
    assert (cause.reason, cause.source, cause.why) == ("complaint", "import", "wrote to us")
    assert cause.evidence.time == datetime(2024, 5, 1, tzinfo=UTC)
    (cause,) = known(tables, "b@example.com").of("list#news").causes
    assert (cause.reason, cause.by, cause.why) == ("import", "ann", "the old system")
    assert cause.expires == datetime(2099, 1, 1, tzinfo=UTC)
    assert not tables.store.check(["c@example.com"], None, datetime.now(UTC))[0].sendable


def test_a_dry_run_says_what_an_import_would_do_and_changes_nothing(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "a@example.com,complaint,,2024-05-01,,\nb@example.com,,news,2024-05-02,,\n"
    file = written(tmp_path, LIST + rows)
    assert bounces("suppressions", "import", file) == 0
    file = written(tmp_path, LIST + rows + "c@example.com,,,,,\nd@example.com,,,,,\nnobody,,,,,\n", "grown.csv")
    before = tables.dump()
    capsys.readouterr()
    for _ in range(2):
        with in_memory.calls() as calls:
            assert bounces("suppressions", "import", file, "--dry-run", "--again") == 1
        assert calls.writes == []
        shown = capsys.readouterr()
        assert shown.out == (
            f"{file}: 5 rows: 2 would be new or changed, 2 known before, 1 rejected; nothing was changed\n"
        )
        assert "line 6 would be rejected: 'nobody' is no mail address" in shown.err
    assert tables.dump() == before
    assert not (tmp_path / "grown.csv.rejected.csv").exists()
    assert bounces("suppressions", "import", file) == 1
    assert "5 rows: 2 new or changed, 2 known before, 1 rejected" in capsys.readouterr().out
    assert bounces("suppressions", "import", file, "--dry-run") == 0
    assert "0 rows: 0 would be new or changed" in capsys.readouterr().out


def test_a_dry_run_counts_as_the_import_does(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "address\n" + "".join(f"u{each}@example.com\n" for each in range(1_203)), "many.csv")
    assert bounces("suppressions", "import", file, "--dry-run") == 0
    assert "1,203 rows: 1,203 would be new or changed, 0 known before" in capsys.readouterr().out
    assert tables.items() == []
    file = written(tmp_path, "address,list,id\na@example.com,news,1\nb@example.com,news,2\n", "members.csv")
    assert bounces("subscribers", "import", file, "--dry-run") == 0
    assert "2 rows: 2 would be new or changed, 0 known before" in capsys.readouterr().out
    assert tables.items() == []


MEMBERS = [
    "email,status\na@example.com,active\nb@example.com,Unsubscribed\n",
    "address;Subscription Status\na@example.com;Opted-In\n",
    "email,subscribed,state\na@example.com,true,OK\nb@example.com,false,ON\n",
    '{"email": "a@example.com", "active": true}\n{"email": "b@example.com", "active": false}\n',
]


@pytest.mark.parametrize("text", MEMBERS)
def test_a_list_of_members_is_not_taken_for_one_of_suppressions(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = written(tmp_path, text)
    assert bounces("suppressions", "import", file) == 2
    shown = capsys.readouterr().err
    assert "1 of " in shown
    assert "rows have a status of somebody to be mailed" in shown
    assert "not imported: what is said above has to be confirmed; --yes does" in shown
    assert tables.items() == []
    assert bounces("suppressions", "import", file, "--dry-run") == 0
    assert "an import asks about that" in capsys.readouterr().err
    assert bounces("suppressions", "import", file, "--yes") == 0
    assert len(tables.items()) == text.count("@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "address,category,status\na@example.com,bad-mailbox,5.1.1\n",  # of `bounces scan --out`
        "email,status\na@example.com,bounced\n",
        "email,state\na@example.com,active\n",
        "email,status,status\na@example.com,,\n",
    ],
)
def test_other_columns_of_that_name_ask_nothing(bounces: Bounces, tmp_path: Path, text: str) -> None:
    assert bounces("suppressions", "import", written(tmp_path, text)) == 0


def test_a_file_of_who_is_subscribed_here_is_asked_about(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [f"u{number}@example.com" for number in range(300)]
    for address in people[:200]:
        tables.store.subscribe(address, "news")
    file = written(tmp_path, "\n".join(people), "people.txt")
    assert bounces("suppressions", "import", file) == 2
    shown = capsys.readouterr().err
    assert "of 75 addresses that were looked up are subscribed here and may be mailed" in shown
    assert list(tables.store.suppressions()) == []
    # Where each row says why, it is a list of suppressions; and so is one of others.
    reasons = written(tmp_path, "address,reason\n" + "".join(f"{each},complaint\n" for each in people[:50]))
    assert bounces("suppressions", "import", reasons) == 0
    assert bounces("suppressions", "import", written(tmp_path, "\n".join(people[190:]), "others.txt")) == 0
    assert bounces("suppressions", "import", written(tmp_path, "\n".join(people[:60]), "known.txt")) == 0
    assert bounces("suppressions", "import", file, "--yes") == 0


def test_an_export_is_imported_without_a_question(tables: Tables, bounces: Bounces, tmp_path: Path) -> None:
    for number in range(20):
        tables.store.subscribe(f"u{number}@example.com", "news")
        tables.store.add(f"u{number}@example.com", "manual", at=THEN, by="ann", why="asked")
    assert bounces("suppressions", "export", "--out", tmp_path / "all.csv") == 0
    in_memory.clear(tables.suppressions, ("address",))
    assert bounces("suppressions", "import", tmp_path / "all.csv") == 0
    assert len(list(tables.store.suppressions())) == 20


def test_a_list_of_who_is_gone_is_not_taken_for_one_of_members(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "email,list,status\na@example.com,news,unsubscribed\nb@example.com,news,active\n")
    assert bounces("subscribers", "import", file) == 2
    assert "1 of 2 rows have a status of somebody who is gone (unsubscribed 1)" in capsys.readouterr().err
    assert tables.items() == []
    assert bounces("subscribers", "import", file, "--yes") == 0


def test_a_wrong_import_is_lifted_by_its_file(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "".join(f"u{number}@example.com\n" for number in range(450)), "wrong.txt")
    assert bounces("suppressions", "import", file) == 0
    capsys.readouterr()
    assert bounces("suppressions", "lift", "--file", file, "--why", "the wrong file", "--author", "ann") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == [f"u{number}@example.com: lifted for every list" for number in range(450)]
    assert bounces("suppressions", "check", "--file", file) == 0
    lift = known(tables, "u7@example.com").of("global").lift
    assert lift is not None
    assert (lift.by, lift.why) == ("ann", "the wrong file")
    assert bounces("suppressions", "lift", "--why", "x", stdin="nobody\nu1@example.com\n\n") == 1
    assert bounces("suppressions", "lift", "--why", "x", stdin="nobody\n") == 2
    assert bounces("suppressions", "lift", "--why", "x", stdin="\n") == 2
    assert "no address was given" in capsys.readouterr().err
    assert bounces("suppressions", "lift", "u1@example.com", "--file", file, "--why", "x") == 2


def test_importing_it_again_changes_nothing_and_a_lift_stands(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, LIST + ROWS)
    assert bounces("suppressions", "import", file) == 0
    before = tables.dump()
    assert bounces("suppressions", "import", file) == 0
    assert "nothing new since the last time (3 rows" in capsys.readouterr().out
    with in_memory.calls() as calls:
        assert bounces("suppressions", "import", file, "--again", "--author", "another") == 0
    assert calls.writes == []
    assert "0 new or changed, 3 known before" in capsys.readouterr().out
    assert tables.dump() == before
    assert bounces("suppressions", "lift", "c@example.com", "--why", "wrote to us") == 0
    assert bounces("suppressions", "import", file, "--again") == 0
    assert tables.store.check(["c@example.com"], None, datetime.now(UTC))[0].sendable


def test_what_is_appended_later_is_imported_alone(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(
        f"{'u' * 60}{number}@example.com,,,,,\n" for number in range(60)
    )  # more than what a file is known by
    file = written(tmp_path, LIST + rows)
    assert bounces("suppressions", "import", file) == 0
    assert bounces("suppressions", "lift", f"{'u' * 60}7@example.com", "--why", "x") == 0
    before = tables.dump()[tables.suppressions]
    file.write_text(LIST + rows + "d@example.com,,,,,\n")
    assert bounces("suppressions", "import", file) == 0
    assert "61 rows: 61 new or changed, 0 known before, 0 rejected (1 of them now)" in capsys.readouterr().out
    after = tables.dump()[tables.suppressions]
    assert [item["address"]["S"] for item in after if item not in before] == ["d@example.com"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain", "a@example.com\n\nB@Example.com\r\n"),
        ("bom", "\ufeffaddress\na@example.com\nb@example.com\n"),
        ("semicolons", "Vorname;E-Mail\nAnn;a@example.com\nBob;b@example.com\n"),
        ("tabs", "E_MAIL ADDRESS\tx\na@example.com\t1\nb@example.com"),
        ("json", '{"email": "a@example.com"}\n{"email": "b@example.com", "other": [1, 2]}\n'),
        ("quoted", 'address,why\n"a@example.com","two\nlines, ""quoted"""\nb@example.com,\n'),
    ],
)
def test_lists_come_in_many_forms(tables: Tables, bounces: Bounces, tmp_path: Path, name: str, text: str) -> None:
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert bounces("suppressions", "import", packed) == 0
    assert {suppression.address for suppression in tables.store.suppressions()} == {"a@example.com", "b@example.com"}


def test_a_list_may_come_through_a_pipe(tables: Tables, bounces: Bounces) -> None:
    assert bounces("suppressions", "import", "-", "--list", "news", stdin="a@example.com\n") == 0
    assert list(known(tables, "a@example.com").scopes) == ["list#news"]


def test_bad_rows_are_kept_with_line_and_reason_and_stop_nothing(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        "ok@example.com,,,,,",
        "nobody,,,,,",
        '"open@example.com,,,,,',  # its quote is not closed, and swallows no other row
        "after@example.com,,,,,",
        "when@example.com,,,yesterday,,",
        "=cmd()|x,,,,,",
        'broken"@example.com,"x"y,,,,',
        "last@example.com,,,,,",
    ]
    file = written(tmp_path, LIST + "\n".join(rows) + "\n")
    assert bounces("suppressions", "import", file) == 1
    shown = capsys.readouterr()
    assert "8 rows: 3 new or changed, 0 known before, 5 rejected" in shown.out
    kept = tmp_path / "list.csv.rejected.csv"
    assert str(kept) in shown.err
    with kept.open(newline="") as lines:
        told = list(csv.reader(lines, strict=True))
    assert [row[0] for row in told] == ["line", "3", "4", "6", "7", "8"]
    assert "''nobody' is no mail address" in told[1][1]
    assert told[2][1:] == ["a quote that is not closed, or not doubled", '"open@example.com,,,,,']
    assert "'yesterday' is no time" in told[3][1]
    assert told[4][2] == "'=cmd()|x,,,,,"
    assert {suppression.address for suppression in tables.store.suppressions()} == {
        "ok@example.com",
        "after@example.com",
        "last@example.com",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is nothing in it"),
        ("name,reason\nann,x\n", "names no column `address`"),
        ("email,address\na@example.com,b@example.com\n", "two columns mean address"),
    ],
)
def test_a_file_that_is_no_list_is_refused(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    assert bounces("suppressions", "import", written(tmp_path, text)) == 2
    assert says in capsys.readouterr().err
    assert tables.items() == []


def test_a_file_that_cannot_be_read_says_so(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("suppressions", "import", tmp_path / "none.csv") == 2
    assert "none.csv: No such file or directory" in capsys.readouterr().err
    packed = tmp_path / "cut.gz"
    packed.write_bytes(gzip.compress("".join(f"u{n}@example.com\n" for n in range(2_000)).encode())[:-20])
    assert bounces("suppressions", "import", packed) == 3
    assert "what is before that was imported" in capsys.readouterr().err
    packed.write_bytes(packed.read_bytes()[:12])
    assert bounces("suppressions", "import", packed) == 2
    assert "imported" not in capsys.readouterr().err


def test_a_file_that_proves_to_be_damaged_at_its_end_was_imported(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "damaged.gz"
    whole = gzip.compress("".join(f"u{n}@example.com\n" for n in range(2_000)).encode())
    packed.write_bytes(whole[:-8] + bytes(8))  # of the checksum and the length
    assert bounces("suppressions", "import", packed, "--dry-run") == 2
    assert "CRC check failed" in (said := capsys.readouterr().err)
    assert "nothing was changed" in said
    assert bounces("suppressions", "import", packed) == 3
    assert "what is before that was imported" in capsys.readouterr().err
    assert tables.items() != []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full: /dev/full of Linux")
def test_rejected_rows_for_which_there_is_no_room_are_said_by_the_file_that_has_none(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, LIST + "bad,,,,,\n")
    assert bounces("suppressions", "import", file, "--rejects", "/dev/full") == 3
    assert capsys.readouterr().err == (
        "bounces: /dev/full: No space left on device; --rejects FILE puts it elsewhere\n"
    )


def test_an_import_that_breaks_off_goes_on_and_ends_as_if_it_had_not(
    tables: Tables,
    bounces: Bounces,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    rows = [f"u{number}@example.com,,,2024-05-01,," if number % 7 else "bad,,,,," for number in range(95)]
    file = written(tmp_path, LIST + "\n".join(rows) + "\n")
    original = importing._import
    done: list[int] = []

    def strike(*arguments: Any) -> None:
        original(*arguments)
        done.append(1)
        if len(done) == 4:
            raise KeyboardInterrupt  # what it wrote is written, and not kept as done

    with mock.patch.object(importing, "_import", strike):
        assert bounces("suppressions", "import", file) == 130
    with in_memory.calls() as calls:
        assert bounces("suppressions", "import", file) == 1
    assert len(calls.writes) == sum("bad" not in row for row in rows[40:])
    assert "95 rows" in capsys.readouterr().out
    with (tmp_path / "list.csv.rejected.csv").open(newline="") as lines:
        assert [row[0] for row in csv.reader(lines)][1:] == [str(n + 2) for n in range(95) if n % 7 == 0]
    assert len(list(tables.store.suppressions())) == sum("bad" not in row for row in rows)


# export


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


def test_what_an_import_keeps_is_its_owner_s_alone(bounces: Bounces, tmp_path: Path) -> None:
    assert bounces("suppressions", "import", written(tmp_path, LIST + ROWS + "nobody,,,,,\n")) == 1
    kept = [tmp_path / "list.csv.rejected.csv", *(tmp_path / "states").rglob("*.json")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600] * 2


def test_only_what_suppresses_now_can_be_asked_for(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tables)
    assert bounces("suppressions", "export", "--live-only", "--format", "json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["address"] for row in rows} == {f"u{n}@example.com" for n in range(30) if n != 3} | {USER}
    assert {row["kind"] for row in rows} == {"cause", "escalation"}


def test_an_export_that_breaks_off_goes_on_and_has_the_same_bytes(
    tables: Tables,
    bounces: Bounces,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled(tables)
    monkeypatch.setattr("bounces.store.scanning.PAGE", 5)
    assert bounces("suppressions", "export", "--out", tmp_path / "whole.csv") == 0
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
    assert file.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert len(pages) == 7 + 2  # no page was asked for twice but those that were struck
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.csv", "whole.csv"]


# subscribers


def test_memberships_are_imported_and_shown(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard())
    file = written(
        tmp_path, f"address,list,subscriber id\n{USER},news,17\na@example.com,,18\nb@example.com,\n,news,1\n"
    )
    assert bounces("subscribers", "import", file, "--list", "Offers") == 1
    assert "4 rows: 3 new or changed, 0 known before, 1 rejected" in capsys.readouterr().out
    (membership,) = tables.store.memberships("a@example.com")
    assert (membership.list_id, membership.subscriber, membership.is_subscribed) == ("offers", "18", True)
    assert bounces("subscribers", "import", file, "--list", "Offers", "--again") == 1
    assert "0 new or changed, 3 known before" in capsys.readouterr().out
    assert bounces("subscribers", "show", USER) == 0
    shown = capsys.readouterr().out
    assert f"{USER} is hard-bounced since 2026-11-24 12:00 UTC, by report h-" in shown
    assert "It must not be mailed: suppressed for every list." in shown
    assert "taken off 2026-11-24 12:00 UTC, subscriber 17: hard-bounce" in shown
    assert "History" not in shown


def test_a_membership_without_a_list_is_rejected(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("subscribers", "import", written(tmp_path, "a@example.com\n")) == 1
    assert "--list LIST names it" in (tmp_path / "list.csv.rejected.csv").read_text()
    assert tables.items() == []


def test_a_file_is_imported_for_each_list_that_is_named(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "a@example.com\n")
    assert bounces("subscribers", "import", file) == 1  # no list; the file of rejects says what to do
    for name in ("news", "offers"):
        assert bounces("subscribers", "import", file, "--list", name) == 0
    assert bounces("subscribers", "import", file, "--list", "News ") == 0
    assert "nothing new since the last time" in capsys.readouterr().out
    assert {each.list_id for each in tables.store.memberships("a@example.com")} == {"news", "offers"}

    assert bounces("suppressions", "import", file, "--list", "news", "--yes") == 0
    assert bounces("suppressions", "import", file, "--list", "offers", "--yes") == 0
    assert set(known(tables, "a@example.com").scopes) == {"list#news", "list#offers"}
    assert bounces("suppressions", "import", file, "--yes") == 0
    assert set(known(tables, "a@example.com").scopes) == {"list#news", "list#offers", "global"}


@pytest.mark.parametrize(
    "command",
    [
        ("suppressions", "check", "a@example.com"),
        ("suppressions", "import", "list.csv"),
        ("subscribers", "import", "list.csv"),
    ],
)
def test_a_list_without_a_name_is_refused(
    command: tuple[str, ...], tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a script whose variable is not set: `--list "$LIST"`."""
    file = written(tmp_path, "address,list\na@example.com,news\n")
    assert bounces(*(file if part == "list.csv" else part for part in command), "--list", " ") == 2
    assert "--list is empty" in capsys.readouterr().err
    assert tables.items() == []


def test_a_blank_cell_names_no_list(tables: Tables, bounces: Bounces, tmp_path: Path) -> None:
    file = written(tmp_path, "address,list\na@example.com, \n")
    assert bounces("suppressions", "import", file, "--yes") == 0
    assert set(known(tables, "a@example.com").scopes) == {"global"}
    assert bounces("subscribers", "import", file, "--list", "news") == 0
    assert [each.list_id for each in tables.store.memberships("a@example.com")] == ["news"]


def test_a_list_that_is_imported_again_says_what_the_platform_says_now(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, f"address,list,subscriber\n{USER},news,17\na@example.com,news,18\n")
    assert bounces("subscribers", "import", file) == 0
    in_memory.clear(tables.subscribers, ("address", "item"))  # as if it had been imported years ago
    (kept,) = (tmp_path / "states").rglob("*.json")
    long_ago = THEN.isoformat()
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"first": long_ago, "began": long_ago}))
    tables.store.subscribe(USER, "news", "17", told=THEN)
    tables.store.apply(hard("h", at=THEN + DAY, list_id="news"))
    tables.store.subscribe(USER, "news", "99", told=THEN + 2 * DAY)
    tables.store.lift(USER, at=THEN + 3 * DAY, by="ann", why="wrote to us")
    capsys.readouterr()
    assert bounces("subscribers", "import", file) == 0
    assert f"2 rows, begun {long_ago}); --again imports all of it again, as of now" in capsys.readouterr().out
    assert bounces("subscribers", "import", file, "--again") == 0
    assert "2 rows: 2 new or changed, 0 known before" in capsys.readouterr().out
    (membership,) = tables.store.memberships(USER)
    assert (membership.is_subscribed, membership.subscriber) == (True, "17")
    assert membership.told is not None
    assert datetime.now(UTC) - membership.told < timedelta(minutes=5)
    with mock.patch.object(importing, "datetime") as clock:
        clock.now.return_value = datetime.now(UTC) + DAY
        clock.fromisoformat = datetime.fromisoformat
        assert bounces("subscribers", "import", file, "--again") == 0
    assert "2 rows: 0 new or changed, 2 known before" in capsys.readouterr().out
    (later,) = tables.store.memberships(USER)
    assert later.told is not None
    assert timedelta(hours=23) < later.told - membership.told < timedelta(hours=25)


def test_a_list_that_is_imported_again_brings_nobody_back_who_was_not_lifted(
    tables: Tables, bounces: Bounces, tmp_path: Path
) -> None:
    file = written(tmp_path, f"address,list\n{USER},news\n")
    assert bounces("subscribers", "import", file) == 0
    tables.store.apply(hard("h", at=THEN, list_id="news"))
    assert bounces("subscribers", "import", file, "--again") == 0
    assert not tables.store.memberships(USER)[0].is_subscribed


def test_suppressions_that_are_imported_again_are_as_old_as_the_first_time(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, LIST + "c@example.com,,,,,\n")
    assert bounces("suppressions", "import", file) == 0
    (kept,) = (tmp_path / "states").rglob("*.json")
    kept.write_text(json.dumps(json.loads(kept.read_text()) | dict.fromkeys(("first", "began"), THEN.isoformat())))
    in_memory.clear(tables.suppressions, ("address",))
    tables.store.lift("c@example.com", at=THEN + DAY, by="ann", why="wrote to us")
    capsys.readouterr()
    assert bounces("suppressions", "import", file) == 0
    assert "--again imports all of it again, as of then" in capsys.readouterr().out
    assert bounces("suppressions", "import", file, "--again") == 0
    assert tables.store.check(["c@example.com"], None, datetime.now(UTC))[0].sendable


def test_a_row_that_was_of_tomorrow_can_be_imported_tomorrow(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    yesterday = datetime.now(UTC).replace(microsecond=0) - DAY
    file = written(tmp_path, LIST + f"c@example.com,,,{yesterday.isoformat()},,\n")
    with mock.patch.object(importing, "datetime") as clock, mock.patch.object(suppression_import, "datetime") as its:
        clock.now.return_value = its.now.return_value = yesterday - DAY / 24
        clock.fromisoformat = datetime.fromisoformat
        assert bounces("suppressions", "import", file) == 1
    assert "0 new or changed, 0 known before, 1 rejected" in capsys.readouterr().out
    assert bounces("suppressions", "import", file, "--again") == 0
    assert not tables.store.check(["c@example.com"], None, datetime.now(UTC))[0].sendable


def test_of_two_exports_into_one_file_one_is_refused(
    tables: Tables,
    bounces: Bounces,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled(tables)
    monkeypatch.setattr("bounces.store.scanning.PAGE", 5)
    assert bounces("suppressions", "export", "--out", tmp_path / "whole.csv") == 0
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
    assert file.read_bytes() == (tmp_path / "whole.csv").read_bytes()
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


@pytest.mark.parametrize("verb", [("check",), ("lift", "--why", "x")])
def test_a_file_without_a_name_is_not_standard_input(
    bounces: Bounces, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    assert bounces("suppressions", *verb, "--file", "") == 2
    assert "--file is empty" in capsys.readouterr().err
