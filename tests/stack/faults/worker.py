"""The handlers' process, which faults strike: run as `python -m tests.stack.faults.worker SETUP`.

It imports everything, then forks the process that handles invocations, and another one whenever that has been killed: a
start without the seconds that imports take. SETUP is a `Setup` as JSON. Standard input has an invocation a line,
standard output an answer a line, `{"killed": true}` where the process died over it.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import boto3

from bounces.patterns import NO_PATTERNS, Classifier
from local.worker import Context
from tests import quick_aws
from tests.stack.faults import sabotage
from tests.stack.faults.strikes import Rates, Strikes
from tests.stack.faults.tally import Tally

HANDLERS: Final = {
    "IngestSesFunction": "functions.ingest_ses.app",
    "IngestPushFunction": "functions.ingest_push.app",
    "ClassifyFunction": "functions.classify.app",
    "ApplyActionsFunction": "functions.apply_actions.app",
}
FLUSH: Final = "flush"
SECONDS: Final = 300
"""How long an invocation may take; what a function's own time is, another test looks at."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told: its seed, where it counts, the functions' environments, what is broken, the rates."""

    seed: int
    tally: str
    environments: Mapping[str, Mapping[str, str]]
    sabotage: str | None
    rates: Mapping[str, float]

    def written(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))


def main() -> None:
    """Fork the process that handles, again and again, until standard input ends."""
    setup = Setup(**json.loads(sys.argv[1]))
    answers = os.dup(1)
    os.dup2(2, 1)
    os.environ.update(next(iter(setup.environments.values())))
    handlers = _prepared(setup)
    for life in range(sys.maxsize):
        child = os.fork()
        if child == 0:
            _live(setup, life, handlers, answers)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
        os.write(answers, b'{"killed": true}\n')


def _prepared(setup: Setup) -> dict[str, Callable[[Any, Any], Any]]:
    """Return the handlers, with what would else be loaded again by each process that is forked."""
    # Between its tries botocore waits up to seconds, which is not what is tested.
    time.sleep = lambda _seconds: None
    handlers = {name: importlib.import_module(module).handler for name, module in HANDLERS.items()}
    Classifier(NO_PATTERNS)
    for service in ("s3", "sqs", "secretsmanager", "dynamodb"):
        boto3.client(service)  # type: ignore[call-overload]  # its description stays loaded; it has no connection yet
    quick_aws.quick_clients()
    if setup.sabotage:
        sabotage.WAYS[setup.sabotage]()
    return handlers


def _live(setup: Setup, life: int, handlers: Mapping[str, Callable[[Any, Any], Any]], answers: int) -> None:
    draw = random.Random(f"strikes {setup.seed} {life}")
    strikes = Strikes(draw, Rates(**setup.rates), Tally(Path(setup.tally)))
    strikes.install()
    lines = _Lines()
    while (line := lines.next()) is not None:
        asked = json.loads(line)
        if asked["function"] == FLUSH:
            strikes.flush()
            answer: dict[str, Any] = {"result": None}
        else:
            os.environ.update(setup.environments[asked["function"]])
            strikes.begin()
            answer = _answer(handlers[asked["function"]], asked["event"])
            strikes.end()
        os.write(answers, json.dumps(answer).encode() + b"\n")


def _answer(handler: Callable[[Any, Any], Any], event: Any) -> dict[str, Any]:
    try:
        return {"result": handler(event, Context(str(uuid.uuid4()), SECONDS))}
    except Exception as error:  # noqa: BLE001 - as in Lambda, whose function lives on
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


class _Lines:
    """Lines of standard input, none of which is read before it is asked for: a killed process takes none with it."""

    def __init__(self) -> None:
        self._rest = b""

    def next(self) -> bytes | None:
        """Return the next line, None at the end."""
        while b"\n" not in self._rest:
            part = os.read(0, 1 << 20)
            if not part:
                return None
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\n")
        return line


if __name__ == "__main__":
    main()
