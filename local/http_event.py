"""A request as an HTTP API hands it to a function (payload format 2.0), and a function's answer as it reads it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
The page does not say which bodies are handed on as text; it is by their content type alone, and what is no UTF-8 in
them is damaged.
"""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from local.endpoint import ACCOUNT

_TEXT: Final = ("application/json", "application/xml", "application/javascript")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client: status, headers, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_text(content_type: str) -> bool:
    """Say whether a body of `content_type` is handed on as text; any other is in base64, also one without a type."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.startswith("text/") or media_type in _TEXT


def event(
    route_key: str,
    path: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    peer: str,
    received: datetime,
    api_id: str,
) -> dict[str, Any]:
    """Return the event of a request with `body` to `path`. Headers of one name are joined with commas."""
    joined: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    text = is_text(joined.get("content-type", ""))
    method, _, _ = route_key.partition(" ")
    raw_path, _, query = path.partition("?")
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": joined,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": joined.get("host", ""),
            "domainPrefix": api_id,
            "http": {
                "method": method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer,
                "userAgent": joined.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": f"{received:%d/%b/%Y:%H:%M:%S %z}",
            "timeEpoch": int(received.timestamp() * 1000),
        },
        "body": body.decode("utf-8", "replace") if text else base64.b64encode(body).decode(),
        "isBase64Encoded": not text,
    }


def answer(result: Any) -> Answer:
    """Return what the client gets of a function's `result`. Raises `ValueError` where that is no answer.

    A result without a status is a body of JSON.
    """
    if not isinstance(result, dict) or "statusCode" not in result:
        return Answer(200, {"content-type": "application/json"}, json.dumps(result).encode())
    text = result.get("body") or ""
    body = base64.b64decode(text) if result.get("isBase64Encoded") else str(text).encode()
    headers = {str(name): str(value) for name, value in (result.get("headers") or {}).items()}
    return Answer(int(result["statusCode"]), headers, body)
