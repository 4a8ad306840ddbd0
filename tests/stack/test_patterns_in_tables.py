"""`bounces patterns` on the deployed table: versions, edits at once, going back, and what AWS refuses."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest

from bounces.store import PatternStore
from bounces_cli.main import main
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.pattern_sets import TABLE, TRAP, emptied, save

Bounces = Callable[..., int]


@pytest.fixture
def store(made: Tables) -> PatternStore:
    return emptied()


@pytest.fixture
def bounces(store: PatternStore, monkeypatch: pytest.MonkeyPatch) -> Bounces:
    """Run `bounces patterns VERB … --table` and return the exit code."""

    def run(verb: str, *arguments: object, stdin: str = "") -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return main(["patterns", verb, *map(str, arguments), "--table", TABLE])

    return run


def held(store: PatternStore) -> str | None:
    """Return the text that holds."""
    version = store.current()
    return None if version is None else store.text(version.text)


def test_every_edit_is_a_version_with_who_when_what_and_why(
    bounces: Bounces, store: PatternStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bounces("add", "a==>Soft", "--why", "the first", "--author", "ann") == 0
    assert bounces("disable", "a", "--why", "not now", "--author", "bob") == 0
    assert "saved version 2 (disabled 1): 1 patterns\n  a==>Soft\n" in capsys.readouterr().out
    assert bounces("versions", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["number"], row["author"], row["what"], row["why"]) for row in rows] == [
        (2, "bob", "disabled 1", "not now"),
        (1, "ann", "added 1", "the first"),
    ]
    assert held(store) == "off: a==>Soft\n"
    monkeypatch.setenv("BOUNCES_PATTERNS_TABLE", TABLE)
    assert main(["patterns", "enable", "1", "--why", "now", "--author", "ann"]) == 0
    assert held(store) == "a==>Soft\n"
    capsys.readouterr()
    assert bounces("list") == 0
    assert capsys.readouterr().out.startswith("version 3, 20")


def test_a_reason_is_asked_for_and_nothing_saved_without(
    bounces: Bounces, store: PatternStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("add", "a==>Soft") == 2
    assert "--why" in capsys.readouterr().err
    assert held(store) is None


def test_an_earlier_version_holds_again(bounces: Bounces, store: PatternStore) -> None:
    assert bounces("add", TRAP, "--yes", "--why", "as told") == 0
    assert bounces("rollback", 0, "--why", "it was a block") == 0
    assert held(store) == ""
    assert bounces("rollback", 1, "--why", "once more") == 2  # the trap is as dangerous as it was
    assert held(store) == ""
    assert bounces("rollback", 1, "--why", "once more", "--yes") == 0
    assert held(store) == TRAP + "\n"
    assert [version.number for version in store.versions()] == [3, 2, 1]
    assert bounces("rollback", 9, "--why", "x") == 2


def test_of_two_edits_at_once_one_is_refused_and_told_to_reload(
    bounces: Bounces, store: PatternStore, capsys: pytest.CaptureFixture[str]
) -> None:
    first = save(store, "a==>Soft\n")
    with in_memory.before_write(0, lambda: save(store, "a==>Soft\nb==>Soft\n", first)):
        assert bounces("add", "c==>Soft", "--why", "mine") == 4
    assert "version 2 holds by now, and this edit was made on version 1" in capsys.readouterr().err
    assert held(store) == "a==>Soft\nb==>Soft\n"
    assert bounces("add", "c==>Soft", "--why", "mine") == 0
    assert held(store) == "a==>Soft\nb==>Soft\nc==>Soft\n"


def test_an_edit_of_a_version_that_no_longer_holds_is_refused(
    bounces: Bounces, store: PatternStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = save(store, "b==>Soft\n", save(store, "a==>Soft\n"))
    edited = tmp_path / "edited"
    edited.write_text("a==>Soft\nc==>Soft\n")
    assert bounces("import", edited, "--base", 1, "--why", "mine") == 4
    assert "reload and edit again" in capsys.readouterr().err
    assert store.current() == second
    assert bounces("import", edited, "--base", 2, "--why", "mine") == 0


def test_an_answer_that_is_lost_after_the_pointer_s_write_is_found(bounces: Bounces, store: PatternStore) -> None:
    for fault in ("after", "answer lost"):
        in_memory.clear(TABLE, ("part", "item"))
        with in_memory.calls() as calls:
            assert bounces("add", "a==>Soft", "--why", "x") == 0
        in_memory.clear(TABLE, ("part", "item"))
        last = max(place for place, operation in enumerate(calls.operations) if operation == "PutItem")
        with in_memory.calls(fault, at=last):  # type: ignore[arg-type]
            assert bounces("add", "a==>Soft", "--why", "x") == 0
        assert [version.number for version in store.versions()] == [1]


def test_where_it_is_not_known_whether_it_was_saved_that_is_said(
    bounces: Bounces, store: PatternStore, capsys: pytest.CaptureFixture[str]
) -> None:
    with in_memory.calls("before", operation="PutItem"):
        assert bounces("add", "a==>Soft", "--why", "x") == 3
    assert "`bounces patterns versions` shows it" in capsys.readouterr().err


def test_a_set_is_exported_to_the_letter_an_earlier_one_too(
    bounces: Bounces, store: PatternStore, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = "# ünser\r\n a ==> Soft\n"
    save(store, "later==>Soft", save(store, text))
    with mock.patch.object(sys, "stdout", mock.Mock(buffer=io.BytesIO())) as stdout:
        assert bounces("export", "--version", 1) == 0
    assert stdout.buffer.getvalue() == text.encode()
    assert b"version 1 of PatternsTable" in capfdbinary.readouterr().err


def test_a_policy_is_shown_set_and_taken_back(
    bounces: Bounces, store: PatternStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[categories.inactive-mailbox]\nbounce_type = "soft"\n')
    save(store, "a==>Soft\n")
    assert bounces("policy", path, "--why", "we wait") == 0
    assert bounces("add", "b==>Soft", "--why", "x") == 0  # the policy stays
    capsys.readouterr()
    assert bounces("policy") == 0
    assert capsys.readouterr().out == path.read_text()
    path.write_text('[categories.spam-related]\nbounce_type = "hard"\n')
    assert bounces("policy", path, "--why", "all of them") == 2
    assert "makes spam-related hard" in capsys.readouterr().err
    path.write_text("[categories.spam]\n")
    assert bounces("policy", path, "--why", "x") == 2
    assert "unknown category" in capsys.readouterr().err
    assert bounces("policy", "--default", "--why", "ours again") == 0
    assert store.current().policy is None  # type: ignore[union-attr]
    assert held(store) == "a==>Soft\nb==>Soft\n"


def test_a_damaged_set_is_replaced_whole_and_not_added_to(
    bounces: Bounces, store: PatternStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(store, "b==>Soft\n", save(store, "a==>Soft\n"))
    second = store.current()
    assert second is not None
    key: Any = {"part": {"S": f"text#{second.text}"}, "item": {"S": "000000"}}
    boto3.client("dynamodb").delete_item(TableName=TABLE, Key=key)
    assert bounces("add", "c==>Soft", "--why", "x") == 2
    assert "is not whole" in capsys.readouterr().err
    assert bounces("rollback", 1, "--why", "damaged") == 0
    assert held(store) == "a==>Soft\n"


def test_a_table_that_is_not_there_is_said(
    store: PatternStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCES_PATTERNS_TABLE", "no-such-table")
    assert main(["patterns", "list"]) == 2
    assert "no-such-table" in capsys.readouterr().err
    assert main(["patterns", "list", "--stack", "no-such-stack"]) == 2
    assert "no-such-stack" in capsys.readouterr().err


def test_an_empty_policy_is_refused(
    bounces: Bounces, store: PatternStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "policy.toml"
    empty.write_text("\n")
    assert bounces("policy", empty, "--why", "an editor that failed") == 2
    assert "there is nothing in it; --default takes" in capsys.readouterr().err
    assert store.current() is None
