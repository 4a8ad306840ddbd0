"""`bounces inspect --json` over 3,000 files beside a plain program that only splits the same files.

Wall-clock time of both as commands, with all that starting and writing costs. Only at its full size does it say
anything, and only on a machine with nothing else to do: `make full`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest

from tests.fuzz import seeds

FILES = 3000
ROUNDS = 5
BAR = 0.75
PLAIN = """
import email, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    email.message_from_bytes(path.read_bytes())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 mails: the corpus over and over, as it is, where it is beside the project, else the project's samples."""
    mails = seeds.corpus(largest=None) or seeds.ours()
    folder = tmp_path_factory.mktemp("mails")
    for number in range(FILES):
        (folder / f"{number:05}.eml").write_bytes(mails[number % len(mails)])
    return folder


def _seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


@pytest.mark.full
def test_inspect_is_faster_than_a_program_that_only_splits_the_mails(folder: Path) -> None:
    inspect = ("-m", "bounces_cli.main", "inspect", "--json", str(folder))
    plain = ("-c", PLAIN, str(folder))
    _seconds(*inspect)
    times = [(_seconds(*inspect), _seconds(*plain)) for _ in range(ROUNDS)]
    ours, theirs = (median(column) for column in zip(*times, strict=True))
    said = f"inspect {ours:.2f} s, message_from_bytes alone {theirs:.2f} s: {ours / theirs:.2f}, the bar is {BAR}"
    print(said)
    assert ours <= BAR * theirs, said
