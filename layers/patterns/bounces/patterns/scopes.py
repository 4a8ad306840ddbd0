"""Where a pattern applies: everywhere, to a domain of recipients, or to a remote host.

Many patterns may have the same words with different scopes, so the words are found once and the scope is looked up,
never walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class Place:
    """What a report is from: the domains of its recipient, and the remote host; all in lower case."""

    domains: frozenset[str]
    host: str | None

    def names(self) -> Iterator[str]:
        """Yield the scopes that this place lies in, written as in a pattern."""
        for domain in self.domains:
            yield f"@{domain}"
            yield from (f"@*.{parent}" for parent in parents(domain))
        if self.host:
            yield f"@mx:{self.host}"
            yield from (f"@mx:*.{parent}" for parent in parents(self.host))


def is_scope(text: str) -> bool:
    """Say whether `text`, in lower case, is a scope: `@example.com`, `@*.example.com`, `@mx:*.example.com`."""
    if not text.startswith("@") or len(text) > 255:
        return False
    return _HOST.fullmatch(text[1:].removeprefix("mx:")) is not None


def parents(host: str) -> Iterator[str]:
    """Yield the domains above `host`, nearest first."""
    dot = host.find(".")
    while dot >= 0:
        yield host[dot + 1 :]
        dot = host.find(".", dot + 1)


@dataclass(slots=True)
class Scoped:
    """Numbers (an order, first wins) by scope, for patterns that share their words."""

    anywhere: int | None = None
    by_scope: dict[str, int] = field(default_factory=dict)

    def add(self, scope: str | None, number: int) -> None:
        """Note that the pattern `number` holds in `scope`; of two in the same, the earlier wins."""
        if scope is None:
            self.anywhere = number if self.anywhere is None else min(self.anywhere, number)
        else:
            self.by_scope[scope] = min(number, self.by_scope.get(scope, number))

    def first(self, names: Iterable[str]) -> int | None:
        """Return the first pattern that holds in one of the scopes `names`, or None."""
        found = self.anywhere
        if self.by_scope:
            for name in names:
                number = self.by_scope.get(name)
                if number is not None and (found is None or number < found):
                    found = number
        return found
