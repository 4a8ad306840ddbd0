"""The second DynamoDB: it is there while it is wanted, and never longer."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.patience import until
from tests.stack import dynalite

START_AND_BE_KILLED = """
import os, signal
from tests.stack import dynalite
with dynalite.running() as address:
    print(address, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def installed() -> None:
    why_not = dynalite.why_not()
    if why_not is not None:
        pytest.skip(why_not)


def listens(address: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(address).port or 0)) == 0


def test_it_listens_until_it_is_left() -> None:
    with dynalite.running() as address:
        assert listens(address)
    assert not listens(address)


def test_it_ends_where_who_started_it_is_killed() -> None:
    killed = subprocess.run([sys.executable, "-c", START_AND_BE_KILLED], capture_output=True, text=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    until(lambda: not listens(killed.stdout.strip()), 10)


def test_what_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dynalite, "_FOLDER", tmp_path)
    assert dynalite.why_not() == "needs npm's dynalite: scripts/setup test"
    with pytest.raises(RuntimeError, match="did not start"), dynalite.running():
        pass
