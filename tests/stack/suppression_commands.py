"""`bounces` on tables in memory, for tests."""

import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from bounces.store import Suppression
from bounces_cli.main import main
from tests.stack.in_memory import Tables

Bounces = Callable[..., int]
DAY: Final = timedelta(days=1)
THEN: Final = datetime(2024, 5, 1, 12, tzinfo=UTC)


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


def known(tables: Tables, address: str) -> Suppression:
    """Return why `address` is suppressed, and what was lifted."""
    suppression = tables.store.suppression(address)
    assert suppression is not None
    return suppression


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    """Write a file of `text` into `folder`, and return it."""
    file = folder / name
    file.write_text(text)
    return file
