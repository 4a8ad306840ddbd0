"""How many pushed records a second become reports, in each form: `python -m tests.bench.pushed_records [RECORDS]`.

Processor time of one core, from a body's bytes to its reports, in bodies of 1,000 records; all are made beforehand.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from bounces.reading import Arrival
from bounces.reading.accounting import COLUMNS, LINE, known_columns, read_push
from bounces.records import Source

BATCH: Final = 1_000
RECEIVED: Final = datetime(2026, 11, 25, tzinfo=UTC)
DIAGNOSTICS: Final = (
    "smtp;550 5.1.1 <u{0}@example.org>: Recipient address rejected, user unknown in virtual mailbox table",
    "smtp;552 5.2.2 the mailbox of u{0} is over quota",
    'smtp;550-5.7.1 [192.0.2.4] this message, in our view, is "likely" to be unsolicited {0}',
)
TOKEN: Final = "news.c7.s{0}.abcdefghijklmnop"
LAYOUT: Final = next(layout for layout in known_columns().layouts if {"b", "rb"} == layout.types)
HEADER: Final = ("type", *LAYOUT.written)
FORMS: Final = ("csv", "json_batch", "lines", "kumomta")


def body(form: str, first: int) -> tuple[bytes, str, Source]:
    """Return a body of `BATCH` records in `form`, the content type, and whose records they are."""
    numbers = range(first, first + BATCH)
    if form == "kumomta":
        return json.dumps([_log_record(n) for n in numbers]).encode(), "application/json", Source.KUMOMTA
    rows = [_row(n) for n in numbers]
    lines = list(_lines(rows))
    if form == "csv":
        return "\n".join([*_lines([list(HEADER)]), *lines]).encode(), "text/csv", Source.POWERMTA
    if form == "lines":
        events: list[dict[str, Any]] = [{LINE: line, COLUMNS: ",".join(HEADER)} for line in lines]
    else:
        events = [
            {**dict(zip(HEADER, row, strict=True)), "message": line} for row, line in zip(rows, lines, strict=True)
        ]
    carried = {"@timestamp": "2026-11-25T00:00:00Z", "@version": "1", "host": {"name": "mta1"}, "tags": []}
    return json.dumps([{**event, **carried} for event in events]).encode(), "application/json", Source.POWERMTA


def measure(form: str, records: int) -> tuple[float, int]:
    """Return how many records a second become reports, and the bytes of a body."""
    bodies = [body(form, first) for first in range(0, records, BATCH)]
    start = time.process_time()
    for sent, content_type, source in bodies:
        push = read_push(sent, Arrival(source=source, received_time=RECEIVED, raw="pushed/a"), content_type)
        assert len(push.reports) == BATCH, push.set_aside[:1]
    return records / (time.process_time() - start), len(bodies[0][0])


def main() -> None:
    """Print the figure of each form, and the largest size of the process."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for form in FORMS:
        rate, size = measure(form, records)
        print(f"{form:>10}: {rate:7,.0f} records a second, {size:,} bytes a body of {BATCH:,}")
    print(f"largest size of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def _row(n: int) -> list[str]:
    named = {
        "timequeued": f"2026-11-20 10:{n // 60 % 60:02}:{n % 60:02}+0100",
        "timelogged": f"2026-11-20 11:{n // 60 % 60:02}:{n % 60:02}+0100",
        "orig": f"bounces+{TOKEN.format(n)}@return.example.com",
        "rcpt": f"u{n}@example.org",
        "bouncecat": "bad-mailbox",
        "dsnstatus": "5.1.1 (bad destination mailbox address)",
        "dsnaction": "failed",
        "dsndiag": DIAGNOSTICS[n % 3].format(n),
        "dsnmta": f"mx{n % 50}.example.org (192.0.2.{n % 50})",
        "jobid": "c7",
        "vmta": f"vmta-{n % 20}",
        "header_x-fblid": TOKEN.format(n),
    }
    return ["b", *(named[column] for column in LAYOUT.columns[1:])]


def _lines(rows: list[list[str]]) -> Iterator[str]:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    yield from out.getvalue().splitlines()


def _log_record(n: int) -> dict[str, Any]:
    return {
        "type": "Bounce", "id": f"{n:032x}", "sender": f"bounces+{TOKEN.format(n)}@return.example.com",
        "recipient": f"u{n}@example.org", "queue": "news:tenant@example.org", "site": "mx.example.org", "size": 1047,
        "response": {"code": 550, "enhanced_code": {"class": 5, "subject": 1, "detail": 1},
                     "content": f"<u{n}@example.org> user unknown", "command": "RCPT TO:<u@example.org>"},
        "peer_address": {"name": "mx.example.org.", "addr": "192.0.2.1"}, "timestamp": 1795500000 + n,
        "created": 1795499990, "num_attempts": 0, "bounce_classification": "InvalidRecipient", "egress_pool": "pool0",
        "egress_source": "source2", "feedback_report": None, "meta": {}, "headers": {"X-FBLId": TOKEN.format(n)},
        "delivery_protocol": "ESMTP", "nodeid": "557f3ad4-2c8c-11ee-976e-782d7e12e173",
    }  # fmt: skip


if __name__ == "__main__":
    main()
