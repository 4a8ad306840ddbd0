"""The command `bounces scan` on files: what it does, says and returns."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bounces.errors import Disconnected, LeaseLost, MailboxBusy, MailboxRefused, QueueError
from bounces.mailbox.ports import HandedIn
from bounces_cli import scan_destinations, scan_run
from bounces_cli.errors import BROKEN, CONFLICT, DONE, INCOMPLETE, INTERRUPTED, USAGE
from bounces_cli.main import main
from bounces_cli.mbox_session import MboxSession
from tests.unit.cli.mboxes import bounce, entry, maildir, mbox, ordinary

Run = Callable[..., int]

MAILS = [bounce(1), ordinary(2), bounce(3), bounce(1)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return lambda *arguments: main(["scan", *map(str, arguments)])


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return mbox(tmp_path / "box", MAILS)


def listed(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["address"] for row in csv.DictReader(file)]


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_mbox_becomes_a_list_of_who_bounced_hard(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hard.csv"
    before = box.read_bytes()
    assert run(box, "--out", out) == DONE
    assert listed(out) == ["u1@example.org", "u3@example.org"]
    assert capsys.readouterr().out == (
        f"{box}: 3 mails taken, 1 mail known from before\n"
        "  reports       3 hard, 0 soft\n"
        "  processed     3 mails, left in place\n"
        "  unrecognised  1 mail, left in place\n"
        f"{out}: 2 addresses that bounced hard, 2 of them new.\n"
        f"  bounces suppressions import {out} --stack NAME\n"
    )
    assert box.read_bytes() == before


def test_the_next_scan_takes_what_is_new(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hard.csv"
    run(box, "--out", out)
    capsys.readouterr()
    assert run(box, "--out", out) == DONE
    assert "nothing new since the last time; --again" in capsys.readouterr().out
    with box.open("ab") as file:
        file.write(entry(bounce(5)))
    assert run(box, "--out", out, "--json") == DONE
    mail, summary = lines(capsys)
    assert mail["source"] == f"{box}#5"
    assert summary["summary"]["taken"] == 1
    assert listed(out) == ["u1@example.org", "u3@example.org", "u5@example.org"]


def test_mails_that_are_deleted_from_an_mbox_hide_none_that_come_after(run: Run, box: Path, tmp_path: Path) -> None:
    out = tmp_path / "hard.csv"
    run(box, "--out", out)
    mbox(box, [MAILS[0], bounce(6), bounce(7)])
    assert run(box, "--out", out) == DONE
    assert listed(out) == ["u1@example.org", "u3@example.org", "u6@example.org", "u7@example.org"]


@pytest.mark.parametrize("kind", ["maildir", "folder", "file"])
def test_so_do_other_files(run: Run, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "hard.csv"
    path = tmp_path / "mails"
    if kind == "maildir":
        maildir(path, MAILS)
    elif kind == "folder":
        path.mkdir()
        for number, raw in enumerate(MAILS):
            (path / f"{number}.eml").write_bytes(raw)
    else:
        path.write_bytes(bounce(1))
    assert run(path, "--out", out) == DONE
    expected = {"u1@example.org"} if kind == "file" else {"u1@example.org", "u3@example.org"}
    assert set(listed(out)) == expected
    assert run(path, "--out", out) == DONE
    assert len(listed(out)) == len(expected)


def test_json_is_one_line_a_mail_and_one_of_all(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(box, "--out", tmp_path / "hard.csv", "--json") == DONE
    *mails, summary = lines(capsys)
    assert [(mail["source"], mail["place"]) for mail in mails] == [
        (f"{box}#1", "processed"), (f"{box}#2", "unrecognised"), (f"{box}#3", "processed"), (f"{box}#4", "processed")
    ]  # fmt: skip
    assert [report["recipient"] for mail in mails for report in mail["reports"]] == [
        "u1@example.org", "u3@example.org", "u1@example.org"
    ]  # fmt: skip
    assert summary == {
        "summary": {
            "taken": 3, "known": 1, "processed": 3, "unrecognised": 1, "failed": 0, "unfiled": 0, "finished": True,
            "reports": {"hard": 3}, "listed": 2,
        }
    }  # fmt: skip


def test_json_says_of_each_mail_what_inspect_says(run: Run, box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(box, "--dry-run", "--json")
    scanned = [{name: mail[name] for name in ("source", "reports")} for mail in lines(capsys)[:-1]]
    main(["inspect", "--json", str(box)])
    assert lines(capsys) == scanned


def test_a_dry_run_changes_nothing_anywhere(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    assert run(box, "--dry-run") == DONE
    assert run(box, "--dry-run") == DONE
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before
    said = capsys.readouterr().out
    assert said.count("u3@example.org  bad-mailbox") == 2
    assert f"{box}: 3 mails would be taken" in said
    assert "Nothing was changed." in said


def test_limits_end_it_and_the_same_command_goes_on(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hard.csv"
    assert run(box, "--out", out, "--limit", 2) == BROKEN
    assert listed(out) == ["u1@example.org"]
    assert "Stopped at its limit, and more mails wait" in capsys.readouterr().out
    assert run(box, "--out", out) == DONE
    assert listed(out) == ["u1@example.org", "u3@example.org"]


def test_again_takes_all_mails_again(run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "hard.csv"
    run(box, "--out", out)
    capsys.readouterr()
    assert run(box, "--out", out, "--again", "--json") == DONE
    assert lines(capsys)[-1]["summary"] | {"reports": {}} == {
        "taken": 3, "known": 1, "processed": 3, "unrecognised": 1, "failed": 0, "unfiled": 0, "finished": True,
        "reports": {}, "listed": 0,
    }  # fmt: skip
    assert listed(out) == ["u1@example.org", "u3@example.org"]


def test_a_list_that_is_gone_is_written_anew(run: Run, box: Path, tmp_path: Path) -> None:
    out = tmp_path / "hard.csv"
    run(box, "--out", out)
    out.unlink()
    assert run(box, "--out", out) == DONE
    assert listed(out) == ["u1@example.org", "u3@example.org"]


def test_another_list_has_all_of_it(run: Run, box: Path, tmp_path: Path) -> None:
    run(box, "--out", tmp_path / "hard.csv")
    run(box, "--out", tmp_path / "other.csv")
    assert listed(tmp_path / "other.csv") == listed(tmp_path / "hard.csv")


def test_an_operators_patterns_decide(run: Run, box: Path, tmp_path: Path) -> None:
    patterns = tmp_path / "patterns.txt"
    patterns.write_text("u3@example.org==>Soft\n")
    assert run(box, "--out", tmp_path / "hard.csv", "--patterns", patterns) == DONE
    assert listed(tmp_path / "hard.csv") == ["u1@example.org"]


def test_patterns_that_are_refused_are_said_and_the_others_used(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patterns = tmp_path / "patterns.txt"
    patterns.write_text("no arrow\nu3@example.org==>Soft\n")
    assert run(box, "--out", tmp_path / "hard.csv", "--patterns", patterns) == INCOMPLETE
    assert "line 1 refused" in capsys.readouterr().err
    assert listed(tmp_path / "hard.csv") == ["u1@example.org"]


def test_a_file_that_cannot_be_read_is_said_and_the_rest_is_taken(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = maildir(tmp_path / "Maildir", [bounce(1)])
    (path / "new" / "broken").mkdir()
    assert run(path, "--out", tmp_path / "hard.csv") == INCOMPLETE
    said = capsys.readouterr()
    assert said.err == f"bounces: {path}/new/broken: it cannot be read: Is a directory\n"
    assert "failed        1 mail" in said.out
    assert listed(tmp_path / "hard.csv") == ["u1@example.org"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--dry-run"], "nowhere: No such file"),
        (["{box}"], "one of the arguments --stack --out --dry-run is required"),
        (["{box}", "--dry-run", "--out", "x"], "not allowed with argument"),
        (["--dry-run"], "which mailbox?"),
        (["{box}", "--dry-run", "--filing", "delete"], "files are left as they are"),
        (["{box}", "--dry-run", "--password-file", "x"], "--password-file is for a mailbox on a server"),
        (["{box}", "--dry-run", "--settings", "x"], "is left out with --secret and --settings"),
        (["{box}", "--dry-run", "--limit", "0"], "'0' is no number from 1 on"),
        (["{box}", "--dry-run", "--seconds", "nan"], "'nan' is no number of seconds above 0"),
        (["{box}", "--out", "{box}"], "is no list of hard bounces"),
        (["{box}", "--out", "nowhere/hard.csv"], "nowhere/hard.csv: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(
    run: Run, box: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], said: str
) -> None:
    before = box.read_bytes()
    try:
        code: object = run(*(part.format(box=box) for part in arguments))
    except SystemExit as ended:  # as argparse ends
        code = ended.code
    assert code == USAGE
    assert said in capsys.readouterr().err
    assert box.read_bytes() == before


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MailboxBusy("another has it"), CONFLICT, "another has it"),
        (MailboxRefused("no such folder"), BROKEN, "no such folder"),
        (
            Disconnected("the line dropped"),
            BROKEN,
            "the line dropped\n2 mails were done with; the same command goes on",
        ),
        (LeaseLost("another took over"), BROKEN, "another took over\n2 mails were done with; the same command goes on"),
        (QueueError("no queue"), BROKEN, "no queue\n2 mails were done with; the same command goes on"),
    ],
)
def test_what_ends_a_scan_says_how_far_it_was(
    run: Run,
    box: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: int,
    said: str,
) -> None:
    _fail_after(monkeypatch, 2, error)
    assert run(box, "--out", tmp_path / "hard.csv") == code
    assert said in capsys.readouterr().err


def test_a_mailbox_that_refuses_at_once_was_not_touched(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_after(monkeypatch, 0, MailboxRefused("the login is refused"))
    assert run(box, "--out", tmp_path / "hard.csv") == USAGE
    assert capsys.readouterr().err == "bounces: the login is refused\n"


def test_interrupted_it_goes_on(
    run: Run, box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "hard.csv"
    with monkeypatch.context() as patching:
        _fail_after(patching, 2, KeyboardInterrupt())
        assert run(box, "--out", out) == INTERRUPTED
    assert "interrupted, 2 mails were done with; the same command goes on from there" in capsys.readouterr().err
    assert run(box, "--out", out, "--json") == DONE
    assert [mail["source"] for mail in lines(capsys)[:-1]] == [f"{box}#3", f"{box}#4"]
    assert listed(out) == ["u1@example.org", "u3@example.org"]


def test_two_scans_at_once_do_not_overlap(run: Run, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []

    class Second(scan_destinations.NoDoor):
        def take(self, mails: Sequence[HandedIn]) -> None:
            if not codes:
                codes.append(0)
                codes.append(run(box, "--out", tmp_path / "hard.csv"))

    monkeypatch.setattr(scan_destinations.HardList, "take", Second().take)
    assert run(box, "--out", tmp_path / "hard.csv") == DONE
    assert codes == [0, CONFLICT]


def _fail_after(monkeypatch: pytest.MonkeyPatch, mails: int, error: BaseException) -> None:
    """Have batches of one mail, and `error` come after so many."""
    monkeypatch.setattr("bounces.mailbox.batches.BATCH_MAILS", 1)
    waiting = MboxSession.waiting

    def failing(self: MboxSession, after: int) -> Iterator[Any]:
        for number, each in enumerate(waiting(self, after)):
            if number == mails and not isinstance(error, Disconnected):
                raise error
            yield each

    monkeypatch.setattr(MboxSession, "waiting", failing)
    if isinstance(error, Disconnected):
        scan = scan_run.scan

        def dropped(*arguments: Any, limits: Any, on_filed: Any, **named: Any) -> Any:
            scan(*arguments, limits=scan_run.Limits(mails, 60), on_filed=on_filed, **named)
            raise error

        monkeypatch.setattr(scan_run, "scan", dropped)
