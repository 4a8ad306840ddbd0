"""Which of many grounds for one state are remembered: few, and the same ones whatever order they came in. Pure.

Each choice is the least or the greatest of the whole set by some order, so one more ground can be added to what is
remembered as if it were added to all (`kept(kept(a) | b) == kept(a | b)`). That several are remembered, and not the
earliest alone, has two reasons: a later one still stands when the earlier one expires, is lifted or is undone, and it
is there to be found even while the run that wrote it has not finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Ground = TypeVar("Ground")
Order = Callable[[Ground], Any]


def kept(
    grounds: Iterable[Ground], *, least: Iterable[Order[Ground]], greatest: Iterable[Order[Ground]]
) -> list[Ground]:
    """Return the least of `grounds` by each order of `least` and the greatest by each of `greatest`, each once."""
    known = list(dict.fromkeys(grounds))
    if not known:
        return []
    chosen = [*(min(known, key=order) for order in least), *(max(known, key=order) for order in greatest)]
    return list(dict.fromkeys(chosen))
