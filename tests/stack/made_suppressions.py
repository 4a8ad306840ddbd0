"""Suppressions of every kind, any number of them, the same ones each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bounces.store import GLOBAL, Cause, Lift, Scope, Suppression
from bounces.store.evidence import Evidence
from bounces.store.models import SuppressionItem, in_table
from bounces.store.suppressions import scope_of

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
REASONS = (("hard-bounce", "ses"), ("hard-bounce", "powermta"), ("complaint", "kumomta"), ("manual", "operator"))
WORDS = (None, "asked by phone", "=1+1", "two\nlines; -3", "", 'a "quote"', "caf\u00e9")


def suppressions(count: int) -> Iterator[Suppression]:
    """Yield `count` suppressions: several causes, lists, lifts, escalations, ends, and words of all kinds."""
    drawn = random.Random(7)
    for number in range(count):
        before = ("=", "+", "-", "'", "user", "o'brien")[number % 6]
        suppression = Suppression(f"{before}{number:06}@example.com")
        for name in (GLOBAL, *(scope_of(f"list-{each}") for each in range(number % 3 // 2))):
            scope = _scope(drawn)
            suppression = suppression.changed(name, lambda _, made=scope: made)  # type: ignore[misc]
        yield suppression


def fill(table: str, count: int) -> None:
    """Put `count` suppressions into `table`."""
    model = in_table(SuppressionItem, table)
    with model.batch_write() as batch:
        for suppression in suppressions(count):
            batch.save(model.of(suppression.address, suppression))


def _scope(drawn: random.Random) -> Scope:
    kind = drawn.random()
    if kind < 0.7:
        return Scope((_cause(drawn),))
    if kind < 0.8:
        return Scope().with_causes([_cause(drawn), _cause(drawn)])
    if kind < 0.9:
        return Scope().with_causes([_cause(drawn)]).lifted(Lift(_time(drawn), "ann", "wrote to us"))
    escalation = Cause("escalation", "policy", _ground(drawn), _time(drawn))
    scope = Scope().with_escalation(escalation, Lift(BEGAN, "delivery", ""))
    return scope if kind < 0.95 else scope.with_escalation(None, Lift(_time(drawn), "delivery", "delivered between"))


def _cause(drawn: random.Random) -> Cause:
    reason, source = drawn.choice(REASONS)
    expires = _time(drawn) + timedelta(days=365) if drawn.random() < 0.2 else None
    by, why = ("ann", drawn.choice(WORDS)) if source == "operator" else (None, None)
    return Cause(reason, source, _ground(drawn), _time(drawn), expires, by, why)


def _ground(drawn: random.Random) -> Evidence:
    return Evidence(_time(drawn), f"{drawn.getrandbits(160):040x}")


def _time(drawn: random.Random) -> datetime:
    return BEGAN + timedelta(seconds=drawn.randrange(365 * 86400))
