"""Where a pattern applies: everywhere, to a domain of recipients, or to a remote host.

Many patterns may have the same words with different scopes, so the words are found once and the scope is looked up,
never walked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bounces.addresses import domain_of
from bounces.records import Report

_HOST: Final = re.compile(
    r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)


def scopes_of(domains: Iterable[str], host: str | None) -> list[str]:
    """Return the scopes, written as in a pattern, of a report on recipients of `domains` from `host`; in lower case."""
    scopes: list[str] = []
    for domain in domains:
        scopes.append(f"@{domain}")
        dot = domain.find(".")
        while dot >= 0:
            scopes.append(f"@*{domain[dot:]}")
            dot = domain.find(".", dot + 1)
    if host:
        scopes.append(f"@mx:{host}")
        dot = host.find(".")
        while dot >= 0:
            scopes.append(f"@mx:*{host[dot:]}")
            dot = host.find(".", dot + 1)
    return scopes


def scopes_of_report(report: Report) -> list[str]:
    """Return the scopes of where a report is from: its recipient's domains and the remote host."""
    addresses = {report.recipient, report.original_recipient, report.addressee}
    domains = {domain_of(address) for address in addresses if address}
    words = (report.remote_mta or "").rpartition(";")[2].lower().split()
    host = words[0].strip("<>[]().,:\"'").partition(":")[0] if words else ""
    return scopes_of(filter(None, domains), host or None)


def is_scope(text: str) -> bool:
    """Say whether `text`, in lower case, is a scope: `@example.com`, `@*.example.com`, `@mx:*.example.com`."""
    if not text.startswith("@") or len(text) > 255:
        return False
    return _HOST.fullmatch(text[1:].removeprefix("mx:")) is not None


class Scoped:
    """Numbers (an order, first wins) by scope, for patterns that share their words."""

    __slots__ = ("anywhere", "by_scope")

    def __init__(self) -> None:
        """Make it empty."""
        self.anywhere: int | None = None
        self.by_scope: dict[str, int] = {}

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
