"""The handlers as the driver calls them: in this process, where nothing fails, or in the one that faults strike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Protocol
from unittest import mock

from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_push import app as ingest_push
from functions.ingest_ses import app as ingest_ses
from local import endpoint
from local.aws_door import AwsDoor
from local.deploy import ROOT, Deployed
from local.function import Configuration, FunctionError
from tests.stack import deployed as in_process
from tests.stack.faults.strikes import Rates
from tests.stack.faults.worker import FLUSH, HANDLERS, Setup

_DIRECT: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "IngestSesFunction": ingest_ses.handler,
    "IngestPushFunction": ingest_push.handler,
    "ClassifyFunction": classify.handler,
    "ApplyActionsFunction": apply_actions.handler,
}
QUIET: Final = {"LOG_LEVEL": os.environ.get("FAULTS_LOG_LEVEL", "CRITICAL")}
"""What the functions say of each fault would be most of what the test does."""


class Handlers(Protocol):
    """All handlers of the stack."""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Return what the handler of `function` answers. Raises `FunctionError` where it ends without an answer."""

    def flush(self) -> None:
        """Have everything that is still under way take effect."""


class Direct:
    """The handlers in this process."""

    def __init__(self, deployed: Deployed) -> None:
        in_process.forget()
        self._environments = _environments(deployed)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Return what the handler of `function` answers to `event`."""
        with mock.patch.dict(os.environ, self._environments[function]):
            return _DIRECT[function](dict(event), None)

    def flush(self) -> None:
        """Nothing is ever under way."""


class Struck:
    """The handlers in a process that faults strike."""

    def __init__(self, process: subprocess.Popen[bytes], door: AwsDoor) -> None:
        self._process = process
        self._door = door

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Return what the handler of `function` answers to `event`. Raises `FunctionError` where it was killed."""
        return self._ask({"function": function, "event": event})

    def flush(self) -> None:
        """Have every late request take effect."""
        self._ask({"function": FLUSH})

    def _ask(self, asked: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the handlers' process ended by itself, with exit code {self._process.wait()}")
        answer = json.loads(line)
        if "killed" in answer:
            self._door.wait_until_quiet()
            raise FunctionError("killed")
        if "error" in answer:
            raise FunctionError(answer["error"])
        return answer["result"]


@contextmanager
def struck(
    deployed: Deployed, door: AwsDoor, *, seed: int, rates: Rates, tally: Path, sabotage: str | None
) -> Iterator[Struck]:
    """Have the handlers in a process of their own meanwhile."""
    port = int(door.url.rpartition(":")[2])
    environments = {name: its | endpoint.environment(port) | QUIET for name, its in _environments(deployed).items()}
    setup = Setup(seed, str(tally), environments, sabotage, asdict(rates))
    # A session of its own: its end ends the process that it forked too, by the end of standard input.
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stack.faults.worker", setup.written()],
        env={**os.environ, **endpoint.environment(port), **QUIET, "PYTHONPATH": _path()},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if "FAULTS_LOG_LEVEL" in os.environ else subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        yield Struck(process, door)
        process.stdin.close()


def _path() -> str:
    return os.pathsep.join((str(ROOT), str(ROOT / "layers" / "patterns")))


def _environments(deployed: Deployed) -> dict[str, dict[str, str]]:
    environments = {name: Configuration.of(deployed, name).environment() for name in HANDLERS}
    return {name: {key: its[key] for key in its if key not in ("PATH", "HOME")} for name, its in environments.items()}
