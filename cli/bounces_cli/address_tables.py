"""The tables of a deployed stack that know addresses: which ones a command means, and how to talk to them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bounces.errors import ContentionError, PatternSetDamaged
from bounces.patterns import Policy, default_policy
from bounces_cli.errors import BROKEN, CommandError
from bounces_cli.operators import talking_to
from bounces_cli.stacks import PATTERNS, SUBSCRIBERS, SUPPRESSIONS, Table, name_of

if TYPE_CHECKING:
    from bounces.store import Store

WORKERS: Final = 8
"""Writes side by side; PynamoDB keeps ten connections."""

WINDOW: Final = 200
"""Addresses that are handed out to them at once."""

AGAIN: Final = "some of it may be done; the same command again does the rest, and what is done stays as it is"


@dataclass(frozen=True, slots=True)
class AddressTables:
    """The tables of subscribers and suppressions, and that of patterns, whose policy is the operator's."""

    subscribers: str
    suppressions: str
    patterns: str | None = None

    def store(self) -> Store:
        """Return the store on them."""
        from bounces.store import Store

        return Store(self.subscribers, self.suppressions)

    def policy(self) -> Policy:
        """Return the policy that holds: the operator's, or ours without a patterns table. Raises `CommandError`."""
        if self.patterns is None:
            return default_policy()
        from bounces.store import PatternStore

        with self.talking():
            try:
                patterns = PatternStore(self.patterns)
                return patterns.policy(patterns.current())
            except PatternSetDamaged as error:
                raise CommandError(f"{error}; nothing was done, since it would follow another policy") from error

    @contextmanager
    def talking(self, *, writing: bool = False) -> Iterator[None]:
        """Raise `CommandError` for what goes wrong with AWS; some of it may be done where it is `writing`."""
        with talking_to(f"{self.subscribers}, {self.suppressions}", unsure=AGAIN if writing else None):
            try:
                yield
            except ContentionError as error:
                raise CommandError(f"{error}\n{AGAIN}", BROKEN) from error


def tables_of(arguments: argparse.Namespace) -> AddressTables:
    """Return the tables that `arguments` name, else those that the environment does. Raises `CommandError`."""
    subscribers = name_of(SUBSCRIBERS, arguments.stack, arguments.subscribers_table)
    suppressions = name_of(SUPPRESSIONS, arguments.stack, arguments.suppressions_table)
    if subscribers is None:
        raise CommandError(_which("--subscribers-table", SUBSCRIBERS))
    if suppressions is None:
        raise CommandError(_which("--suppressions-table", SUPPRESSIONS))
    return AddressTables(subscribers, suppressions, name_of(PATTERNS, arguments.stack))


def _which(option: str, table: Table) -> str:
    return f"which tables? --stack NAME, or {option} NAME, or the variable {table.variable}"
