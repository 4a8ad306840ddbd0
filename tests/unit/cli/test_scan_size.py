"""A large mbox: scanned in constant memory, and after kills to the same list as undisturbed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.unit.cli.mboxes import bounce, entry, mbox, mixed, ordinary

MAX_RSS_BYTES: Final = 240 << 20
"""What a scan's process may have in memory at most, whatever the mbox's size: the interpreter and the rules are 60 MiB
of it, a batch of mails 16, and the mail of 20 MB is held five times while it is read."""

MIB: Final = 1 << 20

# A process begins with the peak of the one that it was forked from, which pytest's own may have at a gigabyte; so a
# small one comes in between.
MEASURED: Final = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024)
"""


@pytest.fixture(
    scope="module", params=[pytest.param(50, id="50 MB"), pytest.param(1024, id="1 GB", marks=pytest.mark.full)]
)
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """An mbox of so many MiB, and how many mails it has: bounces of 8 kB, short ordinary mails, one of 20 MB."""
    path = tmp_path_factory.mktemp("large") / "large.mbox"
    wished = request.param * MIB
    number = size = 0
    with path.open("wb") as file:
        while size < wished:
            number += 1
            raw = ordinary(number) if number % 4 == 3 else bounce(number, more=20 * MIB if number == 1000 else 8_000)
            size += file.write(entry(raw))
    yield path, number
    path.unlink()


def scan(*arguments: str, state: Path) -> list[str]:
    return [sys.executable, "-m", "bounces_cli.main", "scan", *arguments, "--state", str(state)]


def test_a_large_mbox_is_scanned_in_constant_memory(large: tuple[Path, int], tmp_path: Path) -> None:
    path, mails = large
    out = tmp_path / "hard.csv"
    began = time.monotonic()
    command = [sys.executable, "-c", MEASURED, *scan(str(path), "--out", str(out), state=tmp_path / "state")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    seconds = time.monotonic() - began
    code, peak = map(int, done.stdout.split()[-2:])
    print(
        f"\n{path.stat().st_size / MIB:,.0f} MiB, {mails:,} mails in {seconds:.1f} s: "
        f"{mails / seconds:,.0f} mails a second, peak {peak / MIB:.0f} MiB"
    )
    assert code == 0
    assert out.read_bytes().count(b"\r\n") - 1 == mails - (mails + 1) // 4
    assert peak < MAX_RSS_BYTES


def test_killed_again_and_again_it_writes_the_list_of_an_undisturbed_scan(tmp_path: Path) -> None:
    path = mbox(tmp_path / "box", mixed(2_000))
    undisturbed, out = tmp_path / "undisturbed.csv", tmp_path / "hard.csv"
    subprocess.run(scan(str(path), "--out", str(undisturbed), state=tmp_path / "one"), check=True)
    kills = 0
    sizes = [0]
    while _killed_when_it_has_written_more(scan(str(path), "--out", str(out), state=tmp_path / "two"), out):
        kills += 1
        sizes.append(out.stat().st_size)
    assert kills >= 3
    assert sizes == sorted(sizes)
    assert out.read_bytes() == undisturbed.read_bytes()


def _killed_when_it_has_written_more(command: list[str], out: Path) -> bool:
    """Run `command`, kill it once `out` has grown by a tenth of what is in the end, and say whether it was killed."""
    before = out.stat().st_size if out.exists() else 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if out.exists() and out.stat().st_size > before + 30_000:
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
    return process.returncode == -signal.SIGKILL
