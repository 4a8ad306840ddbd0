"""Bodies that are made to cost much, or are none, with the answer that each is to get."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from tests.stack.pushes import CSV, HEADER, JSON, row, rows

MIB = 1024 * 1024


def long_file(size: int, times: int = 300) -> bytes:
    """Return an accounting file of `size` bytes at least, each record of 13 bytes for each of `times`: some kB."""
    line = row(1, "smtp;550 5.1.1 " + "no such user " * times)
    return "\n".join([HEADER, *[line] * (size // len(line) + 1)]).encode()


def bomb(size: int) -> bytes:
    """Return `size` bytes of lines, packed."""
    return gzip.compress(b"\n" * size)


Case = tuple[Callable[[], bytes], str, str | None, int, dict[str, object]]
CASES: dict[str, Case] = {
    "4.4 MB": (lambda: long_file(4_400_000), CSV, None, 413, {}),
    "5 MB": (lambda: long_file(5_000_000), "text/csv", None, 413, {}),
    "4 MB": (lambda: long_file(4_000_000), CSV, None, 200, {"rejected": 0}),
    "4.4 MB, packed": (lambda: gzip.compress(long_file(4_400_000)), CSV, "gzip", 200, {"rejected": 0}),
    "5 MB, packed": (lambda: gzip.compress(long_file(5_000_000)), CSV, "gzip", 200, {"rejected": 0}),
    "11 MB, packed": (lambda: gzip.compress(long_file(11_000_000)), CSV, "gzip", 200, {"rejected": 0}),
    "a bomb": (lambda: bomb(400 * MIB), CSV, "gzip", 413, {}),
    "a bomb in gzip": (lambda: gzip.compress(bomb(400 * MIB)), CSV, "gzip", 413, {}),
    "too many records": (lambda: HEADER.encode() + b"\nb,x" * 20_001, CSV, None, 413, {}),
    "deep": (lambda: b"[" * 10_000 + b"]" * 10_000, JSON, None, 200, {"rejected": 1}),
    "deep object": (lambda: b'{"a":' * 10_000 + b"1" + b"}" * 10_000, JSON, None, 200, {"rejected": 1}),
    "NUL": (lambda: b"\0" * MIB, CSV, None, 200, {"accepted": 0}),
    "NUL in a record": (lambda: rows(1).replace(b"no such", b"no\0such"), CSV, None, 200, {"accepted": 1}),
    "empty lines": (lambda: b"\n" * 1_000_000, CSV, None, 200, {"accepted": 0, "rejected": 0}),
    "empty lines of JSON": (lambda: b"\n" * 1_000_000, JSON, None, 400, {}),
    "header only": (lambda: HEADER.encode() + b"\n", CSV, None, 200, {"accepted": 0, "rejected": 0}),
    "nothing": (lambda: b"", CSV, None, 200, {"accepted": 0}),
    "half a gzip": (lambda: gzip.compress(rows(100))[:200], CSV, "gzip", 400, {}),
    "gzip as JSON": (lambda: gzip.compress(rows(100)), JSON, "gzip", 415, {}),
    "a picture": (lambda: b"\x89PNG", "image/png", None, 415, {}),
    "brotli": (lambda: rows(1), CSV, "br", 415, {}),
}
