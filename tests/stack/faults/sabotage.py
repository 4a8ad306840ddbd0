"""What `make faults-control` breaks, one thing a run, in the handlers' process: the fault test has to notice each.

This is the one place of the fault test that knows the store's inner names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pynamodb.models import Model

from bounces.store import applying
from bounces.store.models import PastItem, StatusItem


def _no_duplicate_check() -> None:
    """A report is never found in history, and history takes what it is given."""
    found = applying.found

    def not_found(model: type[Any], address: str, item: str | None = None) -> Any:
        return None if issubclass(model, PastItem) else found(model, address, item)

    applying.found = not_found
    PastItem.save = _save_always  # type: ignore[method-assign]


def _no_condition() -> None:
    """A status is written whatever has come between."""
    StatusItem.save = _save_always  # type: ignore[method-assign]


def _history_first() -> None:
    """A report is called done before its effects are written."""
    done, remember = applying._done, applying._remember

    def remember_and_do(tables: Any, address: str, past: Any, effect: Any, policy: Any) -> Any:
        remember(tables, address, past, policy)
        return done(tables, address, past, effect, policy)

    applying._done = remember_and_do


def _save_always(self: Any, condition: Any = None, **_: Any) -> Any:
    return Model.save(self)


WAYS: Final[dict[str, Callable[[], None]]] = {
    "duplicate check": _no_duplicate_check,
    "condition": _no_condition,
    "write order": _history_first,
}
