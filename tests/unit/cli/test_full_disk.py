"""What the command says where its output cannot be written to the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")
MAILS = str(Path(__file__).parents[3] / "events" / "mails")
COMMAND = (sys.executable, "-m", "bounces_cli.main")


@pytest.mark.skipif(not FULL.exists(), reason="needs a disk that is full: /dev/full of Linux")
@pytest.mark.parametrize(
    "arguments",
    [("classify",), ("classify", "--json"), ("inspect", MAILS), ("inspect", "--json", MAILS)],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_output_that_is_not_whole_is_said(arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as disk:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=b"550 5.1.1 user unknown\n",
            stdout=disk,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, b"bounces: the output is not whole: No space left on device\n")
