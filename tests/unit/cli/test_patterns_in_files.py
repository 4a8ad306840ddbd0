"""`bounces patterns` on files: what is written, what is said, and the exit codes."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bounces_cli.main import main

TRAP = "550 5.7.1 Unfortunately, messages from==>Hard"
MAILS = Path(__file__).parents[3] / "events" / "mails"

Bounces = Callable[..., int]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "set.txt"


@pytest.fixture
def bounces(path: Path, monkeypatch: pytest.MonkeyPatch) -> Bounces:
    """Run `bounces patterns VERB … --file PATH` and return the exit code."""

    def run(verb: str, *arguments: object, stdin: str = "") -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return main(["patterns", verb, *map(str, arguments), "--file", str(path)])

    return run


def test_patterns_are_added_listed_switched_and_removed(
    bounces: Bounces, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("add", "no such customer==>Hard", "over quota==>Soft") == 0
    assert bounces("add", "first==>Ignore", "--at", 1) == 0
    assert path.read_text() == "first==>Ignore\nno such customer==>Hard\nover quota==>Soft\n"
    assert bounces("disable", 2, "over quota") == 0
    assert bounces("remove", "first==>Ignore") == 0
    assert path.read_text() == "off: no such customer==>Hard\noff: over quota==>Soft\n"
    assert bounces("enable", 1) == 0
    capsys.readouterr()
    assert bounces("list") == 0
    assert capsys.readouterr().out.split("\n")[:-1] == [
        "     1  no such customer==>Hard",
        "     2  off: over quota==>Soft",
    ]
    assert bounces("list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["patterns"][1] == {
        "number": 2, "line": "off: over quota==>Soft", "enabled": False,
    }  # fmt: skip


def test_refused_lines_are_shown_and_the_others_saved(
    bounces: Bounces, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("add", "x==>Bad", "kept==>Soft") == 1
    assert path.read_text() == "kept==>Soft\n"
    assert capsys.readouterr().err.startswith("bounces: line 1 refused: x==>Bad\n  'Bad' is no decision")
    assert bounces("add", "KEPT==>Hard") == 2
    assert "every line is refused" in capsys.readouterr().err
    assert path.read_text() == "kept==>Soft\n"


def test_an_edit_leaves_lines_that_are_refused_where_they_are(bounces: Bounces, path: Path) -> None:
    path.write_text("# ours\nnonsense\na==>Soft\r\n")
    assert bounces("add", "b==>Soft") == 0
    assert path.read_bytes() == b"# ours\nnonsense\na==>Soft\r\nb==>Soft\n"


def test_a_dangerous_hard_pattern_is_not_saved_unconfirmed(
    bounces: Bounces, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "diagnostics"
    given.write_text("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent\n\n550 5.1.1 user unknown\n")
    assert bounces("add", TRAP, "--diagnostics", given) == 2
    assert not path.exists()
    said = capsys.readouterr().err
    assert "known as policy-related, no fault of the address (microsoft." in said
    assert "Of the 2 given diagnostics, it makes 1 hard that are not now." in said
    assert "not saved" in said
    assert bounces("add", TRAP, "--yes", "--mails", MAILS) == 0
    assert path.read_text() == TRAP + "\n"
    said = capsys.readouterr().err
    assert "it makes 1 hard that are not now, of 1 addresses." in said


def test_what_was_saved_is_asked_for_once(bounces: Bounces, path: Path) -> None:
    path.write_text(TRAP + "\n")
    assert bounces("add", "x==>Soft") == 0
    assert bounces("disable", 1) == 0
    assert bounces("enable", 1) == 2
    assert path.read_text().startswith("off: ")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("YES\n", 0), ("\n", 2), ("n\n", 2), ("", 2)])
def test_a_person_is_asked(
    bounces: Bounces, path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())

    def run() -> int:
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        return main(["patterns", "add", TRAP, "--file", str(path)])

    assert run() == code
    assert path.exists() == (code == 0)


@pytest.mark.parametrize("text", ["", "a==>Soft", "# x\r\n a ==> Soft \r\n\n", f"{TRAP}\noff: @a.example ü==>Ignore\n"])
@pytest.mark.parametrize("as_json", [False, True])
def test_import_and_export_round_trip_to_the_letter(
    bounces: Bounces, path: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], text: str, as_json: bool
) -> None:
    path.write_bytes(text.encode())
    option = ["--json"] if as_json else []
    exported = subprocess.run(
        [sys.executable, "-m", "bounces_cli.main", "patterns", "export", *option, "--file", str(path)],
        capture_output=True,
        check=True,
    ).stdout
    assert as_json or exported == text.encode()
    source = tmp_path / "exported"
    source.write_bytes(exported)
    path.write_text("something else==>Soft\n")
    assert bounces("import", source, *option, "--yes") == 0
    assert path.read_bytes() == text.encode()


def test_a_set_may_be_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    assert main(["patterns", "add", "a==>Soft", "--file", str(path)]) == 0
    assert main(["patterns", "add", "b==>Soft", "--file", str(path)]) == 0
    assert [entry["line"] for entry in json.loads(path.read_text())["patterns"]] == ["a==>Soft", "b==>Soft", ""]


def test_an_import_that_holds_no_pattern_at_all_does_not_empty_the_set(
    bounces: Bounces, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("a==>Soft\n")
    (tmp_path / "wrong.csv").write_text("type,rcpt\nb,a@example.com\n")
    assert bounces("import", tmp_path / "wrong.csv") == 2
    assert "line 2 refused" in capsys.readouterr().err
    assert path.read_text() == "a==>Soft\n"


@pytest.mark.parametrize("text", ["", "\n", "# a==>Soft\n"])
def test_an_import_without_a_pattern_is_asked_about_where_there_are_some(
    bounces: Bounces, path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path.write_text("a==>Soft\n")
    assert bounces("import", "-", stdin=text) == 2
    assert capsys.readouterr().err.startswith("bounces: standard input: there is no pattern in it\nbounces: not saved")
    assert path.read_text() == "a==>Soft\n"
    assert bounces("import", "-", "--yes", stdin=text) == 0
    assert path.read_text() == text


def test_of_a_line_that_is_refused_no_megabytes_are_shown(
    bounces: Bounces, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.txt").write_text("x" * 3_000_000)
    assert bounces("import", tmp_path / "wrong.txt") == 2
    assert len(capsys.readouterr().err) < 2_000


def test_trying_shows_what_would_change_from_what_to_what_and_saves_nothing(
    bounces: Bounces, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("busy==>Soft\n")
    given = "552 5.2.2 over quota\n421 busy\n550 5.1.1 user unknown\n"
    assert bounces("test", "over quota==>Hard", "user unknown==>Ignore", stdin=given) == 0
    out, err = capsys.readouterr()
    assert "soft quota-issues -> hard quota-issues\n    552 5.2.2 over quota\n" in out
    assert "hard bad-mailbox -> ignore bad-mailbox\n    550 5.1.1 user unknown\n" in out
    assert out.endswith("2 of 3 verdicts would change, 1 of them to hard\n")
    assert "also matches what is known as quota-issues" in err
    assert path.read_text() == "busy==>Soft\n"
    assert bounces("test", "busy==>Hard", "--json", stdin=given) == 2  # the same as one that is there
    assert bounces("test", "421==>Hard", "--at", 1, "--json", stdin=given) == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["before"]["rule"], row["after"]["rule"]) == ("operator.1", "operator.1")
    assert (row["before"]["bounce_type"], row["after"]["bounce_type"]) == ("soft", "hard")


def test_a_whole_set_is_tried_on_mails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = tmp_path / "whole.txt"
    whole.write_text(f"{TRAP}\nuser unknown==>Soft\n")
    assert main(["patterns", "test", "--set", str(whole), "--mails", str(MAILS)]) == 0
    out = capsys.readouterr().out
    assert "soft policy-related -> hard policy-related\n    nikola@example.net: 550" in out
    assert out.endswith(" of them to hard\n")


def test_a_policy_is_tried_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[categories.quota-issues]\nbounce_type = "hard"\n')
    given = tmp_path / "given"
    given.write_text("552 5.2.2 over quota\n550 5.1.1 user unknown\n")
    arguments = ["patterns", "test", "--policy", str(policy), "--diagnostics", str(given)]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert out.startswith("soft quota-issues -> hard quota-issues\n    552 5.2.2 over quota\n")
    assert out.endswith("1 of 2 verdicts would change, 1 of them to hard\n")
    assert "the policy makes quota-issues hard" in err
    policy.write_text("[categories]\nquota = {}\n")
    assert main(arguments) == 2
    assert "unknown category 'quota'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["remove", "9"], "there is no pattern 9"),
        (["remove", "nothing"], "no pattern is 'nothing'"),
        (["import", "/nowhere"], "/nowhere: No such file"),
        (["rollback", "1"], "rollback is for a table"),
        (["versions"], "versions is for a table"),
        (["policy"], "policy is for a table"),
        (["add", "x==>Soft", "--base", "3"], "a file has no versions"),
        (["test", "x==>Soft", "--set", "y"], "either patterns or --set"),
        (["test", "x==>Soft", "--diagnostics", "/nowhere"], "/nowhere: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(
    bounces: Bounces, path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    path.write_text("a==>Soft\n")
    assert bounces(*arguments) == 2
    assert said in capsys.readouterr().err
    assert path.read_text() == "a==>Soft\n"


def test_without_a_place_the_ways_to_name_one_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOUNCES_PATTERNS_TABLE", raising=False)
    assert main(["patterns", "list"]) == 2
    assert "--file PATH, --table NAME, --stack NAME" in capsys.readouterr().err


def test_a_file_that_is_changed_meanwhile_is_left_alone(
    bounces: Bounces, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bounces_cli import patterns

    def meanwhile(*_: object, **__: object) -> None:
        path.write_text("theirs==>Soft\n")

    monkeypatch.setattr(patterns, "confirm", meanwhile)
    path.write_text("a==>Soft\n")
    assert bounces("add", "ours==>Soft") == 4
    assert path.read_text() == "theirs==>Soft\n"
    assert list(path.parent.iterdir()) == [path]


def test_neither_the_help_nor_a_file_loads_anything_of_aws(tmp_path: Path) -> None:
    code = (
        "import sys; from bounces_cli.main import main; "
        f"main(['patterns', 'add', 'a==>Soft', '--file', {str(tmp_path / 'set')!r}]); "
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert not {"boto3", "botocore", "pynamodb", "aws_lambda_powertools", "rich"} & set(loaded)
