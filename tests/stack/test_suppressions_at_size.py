"""Exporting and importing a whole suppression list, over HTTP: equal, in little memory, and with progress."""

import hashlib
import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest

from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.made_suppressions import fill

AGAIN = "SuppressionsAgain"
MOST_MEMORY = 200 << 20

# The most memory that a process had since it began to run its program, in KiB (proc_pid_status(5)). What getrusage
# tells is no less than what the process that started it had.
PEAK = "[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0]"
# The command as it is installed, which leaves that in a file.
MEASURED = f"""
import sys
from pathlib import Path
from bounces_cli.main import main
code = main(sys.argv[2:])
Path(sys.argv[1]).write_text({PEAK})
sys.exit(code)
"""


@pytest.mark.parametrize("count", [20_000, pytest.param(200_000, marks=pytest.mark.full)])
def test_an_export_of_all_is_imported_as_it_was(count: int, second_dynamodb: str, tmp_path: Path) -> None:
    described = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "address", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "address", "KeyType": "HASH"}],
    }
    with in_memory.tables(second_dynamodb) as tables, in_memory.table(AGAIN, **described):
        began = time.monotonic()
        fill(tables.suppressions, count)
        filled = time.monotonic()
        exported = Command(tmp_path, tables, tables.suppressions, "export", "--out", tmp_path / "all.csv")
        assert exported.code == 0, exported.said
        assert "Exporting" in exported.said  # the bar on its terminal
        assert f"of {count:,} addresses" in exported.said
        assert exported.memory < MOST_MEMORY
        imported = Command(tmp_path, tables, AGAIN, "import", tmp_path / "all.csv")
        assert imported.code == 0, imported.said
        assert "Importing" in imported.said
        assert imported.memory < MOST_MEMORY
        compared = time.monotonic()
        assert digests(AGAIN) == digests(tables.suppressions)
        ended = time.monotonic()
        print(
            f"\n{count:,} suppressions: filled in {filled - began:.0f} s, exported in {exported.seconds:.0f} s with "
            f"{exported.memory >> 20} MiB, imported in {imported.seconds:.0f} s with {imported.memory >> 20} MiB, "
            f"compared in {ended - compared:.0f} s"
        )


class Command:
    """`bounces suppressions ARGUMENT…` in a process of its own, its standard error on a terminal."""

    def __init__(self, folder: Path, tables: Tables, suppressions: str, *arguments: object) -> None:
        """Run it to its end."""
        memory = folder / "memory"
        ours, theirs = pty.openpty()
        heard: list[bytes] = []
        listener = threading.Thread(target=_listen, args=(ours, heard))
        listener.start()
        began = time.monotonic()
        place = ["--subscribers-table", tables.subscribers, "--suppressions-table", suppressions]
        ran = subprocess.run(
            [sys.executable, "-c", MEASURED, str(memory), "suppressions", *map(str, arguments), *place],
            env=os.environ | {"XDG_STATE_HOME": str(folder / "states"), "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=False,
        )
        self.seconds = time.monotonic() - began
        os.close(theirs)
        listener.join()
        os.close(ours)
        self.code = ran.returncode
        self.said = (b"".join(heard) + ran.stdout).decode()
        self.memory = int(memory.read_text()) * 1024 if memory.exists() else 0


def _listen(terminal: int, heard: list[bytes]) -> None:
    """Take what is written to a terminal until nobody has it open any more."""
    while True:
        try:
            said = os.read(terminal, 1 << 16)
        except OSError:  # Linux says so by EIO
            return
        heard.append(said)


def digests(table: str) -> Mapping[str, str]:
    """Return a digest of what each item of `table` states; as maps, whose order means nothing."""
    found = {}
    for page in boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            stated = json.dumps(in_memory.without_clock(item), sort_keys=True)
            found[item["address"]["S"]] = hashlib.sha256(stated.encode()).hexdigest()
    return found


def test_the_memory_that_is_measured_is_that_of_the_process() -> None:
    """It grows with what a process holds: a measure that could not be exceeded would prove nothing."""
    program = f"held = b'x' * (300 << 20); print({PEAK})"
    told = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert int(told.stdout) * 1024 > MOST_MEMORY
