"""Facts as rows of PowerMTA's accounting files, all types under one header, as a body that is pushed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from tests.stack.faults.facts import Fact

_COLUMNS: Final = (
    "type", "timeQueued", "timeLogged", "orig", "rcpt", "bounceCat", "dsnStatus", "dsnAction", "dsnDiag", "dsnMta",
    "jobId", "vmta", "feedbackType", "format",
)  # fmt: skip


def body_of(facts: Iterable[Fact]) -> bytes:
    """Return a body with a row for each of `facts`."""
    body = io.StringIO()
    rows = csv.DictWriter(body, _COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    rows.writerows(map(_row, facts))
    return body.getvalue().encode()


def _row(fact: Fact) -> dict[str, str]:
    local = f"bounces+{fact.list_id}.n48.{fact.mark}.abcdefgh234567ij".lower() if fact.list_id else "bounces"
    row = {
        "timeLogged": f"{fact.time:%Y-%m-%d %H:%M:%S}+0000",
        "orig": f"{local}@return.example.com",
        "rcpt": fact.address,
        "jobId": f"job-{fact.mark.lower()}",
    }
    if fact.kind.event == "complaint":
        return {**row, "type": "f", "feedbackType": fact.kind.feedback_type, "format": "arf"}
    return {
        **row,
        "type": "d" if fact.kind.event == "delivery" else ("b", "rb")[fact.number % 2],
        "bounceCat": fact.kind.category,
        "dsnStatus": fact.kind.status,
        "dsnAction": fact.kind.action,
        "dsnDiag": f"smtp;{fact.diagnostic}",
        "dsnMta": f"mx.{fact.address.partition('@')[2]} (192.0.2.25)",
        "vmta": "vmta-1",
    }
