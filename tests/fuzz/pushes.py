"""Bodies made to cost much, each within what the push door hands on, and what becomes of each."""

from __future__ import annotations

import gzip
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bounces.errors import PushError
from bounces.reading.accounting import read_push
from bounces.reading.accounting.limits import MAX_UNPACKED
from bounces.reading.reports import Arrival
from bounces.records import Source

HEADER: Final = b"type,timeLogged,rcpt,header_To,dsnDiag\n"
TIMED: Final = b"b,2026-01-01 00:00:00+0000,"
CSV: Final = "text/csv"
JSON: Final = "application/json"


def filled(piece: bytes, head: bytes = b"", tail: bytes = b"", size: int = MAX_UNPACKED - 1024) -> bytes:
    """Return `head`, as many of `piece` as fit into `size` bytes, and `tail`."""
    return head + piece * ((size - len(head) - len(tail)) // len(piece)) + tail


def _recipients(number: int) -> bytes:
    record = {"type": "Bounce", "recipient": [f"a{n}@b.c" for n in range(900)]}
    return json.dumps([{**record, "id": str(n)} for n in range(number)]).encode()


def _complaints(message: str, number: int) -> bytes:
    report = {"feedback_type": "abuse", "original_message": message}
    return json.dumps([{"type": "Feedback", "id": str(n), "feedback_report": report} for n in range(number)]).encode()


# A name, the content type, and the body: those of powermta, then those of kumomta.
POWERMTA: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "a gzip bomb": ("", lambda: gzip.compress(bytes(400 << 20))),
    "a gzip bomb in gzip": ("", lambda: gzip.compress(gzip.compress(bytes(400 << 20)))),
    "many gzip members": ("", lambda: gzip.compress(b"") * 200_000),
    "arrays 10,000 deep": (JSON, lambda: b"[" * 10_000 + b"]" * 10_000),
    "objects 10,000 deep": (JSON, lambda: b'[{"type":"t"},' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"]"),
    "arrays that only open": (JSON, lambda: b"[" * (MAX_UNPACKED - 1)),
    "objects that only open": (JSON, lambda: filled(b'{"a":')),
    "lines that only open": (JSON, lambda: filled(b"{\n")),
    "some that open, then nothing": (JSON, lambda: filled(b" ", b'{"a":\n' * 15_000)),
    "one record of small strings": (JSON, lambda: filled(b'","":"', b'[{"":"', b'"}]')),
    "records of small strings": (JSON, lambda: filled(b"{" + b'"":"",' * 9_000 + b'"":""},', b"[", b"]")),
    "records of empty arrays": (JSON, lambda: filled(b'{"a":[' + b"[]," * 9_000 + b"[]]},", b"[", b"]")),
    "records of numbers": (JSON, lambda: filled(b'{"a":[' + b"1," * 32_000 + b"1]},", b"[", b"]")),
    "long records of floats": (JSON, lambda: filled(b'{"a":[' + b"1.5," * 1_000_000 + b"1]},", b"[", b"]")),
    "one string": (JSON, lambda: filled(b"x", b'{"type":"b","a":"', b'"}')),
    "backslashes": (JSON, lambda: filled(b"\\", b'{"type":"b","a":"')),
    "quotes": (JSON, lambda: filled(b'"', b"[")),
    "a long number": (JSON, lambda: b'[{"type":' + b"1" * 60_000 + b"}]"),
    "NUL in JSON": (JSON, lambda: filled(b"\0", b"[")),
    "a million empty lines": (CSV, lambda: b"\n" * 1_000_000),
    "empty lines": (CSV, lambda: filled(b"\r\n")),
    "NUL": (CSV, lambda: filled(b"\0")),
    "header lines": (CSV, lambda: filled(HEADER)),
    "rows of commas": (CSV, lambda: filled(b"," * 65_535 + b"\n", HEADER)),
    "rows of commas and quotes": (CSV, lambda: filled(b'"",' + b"," * 65_000 + b"\n", HEADER)),
    "one long quoted value": (CSV, lambda: filled(b"x", HEADER + b'b,1,"')),
    "a quote on each line": (CSV, lambda: filled(b'"' + b"a" * 2_000 + b"\n", HEADER)),
    "a quote before 20,000 lines": (CSV, lambda: HEADER + b'"' + b"a,b\n" * 19_000),
    "codes": (CSV, lambda: filled(TIMED + b"a@b.cd,," + b"550 5.1.1 " * 6_000 + b"\n", HEADER)),
    "addresses": (CSV, lambda: filled(b'f,2026-01-01 00:00:00+0000,,"' + b"a@b.cd," * 8_000 + b'",\n', HEADER)),
}  # fmt: skip
KUMOMTA: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "recipients": (JSON, lambda: _recipients(2_000)),
    "complaints with long To": (JSON, lambda: _complaints("To: " + "a@b.c, " * 4_000 + "\n\n", 500)),
    "complaints with many headers": (JSON, lambda: _complaints("A: b\n" * 12_000, 400)),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What reading a body took: processor seconds, MiB beyond the body itself, and what came of it in words."""

    seconds: float
    mebibytes: float
    outcome: str


def cost_of(source: Source, content_type: str, body: bytes) -> Cost:
    """Read `body` in a process of its own, and return what that took."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.write(writer, json.dumps(_measured(source, content_type, body)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as result:
        written = result.read()
    os.waitpid(child, 0)
    return Cost(*json.loads(written))


def _measured(source: Source, content_type: str, body: bytes) -> tuple[float, float, str]:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        push = read_push(body, Arrival(source=source), content_type)
        outcome = f"{push.accepted} accepted, {sum(push.ignored.values())} ignored, {push.rejected} rejected"
    except PushError as error:
        outcome = type(error).__name__
    spent = time.process_time() - start
    return spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, outcome


def main() -> None:
    """Print what each body costs: `python -m tests.fuzz.pushes`."""
    for source, bodies in ((Source.POWERMTA, POWERMTA), (Source.KUMOMTA, KUMOMTA)):
        for name, (content_type, make) in bodies.items():
            body = make()
            cost = cost_of(source, content_type, body)
            print(f"{cost.seconds:5.2f} s {cost.mebibytes:4.0f} MiB  {len(body):>10,} bytes  {name}: {cost.outcome}")


if __name__ == "__main__":
    main()
