"""`bounces classify` as a process."""

import json
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "bounces_cli.main", "classify"]


def _run(text: str | bytes, *arguments: object) -> "subprocess.CompletedProcess[bytes]":
    raw = text.encode() if isinstance(text, str) else text
    return subprocess.run([*COMMAND, *map(str, arguments)], input=raw, capture_output=True, check=False)


def _rows(run: "subprocess.CompletedProcess[bytes]") -> list[dict[str, object]]:
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def test_a_line_in_is_a_line_out_in_order() -> None:
    run = _run("550 5.1.1 user unknown\n\n552 5.2.2 over quota\r\nwhat?", "--json")
    assert (run.returncode, run.stderr) == (0, b"")
    assert [(row["diagnostic"], row["category"], row["bounce_type"], row["layer"]) for row in _rows(run)] == [
        ("550 5.1.1 user unknown", "bad-mailbox", "hard", "phrase"),
        ("", "other", "soft", "default"),
        ("552 5.2.2 over quota", "quota-issues", "soft", "phrase"),
        ("what?", "other", "soft", "default"),
    ]


def test_the_operator_s_patterns_come_first_and_refused_ones_are_told(tmp_path: Path) -> None:
    path = tmp_path / "patterns.txt"
    path.write_text("what==>Hard:bad-mailbox\nnonsense\n@example.org over quota==>Ignore\n")
    run = _run("what?\n552 over quota\n", "--json", "--patterns", path, "--recipient", "a@example.org")
    assert [(row["rule"], row["bounce_type"], row["ignore"]) for row in _rows(run)] == [
        ("operator.1", "hard", False),
        ("operator.2", "soft", True),
    ]
    assert run.returncode == 1
    assert run.stderr.decode().startswith("bounces: line 2 refused: nonsense\n  no ==> in it")


def test_what_is_shown_to_people_has_no_terminal_s_commands() -> None:
    run = _run(b"550 5.1.1 user unknown \x1b[2J\xff\n")
    assert b"hard    bad-mailbox" in run.stdout
    assert b"\x1b" not in run.stdout


def test_a_set_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"ok==>Soft\nsch\xf6n==>Soft\n")
    for path, said in ((tmp_path / "none", "No such file"), (latin, "line 2 is not UTF-8")):
        run = _run("x\n", "--patterns", path)
        assert (run.returncode, run.stdout) == (2, b"")
        assert said in run.stderr.decode()
