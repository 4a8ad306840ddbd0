"""A function that does each thing that a function should not."""

import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    match event.get("do"):
        case "raise":
            raise ValueError("no good")
        case "sleep":
            time.sleep(60)
        case "exit":
            os._exit(7)
        case "answer what JSON does not know":
            return {1, 2}
    return os.environ["SAME_NAME"]
