"""`make run`, as a person runs it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local import samples
from tests.patience import until

ROOT = Path(__file__).parents[2]
SECONDS = 120


def command(tmp_path: Path, *arguments: str) -> list[str]:
    ports = ("--aws-port", "0", "--smtp-port", "0", "--http-port", "0")
    return [sys.executable, "-m", "local", *ports, "--log", str(tmp_path / "log"), *arguments]


def missing_of_readme(printed: str) -> list[str]:
    """Return the lines that README.md shows of a run and that are not in `printed`."""
    shown = (ROOT / "README.md").read_text("utf-8").partition("```text\n")[2].partition("```")[0]
    lines = {line.rstrip() for line in printed.splitlines()}
    # The first lines have the ports, the last one comes only where the stack goes on to serve.
    return [line for line in shown.splitlines()[2:-1] if line not in lines and line.strip() != "…"]


def workers_of(log: Path) -> list[str]:
    """Return the processes that still write to `log`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*/fd/2"):
        try:
            if folder.readlink() == log:
                found.append(folder.parts[2])
        except OSError:
            continue  # it has ended, or is another user's
    return found


def test_once_handles_every_sample_shows_it_and_ends(tmp_path: Path) -> None:
    run = subprocess.run(
        command(tmp_path, "--once"), cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    for sample in samples.mails():
        assert sample.name in run.stdout
    assert "not handled" not in run.stdout
    results, _, suppressions = run.stdout.partition("The suppression list")
    assert "suppressed, unsubscribed from" in results
    assert "soft bounce counted (1 day)" in results
    assert "dorothy@example.org" in suppressions
    assert "blaise@example.org" not in suppressions
    assert max(len(line) for line in run.stdout.splitlines()) <= 120
    assert workers_of(tmp_path / "log") == []
    assert missing_of_readme(run.stdout) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with (tmp_path / "output").open("wb") as output:
        run = subprocess.Popen(command(tmp_path), cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    try:
        shown = (tmp_path / "output").read_text
        until(lambda: "Serving until Ctrl-C" in shown() or run.poll() is not None, SECONDS, shown)
        assert run.poll() is None, shown()
        assert len(workers_of(tmp_path / "log")) == 5
        os.killpg(run.pid, number)
        assert run.wait(30) == 0, (tmp_path / "output").read_text()
    finally:
        run.kill()
        run.wait()
    said = (tmp_path / "output").read_text()
    assert said.rstrip().endswith("Stopping.")
    assert "Traceback" not in said
    assert workers_of(tmp_path / "log") == []


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run(
            [*command(tmp_path, "--once"), "--smtp-port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert run.returncode == 2
    assert f"port {port} of 127.0.0.1 cannot be listened on" in run.stderr
