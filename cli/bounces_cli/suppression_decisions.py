"""`bounces suppressions add` and `lift`: what an operator decides about addresses."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from bounces.errors import RecipientError
from bounces_cli.address_tables import WINDOW, WORKERS, tables_of
from bounces_cli.errors import DONE, INCOMPLETE, USAGE, CommandError
from bounces_cli.given_addresses import addresses_given, list_given
from bounces_cli.people import author
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.times import end_given

if TYPE_CHECKING:
    from bounces.store import Suppression


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, when, why, and for which list (None: every one)."""

    at: datetime
    by: str
    why: str
    list_id: str | None = None


def decision_of(arguments: argparse.Namespace) -> Decision:
    """Return the decision that `arguments` make, now. Raises `CommandError` where they say no reason or list."""
    why = arguments.why.strip()
    if not why:
        raise CommandError("--why is empty; the reason is kept with the decision")
    list_id = list_given(arguments) if hasattr(arguments, "list") else None
    return Decision(datetime.now(UTC), author(arguments.author), why, list_id)


def run(arguments: argparse.Namespace) -> int:
    """Add or lift, and return the exit code: `INCOMPLETE` where some were no addresses. Raises `CommandError`."""
    decision = decision_of(arguments)
    decide = (_adding if arguments.verb == "add" else _lifting)(arguments, decision)
    tables = tables_of(arguments)

    def decided(given: str) -> str | RecipientError | Ineffective:
        try:
            with tables.talking(writing=True):
                return decide(given)
        except (RecipientError, Ineffective) as error:
            return error

    problems = Problems()
    count = 0
    addresses = iter(arguments.addresses) if arguments.verb == "add" else addresses_given(arguments)
    with ThreadPoolExecutor(WORKERS) as workers:
        # One first: it makes the connection that threads share.
        for window in _windows(addresses):
            for answer in map(decided, window) if len(window) == 1 else workers.map(decided, window):
                count += 1
                if isinstance(answer, str):
                    print(answer)
                else:
                    problems.add(str(answer))
    if not count:
        raise CommandError("no address was given")
    if problems.count == count:
        return USAGE
    return INCOMPLETE if problems.count else DONE


def _windows(addresses: Iterator[str]) -> Iterator[list[str]]:
    """Yield one address, then some at a time, none twice at once."""
    size = 1
    while window := list(islice(addresses, size)):
        yield list(dict.fromkeys(window))
        size = WINDOW


class Ineffective(Exception):
    """A decision that changed nothing, since another one is newer."""


def _adding(arguments: argparse.Namespace, decision: Decision) -> Callable[[str], str]:
    from bounces.store.suppressions import scope_of

    store = tables_of(arguments).store()
    reason = arguments.reason.strip()
    if not reason:
        raise CommandError("--reason is empty; it is what the list calls this suppression")
    expires = end_given("--expires", arguments.expires, decision.at)

    def add(address: str) -> str:
        suppression = store.add(
            address,
            reason,
            at=decision.at,
            by=decision.by,
            why=decision.why,
            list_id=decision.list_id,
            expires=expires,
        )
        if suppression.of(scope_of(decision.list_id)).cause(decision.at) is None:
            lift = suppression.of(scope_of(decision.list_id)).lift
            raise Ineffective(
                f"{plain(suppression.address)}: not suppressed, since it was lifted for {_where(decision.list_id)}"
                + (f" {lift.at:%Y-%m-%d %H:%M:%S} UTC; try again after that" if lift else "")
            )
        until = f" until {expires:%Y-%m-%d %H:%M} UTC" if expires else ""
        return f"{plain(suppression.address)}: suppressed for {_where(decision.list_id)}{until}"

    return add


def _lifting(arguments: argparse.Namespace, decision: Decision) -> Callable[[str], str]:
    tables = tables_of(arguments)
    store, policy = tables.store(), tables.policy()

    def lift(address: str) -> str:
        known = store.suppression(address)
        suppression = store.lift(
            address, at=decision.at, by=decision.by, why=decision.why, list_id=decision.list_id, policy=policy
        )
        return _lifted(known, suppression, decision)

    return lift


def _lifted(before: Suppression | None, after: Suppression, decision: Decision) -> str:
    """Say what was lifted, and what still suppresses the address elsewhere."""
    from bounces.store.suppressions import scope_of

    where = _where(decision.list_id)
    was = before is not None and before.of(scope_of(decision.list_id)).cause(decision.at) is not None
    words = f"lifted for {where}" if was else f"was not suppressed for {where}; older reports will not suppress it now"
    still = [name for name, scope in after.scopes.items() if scope.cause(decision.at)]
    if still:
        words += f"; still suppressed: {', '.join(map(_scope_name, still))}"
    return f"{plain(after.address)}: {words}"


def _scope_name(scope: str) -> str:
    from bounces.store.suppressions import GLOBAL, LIST_SCOPE

    return _where(None if scope == GLOBAL else scope.removeprefix(LIST_SCOPE))


def _where(list_id: str | None) -> str:
    return "every list" if list_id is None else f"the list {plain(list_id)}"
