"""A DynamoDB that is pressed, and does not all of a batch at once."""

from __future__ import annotations

from typing import Any
from unittest import mock

from botocore.client import BaseClient


def leaving_undone(table: str, operation: str, times: int) -> Any:
    """Have so many calls of `operation` do all but one of the items of `table` that it is asked for."""
    original = BaseClient._make_api_call  # type: ignore[attr-defined]
    left = times

    def make(client: BaseClient, name: str, arguments: dict[str, Any]) -> Any:
        nonlocal left
        if name != operation or left == 0:
            return original(client, name, arguments)
        left -= 1
        asked = arguments["RequestItems"][table]
        kept: Any
        if name == "BatchWriteItem":
            if len(asked) > 1:
                original(client, name, {"RequestItems": {table: asked[1:]}})
            return {"UnprocessedItems": {table: asked[:1]}}
        kept = asked["Keys"][:1]
        answer: dict[str, Any] = {"Responses": {}}
        if len(asked["Keys"]) > 1:
            answer = original(client, name, {"RequestItems": {table: {**asked, "Keys": asked["Keys"][1:]}}})
        return {**answer, "UnprocessedKeys": {table: {"Keys": kept}}}

    return mock.patch.object(BaseClient, "_make_api_call", make)
