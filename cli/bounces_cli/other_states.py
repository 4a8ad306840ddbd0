"""States of a scan that keep nothing, or begin anew."""

from __future__ import annotations

from collections.abc import Collection

from bounces.mailbox.ports import Progress, State


class NoState:
    """The state of a scan that changes nothing: it begins at the beginning, and nobody is kept from scanning."""

    was_cut_off = False

    def acquire(self) -> Progress:
        """Return that nothing was done."""
        return Progress()

    def renew(self) -> None:
        """Do nothing."""

    def keep(self, progress: Progress) -> None:
        """Keep nothing."""

    def known(self, marks: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """Return none."""
        return frozenset()

    def remember(self, marks: Collection[str]) -> None:
        """Remember nothing."""

    def release(self, *, is_clean: bool) -> None:
        """Do nothing."""


class Anew:
    """A `State` from which a scan begins at the beginning, and which is kept from there on."""

    def __init__(self, state: State) -> None:
        """Begin `state` anew."""
        self._state = state

    @property
    def was_cut_off(self) -> bool:
        """Whether the scan before this one did not end cleanly."""
        return self._state.was_cut_off

    def acquire(self) -> Progress:
        """Take the lease and return that nothing was done."""
        self._state.acquire()
        return Progress()

    def renew(self) -> None:
        """Make the lease last."""
        self._state.renew()

    def keep(self, progress: Progress) -> None:
        """Keep `progress`."""
        self._state.keep(progress)

    def known(self, marks: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """Return none."""
        return frozenset()

    def remember(self, marks: Collection[str]) -> None:
        """Remember `marks`."""
        self._state.remember(marks)

    def release(self, *, is_clean: bool) -> None:
        """Give the lease back."""
        self._state.release(is_clean=is_clean)
