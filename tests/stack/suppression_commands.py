"""`bounces` on tables in memory, for tests."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bounces_cli.main import main
from tests.stack.in_memory import Tables

Bounces = Callable[..., int]


def bounces_on(tables: Tables, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Bounces:
    """Return what runs `bounces ARGUMENT…` on `tables`, with its states in `folder`, and returns the exit code."""
    monkeypatch.setenv("BOUNCES_SUBSCRIBERS_TABLE", tables.subscribers)
    monkeypatch.setenv("BOUNCES_SUPPRESSIONS_TABLE", tables.suppressions)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "states"))
    monkeypatch.setenv("COLUMNS", "200")  # nothing is wrapped

    def run(*arguments: object, stdin: str = "") -> int:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return main([str(argument) for argument in arguments])

    return run
