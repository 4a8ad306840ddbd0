"""A function that answers with what it was given and what it knows of itself."""

import os
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    print("a line on standard output, which is the log and not the answer")
    return {
        "event": event,
        "same_name": os.environ["SAME_NAME"],
        "queue_url": os.environ["QUEUE_URL"],
        "function": context.function_name,
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "request": context.aws_request_id,
        "process": os.getpid(),
    }
