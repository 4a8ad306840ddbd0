"""Suppressions as rows: one for each thing that is known of a scope, with all that makes the same item again. Pure.

This is the form in which they leave and come back, as CSV or as JSON. What is no such row, but says at least an
address, is a suppression that somebody else's list tells of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from bounces.errors import RecordError, shown
from bounces.store import evidence
from bounces.store.evidence import Evidence
from bounces.store.keys import address_key, list_key
from bounces.store.suppressions import GLOBAL, LIST_SCOPE, Cause, Lift, Scope, Suppression, scope_of

FIELDS: Final = (
    *("address", "list", "kind", "reason", "source", "evidence"),
    *("created", "noted", "expires", "by", "why"),
)
"""What a row has, in this order. `list` is None for every list, `created` is also the time of a lift."""

IMPORT: Final = "import"
"""The source, and by default the reason, of a suppression that another list tells of."""

MAX_TEXT: Final = 400
"""Characters of any text of a row but the address and the list, which have bounds of their own."""

MAX_WORDS: Final = 200
"""Characters of a reason and of why, where another list tells them: what is longer is cut."""

Row = Mapping[str, str | None]


class Kind(StrEnum):
    """What a row tells of its scope."""

    CAUSE = "cause"  # why it is suppressed, from a report or a decision
    ESCALATION = "escalation"  # why it is suppressed, from soft bounces that added up
    LIFT = "lift"  # that it was set free
    FREED = "freed"  # that a cause was taken back


@dataclass(frozen=True, slots=True)
class Told:
    """Who imports, why, and when that began: what a row of another list does not say itself.

    Where a file is imported again, `at` is the first time, and `now` is this one.
    """

    at: datetime  # aware, UTC, whole seconds
    by: str | None = None
    why: str | None = None
    list_id: str | None = None
    reason: str = IMPORT
    now: datetime | None = None  # None: at

    @property
    def latest(self) -> datetime:
        """The latest time at which something can have happened that a row tells."""
        return self.at if self.now is None else max(self.at, self.now)


def rows_of(suppression: Suppression) -> Iterator[Row]:
    """Yield the rows of `suppression`, by scope; of each the causes first."""
    for name, scope in sorted(suppression.scopes.items()):
        list_id = None if name == GLOBAL else name.removeprefix(LIST_SCOPE)
        where: dict[str, str | None] = {"address": suppression.address, "list": list_id}
        for cause in scope.causes:
            yield where | _row_of_cause(Kind.CAUSE, cause)
        if scope.escalation is not None:
            yield where | _row_of_cause(Kind.ESCALATION, scope.escalation)
        for kind, lift in ((Kind.LIFT, scope.lift), (Kind.FREED, scope.freed)):
            if lift is not None:
                told: dict[str, str | None] = {
                    "kind": kind.value,
                    "created": evidence.written(lift.at),
                    "by": lift.by,
                    "why": lift.why,
                }
                yield where | dict.fromkeys(FIELDS[3:]) | told


def live_rows_of(suppression: Suppression, now: datetime) -> Iterator[Row]:
    """Yield those of its rows that suppress at `now`."""
    for row in rows_of(suppression):
        expires = row["expires"]
        if row["kind"] in (Kind.CAUSE, Kind.ESCALATION) and (expires is None or now < evidence.read(expires)):
            yield row


def suppression_of(row: Row, told: Told) -> Suppression:
    """Return what `row` tells of its address and scope. Raises `RecordError`, or `RecipientError`."""
    address = address_key(row.get("address"))
    list_id = row.get("list")
    if not list_key(list_id or ""):  # blank, as spreadsheets leave it, names none
        list_id = told.list_id
    try:
        scope = scope_of(list_id)
        kind = row.get("kind")
        known = _foreign(row, address, scope, told) if kind is None else _ours(row, Kind(kind), told)
    except ValueError as error:
        raise RecordError(str(error)) from error
    return Suppression(address, {scope: known})


def time_of(text: str) -> datetime:
    """Return the time that `text` says, in UTC and whole seconds: ISO 8601, a date alone, or seconds since 1970.

    Without an offset it is UTC. Raises `ValueError`.
    """
    text = text.strip()
    try:
        if text.isascii() and text.isdigit() and 9 <= len(text) <= 11:  # 8 digits are a date
            return datetime.fromtimestamp(int(text), UTC)
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{shown(text)} is no time; write 2026-01-31 or 2026-01-31T12:00:00Z") from error
    return time.replace(microsecond=0)


def _row_of_cause(kind: Kind, cause: Cause) -> dict[str, str | None]:
    return {
        "kind": kind.value,
        "reason": cause.reason,
        "source": cause.source,
        "evidence": cause.evidence.report,
        "created": evidence.written(cause.evidence.time),
        "noted": evidence.written(cause.noted),
        "expires": None if cause.expires is None else evidence.written(cause.expires),
        "by": cause.by,
        "why": cause.why,
    }


def _ours(row: Row, kind: Kind, told: Told) -> Scope:
    """Return what a row says that `rows_of` wrote."""
    if kind is Kind.FREED:
        return Scope(freed=Lift(_noted_time(row, "created", told), _needed(row, "by"), _needed(row, "why")))
    created = _past_time(_needed(row, "created"), told)
    if kind is Kind.LIFT:
        return Scope(lift=Lift(created, _needed(row, "by"), _needed(row, "why")))
    expires = row.get("expires")
    cause = Cause(
        _needed(row, "reason"),
        _needed(row, "source"),
        Evidence(created, _needed(row, "evidence")),
        _noted_time(row, "noted", told),
        None if expires is None else time_of(expires),
        _bounded(row, "by"),
        _bounded(row, "why"),
    )
    return Scope((cause,)) if kind is Kind.CAUSE else Scope(escalation=cause)


def _foreign(row: Row, address: str, scope: str, told: Told) -> Scope:
    """Return the suppression that a row of another list tells of; the same row is the same evidence again."""
    reason = (row.get("reason") or told.reason)[:MAX_WORDS]
    why = row.get("why")
    why = told.why if why is None else why[:MAX_WORDS]
    since, until = row.get("created"), row.get("expires")
    expires = time_of(until) if until else None
    created = _past_time(since, told) if since else told.at
    named = "\0".join((IMPORT, address, scope, reason, evidence.written(created), until or "", why or ""))
    ground = Evidence(created, hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:40])
    return Scope((Cause(reason, IMPORT, ground, max(told.at, created), expires, told.by, why),))


def _past_time(text: str, told: Told) -> datetime:
    """Return the time that `text` says. A fact of the future would outlive every lift, so there is none."""
    time = time_of(text)
    if time > told.latest:
        raise ValueError(f"{shown(text)} is later than this import began")
    return time


def _noted_time(row: Row, name: str, told: Told) -> datetime:
    """Return when a door got what `row` tells of, at the end of the day of the import at the latest.

    Of what an MTA logged today that is the end of today (`bounces.store.evidence.noted`), which no lift is compared to.
    """
    end_of_day = told.latest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    time = time_of(_needed(row, name))
    return time if time == end_of_day else _past_time(_needed(row, name), told)


def _needed(row: Row, name: str) -> str:
    text = _bounded(row, name)
    if text is None:
        raise ValueError(f"a row of kind {row.get('kind')} has no {name}")
    return text


def _bounded(row: Row, name: str) -> str | None:
    text = row.get(name)
    if text is not None and len(text) > MAX_TEXT:
        raise ValueError(f"{name} has {len(text)} characters; at most {MAX_TEXT} are taken")
    return text
