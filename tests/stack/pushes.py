"""Requests to the push door, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bounces import envelopes
from bounces.records import Report
from local import http_event
from tests.stack.deployed import Stack

TOKEN: Final = "a-token-of-the-tests"
HEADER: Final = "type,timeLogged,orig,rcpt,bounceCat,dsnStatus,dsnAction,dsnDiag,dsnMta"
CSV: Final = "application/octet-stream"
JSON: Final = "application/json"


@dataclass(frozen=True)
class Answered:
    """An answer of the door."""

    status: int
    headers: Mapping[str, str]
    told: Mapping[str, Any]


def push(
    stack: Stack,
    body: bytes,
    mta: str = "powermta",
    *,
    content_type: str | None = CSV,
    encoding: str | None = None,
    authorization: str | None = f"Bearer {TOKEN}",
) -> Answered:
    """Post `body` to the door of `stack`."""
    given = {"Authorization": authorization, "Content-Type": content_type, "Content-Encoding": encoding}
    headers = {name: value for name, value in given.items() if value is not None}
    path = f"/v1/push/{mta}"
    event = http_event.event(
        f"POST {path}", path, headers.items(), body, peer="192.0.2.4", received=datetime.now(UTC), api_id="api"
    )
    answer = http_event.answer(stack.push(event))
    return Answered(answer.status, answer.headers, json.loads(answer.body))


def row(number: int, diagnostic: str = "smtp;550 5.1.1 no such user") -> str:
    """Return the accounting row of a bounce of one of many recipients."""
    logged = f"2026-11-20 10:{number // 60 % 60:02}:{number % 60:02}+0000"
    sender, recipient = "bounces+news.c7.17@return.example.com", f"u{number}@example.org"
    return f"b,{logged},{sender},{recipient},bad-mailbox,5.1.1 (bad mailbox),failed,{diagnostic},mx.example.org"


def rows(count: int, first: int = 0) -> bytes:
    """Return an accounting file of `count` bounces."""
    return "\n".join([HEADER, *(row(number) for number in range(first, first + count))]).encode() + b"\n"


def reports(stack: Stack) -> list[Report]:
    """Take every report out of the report queue."""
    messages = stack.messages("ReportQueue")
    return [report for message in messages for report in envelopes.unpack(Report, message).records]
