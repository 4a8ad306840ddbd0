"""Compiled modules are used only where they were made of just these sources, for this Python."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bounces import compiled

MODULE = "bounces.reading.codes"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of one source, with a manifest that says it is compiled."""
    monkeypatch.setattr(compiled, "_PACKAGE", str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [f for f in sys.meta_path if not isinstance(f, compiled.CompiledModules)])
    (tmp_path / "codes.py").write_text("x = 1\n")
    (tmp_path / compiled.FOLDER).mkdir()
    _write(tmp_path)
    return tmp_path


def _write(package: Path, **differing: Any) -> None:
    manifest = {
        "python": compiled.python(),
        "sources": {"codes.py": compiled.stamp("codes.py")},
        "modules": {MODULE: "codes.so"},
    }
    (package / compiled.FOLDER / compiled.MANIFEST).write_text(json.dumps(manifest | differing))


def test_what_was_compiled_of_these_sources_is_taken(package: Path) -> None:
    compiled.take()
    assert compiled.is_taken()
    found = sys.meta_path[0].find_spec(MODULE, None)
    assert found is not None
    assert found.origin == str(package / compiled.FOLDER / "codes.so")
    assert sys.meta_path[0].find_spec("json", None) is None


def test_a_source_that_was_edited_is_run_as_it_is(package: Path) -> None:
    (package / "codes.py").write_text("x = 10\n")
    compiled.take()
    assert not compiled.is_taken()


def test_a_source_that_is_gone_is_not_run_from_its_compiled_form(package: Path) -> None:
    (package / "codes.py").unlink()
    compiled.take()
    assert not compiled.is_taken()


@pytest.mark.parametrize(
    "differing",
    [{"python": ".cpython-39.so 3090000"}, {"sources": None}, {"modules": None}, {"sources": {"codes.py": [1]}}],
)
def test_what_is_for_another_python_or_damaged_is_left(package: Path, differing: dict[str, Any]) -> None:
    _write(package, **differing)
    compiled.take()
    assert not compiled.is_taken()


@pytest.mark.parametrize("content", ["", "[]", "{", "null"])
def test_a_broken_manifest_is_no_error(package: Path, content: str) -> None:
    (package / compiled.FOLDER / compiled.MANIFEST).write_text(content)
    compiled.take()
    assert not compiled.is_taken()
