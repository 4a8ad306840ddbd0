"""One Lambda function in a process of its own: reads an invocation a line from standard input, answers a line each.

Run as `python -m local.worker FOLDER MODULE.HANDLER`. What the function prints goes to standard error: standard
output is the answers'.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO


class Context:
    """What Lambda hands to a handler beside the event, as Python's runtime names it."""

    function_version = "$LATEST"
    client_context = None
    identity = None

    def __init__(self, request_id: str, seconds: float) -> None:
        self.aws_request_id = request_id
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn = os.environ["LOCAL_FUNCTION_ARN"]
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run, in milliseconds."""
        return max(0, int((self._end - time.monotonic()) * 1000))


def main() -> None:
    """Load the handler, and answer until standard input ends."""
    folder, path = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.path.insert(0, folder)
    module, _, name = path.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        _answer(handler, json.loads(line), answers)


def _answer(handler: Callable[[Any, Context], Any], asked: dict[str, Any], answers: TextIO) -> None:
    answer: dict[str, Any]
    try:
        result = handler(asked["event"], Context(asked["request_id"], asked["seconds"]))
        answer = {"result": json.loads(json.dumps(result))}
    except Exception as error:  # noqa: BLE001 - Lambda too reports whatever a handler raises, and lives on
        answer = {"error": f"{type(error).__name__}: {error}"}
        traceback.print_exc()
    sys.stdout.flush()
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
