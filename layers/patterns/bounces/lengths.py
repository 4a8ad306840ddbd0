"""Which of a record's texts are not as they may be kept. Compiled: it looks at each field of each record."""

from __future__ import annotations

from typing import Any


def beyond(fields: dict[str, Any], limits: dict[str, int]) -> list[str]:
    """Return the names of those `fields` with a limit, in characters, that are longer, or not in ASCII.

    Those have to be looked at: a text of other letters may hold what UTF-8 cannot write.
    """
    found: list[str] = []
    for name, text in fields.items():
        if isinstance(text, str):
            limit = limits.get(name)
            if limit is not None and (len(text) > limit or not text.isascii()):
                found.append(name)
    return found
