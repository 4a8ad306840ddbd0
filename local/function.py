"""A Lambda function on this machine: the real handler in a process of its own, with the template's environment.

A process a function, as in Lambda: all of them have a variable `DEAD_LETTER_QUEUE_URL`, each with its own value, and
what one does to its modules no other sees.
"""

import json
import os
import select
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import boto3

from local.deploy import ROOT, Deployed

LAYER: Final = ROOT / "layers" / "patterns"
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


class FunctionError(Exception):
    """An invocation that did not end with an answer: the handler raised, ran out of time, or its process ended."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the deployed function says of itself. `timeout` is in seconds, `memory` in MB."""

    name: str
    arn: str
    folder: Path
    handler: str
    timeout: float
    memory: int
    variables: Mapping[str, str]

    @classmethod
    def of(cls, deployed: Deployed, logical_id: str) -> "Configuration":
        """Return the configuration of the function `logical_id`, as Lambda's API tells it."""
        told = boto3.client("lambda").get_function_configuration(FunctionName=deployed.resources[logical_id])
        return cls(
            name=told["FunctionName"],
            arn=told["FunctionArn"],
            folder=deployed.folders[logical_id],
            handler=told["Handler"],
            timeout=float(told["Timeout"]),
            memory=int(told["MemorySize"]),
            variables=told.get("Environment", {}).get("Variables", {}),
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of the function's process."""
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name in _PASSED_ON}
        return {
            **aws,
            **self.variables,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(LAYER))),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "LAMBDA_TASK_ROOT": str(self.folder),
            "LOCAL_FUNCTION_ARN": self.arn,
            "TZ": "UTC",
        }


class Function:
    """A function that can be invoked, one event at a time. `log` gets what it prints."""

    def __init__(self, configuration: Configuration, log: IO[bytes] | int = subprocess.DEVNULL) -> None:
        self.configuration = configuration
        self._log = log
        self._worker: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Return what the handler answers to `event`. Raises `FunctionError`."""
        with self._lock:
            worker = self._started()
            asked = {"event": event, "request_id": str(uuid.uuid4()), "seconds": self.configuration.timeout}
            answer = self._ask(worker, json.dumps(asked).encode() + b"\n")
        if "error" in answer:
            raise FunctionError(f"{self.configuration.name}: {answer['error']}")
        return answer["result"]

    def start(self) -> None:
        """Start the process, which `invoke` would else do at the first event."""
        with self._lock:
            self._started()

    def kill(self) -> None:
        """End the process at once, and with it the invocation under way; the next one starts another."""
        worker = self._worker
        if worker is not None:
            worker.kill()

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._worker is None or self._worker.poll() is not None:
            its = self.configuration
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "local.worker", str(its.folder), its.handler],
                env=its.environment(),
                cwd=its.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,  # Ctrl-C in the terminal is for the runner, which then ends this
            )
        return self._worker

    def _ask(self, worker: "subprocess.Popen[bytes]", line: bytes) -> dict[str, Any]:
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            worker.stdin.write(line)
            worker.stdin.flush()
            ready, _, _ = select.select([worker.stdout], [], [], self.configuration.timeout)
            answer = worker.stdout.readline() if ready else b""
        except BrokenPipeError:
            ready, answer = [worker.stdout], b""
        if answer:
            told: dict[str, Any] = json.loads(answer)
            return told
        self._end()
        if ready:
            return {"error": f"the function's process ended with exit code {worker.returncode}; see its log"}
        return {"error": f"Task timed out after {self.configuration.timeout:.2f} seconds"}

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        for pipe in (worker.stdin, worker.stdout):
            if pipe is not None:
                pipe.close()
        worker.wait()
