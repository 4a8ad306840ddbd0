"""`bounces suppressions import`: lists of other systems, in any form, once, and gone on with where it stopped."""

import csv
import gzip
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from bounces.store import GLOBAL, Cause, Scope, Suppression
from bounces.store.evidence import Evidence
from bounces.store.models import SuppressionItem, in_table
from bounces_cli import importing, suppression_import
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import DAY, THEN, Bounces, known, written

LIST = "Email,Reason,List,Created,Expires,Comment\n"
ROWS = "a@example.com,complaint,,2024-05-01,,wrote to us\nB@Example.com,,news,,2099-01-01,\nc@example.com,,,,,\n"


@pytest.mark.parametrize("verb", [("check", "--file"), ("import",)])
def test_utf_16_is_refused_in_words(
    bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    (tmp_path / "a.txt").write_text("address\na@example.com\n", encoding="utf-16")
    assert bounces("suppressions", *verb, tmp_path / "a.txt") == 2
    assert "this is UTF-16; write it as UTF-8" in capsys.readouterr().err


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


def test_what_an_import_keeps_is_its_owner_s_alone(bounces: Bounces, tmp_path: Path) -> None:
    assert bounces("suppressions", "import", written(tmp_path, LIST + ROWS + "nobody,,,,,\n")) == 1
    kept = [tmp_path / "list.csv.rejected.csv", *(tmp_path / "states").rglob("*.json")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600] * 2


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
