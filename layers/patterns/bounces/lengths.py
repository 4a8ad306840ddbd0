"""Which of a record's fields are not as they may be kept. Compiled: it looks at each field of each record."""

from __future__ import annotations

from typing import Any


def suspects(fields: dict[str, Any], limits: dict[str, int]) -> list[str]:
    """Return the names of those `fields` to look at: without a limit, with a limit of 0, and texts that are longer than
    their limit, in characters, or not in ASCII.

    A text of other letters may hold what UTF-8 cannot write.
    """
    found: list[str] = []
    texts: list[str] = []
    for name, value in fields.items():
        limit = limits.get(name)
        if not limit or (isinstance(value, str) and len(value) > limit):
            found.append(name)
        elif isinstance(value, str):
            texts.append(value)
    if not "".join(texts).isascii():  # which all together say at a third of the cost of each by itself
        found = [n for n, v in fields.items() if n in found or (isinstance(v, str) and not v.isascii())]
    return found
