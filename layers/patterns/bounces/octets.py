"""Looking into bytes. Compiled: it looks into each mail several times."""

from __future__ import annotations


def has(octets: bytes, mark: bytes) -> bool:
    """Say whether `mark` stands in `octets`.

    `in` first takes what it looks for for a number, and makes an error that says that it is none, each time: that takes
    as long as to look through three kilobytes.
    """
    return octets.find(mark) >= 0
