"""Requests as API Gateway's HTTP APIs hand them to a function (payload format 2.0), and answers to them.

Whoever pushes drops what is answered with a 4xx and sends again what is answered with a 503. So each error that no
later try can mend has its 4xx below, and everything else is a 503.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from bounces.aws import telemetry
from bounces.aws.telemetry import logger
from bounces.errors import (
    BouncesError,
    CredentialError,
    PushTooLarge,
    UnknownMediaType,
    UnreadablePush,
)

MAX_RECEIVED: Final = 4 * 1024 * 1024
"""Bytes of a body as it was sent: Lambda takes an event of 6 MB, which has room for little more in base64."""
RETRY_AFTER: Final = 5
"""Seconds after which what was answered with 503 may be sent again."""

STATUSES: Final[Mapping[type[BouncesError], int]] = {
    UnreadablePush: 400,
    CredentialError: 401,
    PushTooLarge: 413,
    UnknownMediaType: 415,
}
_DAMAGED: Final = "\x1f\ufffd"
"""How gzip data begin that were taken for text: an HTTP API hands on text, JSON, XML and JavaScript as UTF-8."""
_HEADERS: Final[Mapping[int, dict[str, str | list[str]]]] = {
    401: {"WWW-Authenticate": 'Bearer realm="push"'},
    503: {"Retry-After": str(RETRY_AFTER)},
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose sender is known: path, the body's bytes as they were sent, its headers, when it came."""

    path: str
    body: bytes
    content_type: str
    content_encoding: str
    received: datetime

    @classmethod
    def of(cls, event: APIGatewayProxyEventV2) -> Request:
        """Return the request in `event`. Raises `UnreadablePush` and `UnknownMediaType`."""
        return cls(
            path=event.raw_path,
            body=_body(event.body or "", bool(event.is_base64_encoded)),
            content_type=event.headers.get("content-type") or "",
            content_encoding=event.headers.get("content-encoding") or "",
            received=datetime.now(UTC),
        )

    def require_size(self) -> None:
        """Raise `PushTooLarge` where the body is longer than is taken."""
        if len(self.body) > MAX_RECEIVED:
            raise PushTooLarge(
                f"a body has at most {MAX_RECEIVED} bytes as it is sent, this has {len(self.body)}; "
                "send fewer records at once (Logstash: pipeline.batch.size), or packed by gzip"
            )


def answer(status: int, told: Mapping[str, Any]) -> Response[str]:
    """Return an answer of JSON."""
    return Response(status, content_types.APPLICATION_JSON, json.dumps(told), headers=_HEADERS.get(status))


def refusal(error: Exception) -> Response[str]:
    """Return the answer to a request that `error` was raised on, log it and count it."""
    if isinstance(error, ServiceError):  # of Powertools: no such path
        return answer(error.status_code, {"error": "there is nothing here; post to /v1/push/powermta, kumomta or mail"})
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 503)
    if status != 503:
        logger.warning("push refused", status=status, error=type(error).__name__, reason=str(error))
        telemetry.count(telemetry.PUSHES_REFUSED)
        return answer(status, {"error": str(error)})
    logger.error("push not taken, to be sent again", error=type(error).__name__, reason=str(error), exc_info=error)
    telemetry.count(telemetry.PUSHES_NOT_TAKEN)
    return answer(status, {"error": "not taken: what keeps it cannot be reached; send the same again"})


def _body(text: str, is_base64: bool) -> bytes:
    if not is_base64:
        if text.startswith(_DAMAGED):
            raise UnknownMediaType(
                "gzip that was sent as text or JSON, which an HTTP API damages; send it as application/octet-stream"
            )
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise UnreadablePush(f"the event's body is no base64: {error}") from error
