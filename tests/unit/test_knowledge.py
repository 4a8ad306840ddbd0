"""The compiled form of the rules: the same as the TOML files, and never of others than those that are there."""

import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bounces import knowledge
from bounces.atoms import required_words
from bounces.boundaries import letter_at_boundary
from bounces.errors import PatternError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the tables, without a compiled file, in the place of the package's own."""
    copy = tmp_path / "bounces"
    left_out = shutil.ignore_patterns("__pycache__", "__compiled__", f"{knowledge.COMPILED}*")
    shutil.copytree(knowledge.FOLDER, copy, ignore=left_out)
    monkeypatch.setattr(knowledge, "FOLDER", str(copy))
    knowledge._knowledge.cache_clear()
    yield copy
    knowledge._knowledge.cache_clear()


def _afresh() -> dict[str, Any]:
    knowledge._knowledge.cache_clear()
    return knowledge._knowledge()


def test_the_compiled_file_says_what_the_tables_say(folder: Path) -> None:
    said = _afresh()
    assert knowledge.compile_tables(str(folder))
    assert marshal.loads((folder / knowledge.COMPILED).read_bytes()).items() >= said.items()
    assert _afresh().items() >= said.items()


def test_the_words_of_an_expression_are_those_that_it_needs_or_their_beginnings(folder: Path) -> None:
    said = _afresh()
    assert len(said["ways"]) > 200
    for expression, ways in said["ways"].items():
        needed = required_words(expression)
        assert [len(way) for way in ways] == [len(way) for way in needed]
        for numbers, clause in zip(chain(*ways), chain(*needed), strict=True):
            words = [said["words"][number] for number in numbers]
            assert all(any(word in whole for word in words) for whole in clause)


def test_it_is_written_once_and_nothing_is_left_beside_it(folder: Path) -> None:
    assert knowledge.compile_tables(str(folder))
    assert not knowledge.compile_tables(str(folder))
    assert [path.name for path in folder.glob(f"{knowledge.COMPILED}*")] == [knowledge.COMPILED]


@pytest.mark.parametrize("change", ["edited", "added", "removed", "renamed", "torn", "made by another version"])
def test_a_compiled_file_of_other_tables_counts_for_nothing(folder: Path, change: str) -> None:
    knowledge.compile_tables(str(folder))
    google, compiled = folder / "patterns" / "providers" / "google.toml", folder / knowledge.COMPILED
    match change:
        case "edited":
            google.write_text(google.read_text().replace("gsmtp", "gsmtq"))
        case "added":
            google.with_name("another.toml").write_text("rank = 1")
        case "removed":
            google.unlink()
        case "renamed":
            google.rename(google.with_name("googly.toml"))
        case "torn":
            compiled.write_bytes(compiled.read_bytes()[:-100])
        case _:
            others = {"stamps": {}, "of": "an older digest", "tables": {}}
            compiled.write_bytes(marshal.dumps(marshal.loads(compiled.read_bytes()) | others))
    found = _afresh()
    assert ("providers/google.toml" in found["tables"]) == (change not in ("removed", "renamed"))
    assert ("providers/another.toml" in found["tables"]) == (change == "added")
    assert found["tables"]["policy.toml"]
    if change == "edited":
        assert "gsmtq" in found["tables"]["providers/google.toml"]["words"]
    assert knowledge.compile_tables(str(folder))


def test_tables_whose_times_alone_are_others_are_known_by_what_they_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge.compile_tables(str(folder))
    for path in folder.rglob("*.toml"):
        os.utime(path, ns=(0, 0))  # as in a layer that was unpacked
    with monkeypatch.context() as without:
        without.delattr(knowledge, "_made_of")
        assert _afresh()["tables"]["policy.toml"]
    assert not knowledge.compile_tables(str(folder))
    with monkeypatch.context() as without:
        without.delattr(knowledge, "_digest")  # their times are noted now
        assert _afresh()["tables"]["policy.toml"]


def test_it_is_made_by_the_standard_library_alone() -> None:
    code = "import sys; from bounces import knowledge as k; k._made_of(k._contents(k._files(k.FOLDER))); "
    code += "print(*(n for n in ('re2', 'ahocorasick', 'boto3', 'bounces.patterns') if n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize(
    ("expression", "letter"),
    [
        (r"\b(voll|überfüllt)\b", "ü"),
        (r"\bder (ältere )?kunde", None),
        (r"\b(ältere )?kunde", "ä"),
        (r"(konto|compte fermé)\b", "é"),
        (r"(konto|compte fermé)?\b", "é"),
        (r"skrzynk[a-ząę]*\b", "ą"),
        (r"\bпозже", "п"),
        (r"x\b(?:a?|b)(ж)", "ж"),
        (r"\b(later|позже\b)", "е"),
        (r"\bvoll\b|überfüllt", None),
        (r"\bpostfach\b.{0,50}überfüllt", None),
        (r"\bpostfach\b[^.]*überfüllt", None),
        (r"\bpostfach\b ?überfüllt", "ü"),
        (r"\bpostfach\b[^.]überfüllt", None),
        (r"überfüllt \b", None),
        (r"über\b", None),
        (r"[[:alpha:]]{2,4}\b«", None),
        (r"\\b(ü)", None),
    ],
)
def test_a_boundary_that_cannot_hold_beside_a_letter_beyond_ascii_is_found(expression: str, letter: str | None) -> None:
    assert letter_at_boundary(expression) == letter


def test_a_table_with_such_a_boundary_is_refused(folder: Path) -> None:
    quota = folder / "patterns" / "phrases" / "40-quota.toml"
    with quota.open("a") as file:
        file.write("\n[[rule]]\nid = 'new'\nregex = '\\b(überlastet|busy)\\b'\n")
    with pytest.raises(PatternError, match=r"phrases/40-quota\.toml: .*'ü'.*überlastet"):
        knowledge.compile_tables(str(folder))
