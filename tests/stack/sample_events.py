"""The sample events of events/, by the name of the function's folder."""

import json
from typing import Any

from tests.stack.expanded import ROOT


def event(function: str) -> dict[str, Any]:
    """Return the sample event of `function`."""
    made: dict[str, Any] = json.loads((ROOT / "events" / f"{function}.json").read_text("utf-8"))
    return made


def body(function: str) -> str:
    """Return the text of the one queue message in the sample event of `function`."""
    (record,) = event(function)["Records"]
    return str(record["body"])
