"""A look through a file before it is imported: is it what it is taken for, and what would importing it do?

A list of members that is taken for a list of suppressions keeps a whole platform from being mailed. Two signs give it
away: a column that says so, and that those who are in it are subscribed here while nothing says why they should not be.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bounces_cli.errors import CommandError
from bounces_cli.import_rows import STATUS, ReadRow

SAMPLED: Final = 100
"""Addresses that are looked up, at the most, spread over the file."""

FEW: Final = 10
"""Addresses below which nobody takes one file for another."""

TOLD: Final = 5
"""Rejected rows that a dry run tells of."""

IS_MEMBER: Final = frozenset(
    ("active", "subscribed", "sendable", "confirmed", "enabled", "optedin", "optin", "deliverable", "valid", "verified")
)
IS_GONE: Final = frozenset(
    (
        *("unsubscribed", "optedout", "optout", "inactive", "bounced", "hardbounced", "bounce", "hardbounce"),
        *("complained", "complaint", "spam", "cleaned", "suppressed", "blocked", "blacklisted", "deleted", "removed"),
        "invalid",
    )
)
_YES: Final = frozenset(("true", "yes", "y", "1"))
_NO: Final = frozenset(("false", "no", "n", "0"))
_SAYS_SO_ITSELF: Final = frozenset(("active", "isactive", "subscribed", "issubscribed"))
_SAY_WHY: Final = ("kind", "reason", "category")
_IGNORED: Final = str.maketrans("", "", " _-")


@dataclass(slots=True)
class Survey:
    """What stands in a file: its rows, the status that some have, and a sample of those that say no reason."""

    rows: int = 0
    unexplained: int = 0
    members: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    sample: list[str] = field(default_factory=list)
    ended: str | None = None
    _every: int = 1

    def add(self, row: ReadRow) -> None:
        """Count `row`."""
        self.rows += 1
        if row.wrong is not None:
            return
        told, is_member = _status(row.cells)
        if told is not None:
            (self.members if is_member else self.gone)[told] += 1
        address = row.cells.get("address")
        if address and not any(row.cells.get(name) for name in _SAY_WHY):
            if self.unexplained % self._every == 0:
                self.sample.append(address)
            self.unexplained += 1
            if len(self.sample) > SAMPLED:
                del self.sample[1::2]
                self._every *= 2


def survey(rows: Iterable[ReadRow], look: Callable[[ReadRow], None] | None = None) -> Survey:
    """Return what stands in `rows`, up to where they cannot be read; `look` sees each."""
    found = Survey()
    try:
        for row in rows:
            found.add(row)
            if look is not None:
                look(row)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        found.ended = str(error)
    except CommandError as error:
        if look is not None:  # what it has to say is of another matter
            raise
        found.ended = str(error)
    return found


def looks_like_members(found: Survey, subscribed: Callable[[Sequence[str]], int]) -> list[str]:
    """Return what speaks against a file of suppressions; `subscribed` says how many of some are, and may be mailed."""
    doubts = []
    if found.members:
        words = ", ".join(f"{word} {count:,}" for word, count in found.members.most_common(3))
        doubts.append(
            f"{found.members.total():,} of {found.rows:,} rows have a status of somebody to be mailed ({words})"
        )
    if len(found.sample) >= FEW:
        count = subscribed(found.sample)
        if 2 * count > len(found.sample):
            doubts.append(
                f"{count} of {len(found.sample)} addresses that were looked up are subscribed here and may be mailed, "
                "and the file says no reason why not"
            )
    return doubts


def looks_like_suppressions(found: Survey) -> list[str]:
    """Return what speaks against a file of members."""
    if not found.gone:
        return []
    words = ", ".join(f"{word} {count:,}" for word, count in found.gone.most_common(3))
    return [f"{found.gone.total():,} of {found.rows:,} rows have a status of somebody who is gone ({words})"]


def _status(cells: Mapping[str, str | None]) -> tuple[str | None, bool]:
    """Return the word by which a row says that somebody is to be mailed, or is gone, and whether it is the first."""
    for name, text in cells.items():
        if not name.startswith(STATUS) or text is None:
            continue
        word = text.strip().lower().translate(_IGNORED)
        column = name.removeprefix(STATUS)
        if column in _SAYS_SO_ITSELF and word in _YES | _NO:
            return f"{column}: {word}", word in _YES
        if word in IS_MEMBER | IS_GONE:
            return word, word in IS_MEMBER
    return None, False
