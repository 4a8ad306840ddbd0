"""The tables' items as PynamoDB models, and how each becomes a state of `bounces.store.states` and back.

Every item that changes carries an `etag`, a digest of its own contents: a write names the etag that it read, so it is
refused where something else came between. Unlike a counter, it is the same whatever way the contents came about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, Generic, Self, TypeVar, cast

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.models import MetaModel, Model

from bounces.store import clock, evidence, soft_bounces
from bounces.store.evidence import Evidence
from bounces.store.history import KEPT, Decided, Past, What
from bounces.store.soft_bounces import SoftBounce
from bounces.store.states import End, Left, Membership, State, Status
from bounces.store.suppressions import REMEMBERED_AFTER_END, Cause, Lift, Scope, Suppression

STATUS: Final = "status"
LIST: Final = "list#"
REPORT: Final = "report#"
DECISION: Final = "decision#"

CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 10
RETRIES: Final = 3

AnyModel = TypeVar("AnyModel", bound=Model)
AnyState = TypeVar("AnyState", Status, Membership, Suppression)


def etag_of(state: AnyState) -> str:
    """Return the digest of `state`: 16 hexadecimal characters."""
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


class AddressItem(Model):
    """What every item has: the key of its address (see `bounces.addresses.key`)."""

    address = UnicodeAttribute(hash_key=True)


class StateItem(AddressItem, Generic[AnyState]):
    """An item that holds a state and changes with it."""

    etag = UnicodeAttribute()

    def read(self) -> AnyState:
        """Return the state that this item holds."""
        raise NotImplementedError

    @classmethod
    def of(cls, address: str, state: AnyState) -> Self:
        """Return the item that holds `state` for `address`."""
        raise NotImplementedError


class SubscriberItem(AddressItem):
    """What the items of the Subscribers table have besides: which item of its address it is."""

    item = UnicodeAttribute(range_key=True)


class StatusItem(SubscriberItem, StateItem[Status]):
    """Item `status`: one an address that ever bounced or complained.

    `state`, `since`, `report` and `category` follow from the others, and are there for whoever reads the table.
    """

    state = UnicodeAttribute()
    since = UnicodeAttribute(null=True)
    report = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    delivered = UnicodeAttribute(null=True)
    lifted = UnicodeAttribute(null=True)
    ends = UnicodeSetAttribute(null=True)  # "SECONDS STATE LISTS REPORT CATEGORY" each, since 1970: the shortest
    recent = UnicodeSetAttribute(null=True)  # "SECONDS KIND RULE LATE REPORT" each

    def read(self) -> Status:
        """Return the status that this item holds."""
        return Status(
            ends=tuple(sorted((_end(text) for text in self.ends or ()), key=lambda end: end.evidence)),
            recent=tuple(sorted((_soft_bounce(text) for text in self.recent or ()), key=_moment)),
            delivered=_read_time(self.delivered),
            lifted=_read_time(self.lifted),
        )

    @classmethod
    def of(cls, address: str, state: Status) -> Self:
        """Return the item that holds `state`."""
        since = state.since
        return cls(
            address,
            STATUS,
            state=state.state.value,
            since=None if since is None else evidence.written(since.time),
            report=None if since is None else since.report,
            category=state.category,
            delivered=_written_time(state.delivered),
            lifted=_written_time(state.lifted),
            ends={_written_end(end) for end in state.ends} or None,
            recent={_written_soft_bounce(bounce) for bounce in state.recent} or None,
            etag=etag_of(state),
        )


class MembershipItem(SubscriberItem, StateItem[Membership]):
    """Item `list#LIST`: one for each list that an address is or was on.

    `ended`, `report` and `reason` follow from `left` and `escalation`, and are there for whoever reads the table.
    """

    list_id = UnicodeAttribute()
    subscriber = UnicodeAttribute(null=True)
    named = UnicodeAttribute(null=True)
    told = UnicodeAttribute(null=True)
    cleared = UnicodeAttribute(null=True)
    ended = UnicodeAttribute(null=True)
    report = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    left = UnicodeSetAttribute(null=True)  # "TIME REASON REPORT" each
    escalation = UnicodeAttribute(null=True)  # "TIME REPORT"

    def read(self) -> Membership:
        """Return the membership that this item holds."""
        return Membership(
            self.list_id,
            self.subscriber,
            _read_time(self.named),
            _read_time(self.told),
            _read_time(self.cleared),
            tuple(sorted((_left(text) for text in self.left or ()), key=lambda left: (left.evidence, left.reason))),
            _evidence(self.escalation) if self.escalation else None,
        )

    @classmethod
    def of(cls, address: str, state: Membership) -> Self:
        """Return the item that holds `state`."""
        ended = state.ended
        return cls(
            address,
            LIST + state.list_id,
            list_id=state.list_id,
            subscriber=state.subscriber,
            named=_written_time(state.named),
            told=_written_time(state.told),
            cleared=_written_time(state.cleared),
            ended=evidence.written(ended.evidence.time) if ended else None,
            report=ended.evidence.report if ended else None,
            reason=ended.reason if ended else None,
            left={f"{evidence.written(e.evidence.time)} {e.reason} {e.evidence.report}" for e in state.left} or None,
            escalation=_written_evidence(state.escalation) if state.escalation else None,
            etag=etag_of(state),
        )


class PastItem(SubscriberItem):
    """Item `report#ID`: one for each report on an address, written last, so that it says the report is done.

    One that is undone has no `expires_at`: were it forgotten, the same mail would suppress anew when it is seen again.
    """

    event_time = UnicodeAttribute()
    applied = UnicodeAttribute(null=True)  # by the clock of who wrote the item; items of before have none
    expires_at = NumberAttribute(null=True)  # the table's TTL attribute
    event = UnicodeAttribute()
    source = UnicodeAttribute()
    bounce_type = UnicodeAttribute()
    effect = UnicodeAttribute(null=True)
    received = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    rule = UnicodeAttribute(null=True)
    layer = UnicodeAttribute(null=True)
    patterns_version = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    reply_code = UnicodeAttribute(null=True)
    feedback_type = UnicodeAttribute(null=True)
    raw = UnicodeAttribute(null=True)
    list_id = UnicodeAttribute(null=True)
    campaign = UnicodeAttribute(null=True)
    subscriber = UnicodeAttribute(null=True)
    recipient = UnicodeAttribute(null=True)
    provider = UnicodeAttribute(null=True)
    sending_mta = UnicodeAttribute(null=True)
    remote_mta = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    diagnostic = UnicodeAttribute(null=True)
    undone = UnicodeAttribute(null=True)
    undone_by = UnicodeAttribute(null=True)
    undone_why = UnicodeAttribute(null=True)

    def read(self) -> Past:
        """Return what this item remembers."""
        report = self.item.removeprefix(REPORT)
        texts = {name: getattr(self, name) for name in _PAST_TEXTS}
        undone = self.undone and Lift(evidence.read(self.undone), self.undone_by or "", self.undone_why or "")
        ground = Evidence(evidence.read(self.event_time), report)
        return Past(evidence=ground, undone=undone or None, applied=self.applied, **texts)

    @classmethod
    def of(cls, address: str, past: Past) -> Self:
        """Return the item that remembers `past`."""
        return cls(
            address,
            REPORT + past.evidence.report,
            event_time=evidence.written(past.evidence.time),
            applied=evidence.written(clock.now()),
            expires_at=clock.kept_until(past.evidence.time, KEPT),
            **{name: getattr(past, name) for name in _PAST_TEXTS},
        )


_PAST_TEXTS: Final = tuple(each.name for each in fields(Past) if each.name not in ("evidence", "undone", "applied"))


class DecisionItem(SubscriberItem):
    """Item `decision#TIME#ID`: one for each decision of an operator on an address, for its history."""

    what = UnicodeAttribute()
    scope = UnicodeAttribute()
    by = UnicodeAttribute()
    why = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    expires = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()

    def read(self) -> Decided:
        """Return the decision that this item remembers."""
        time, _, decision = self.item.removeprefix(DECISION).partition("#")
        ground = Evidence(evidence.read(time), decision)
        return Decided(ground, What(self.what), self.scope, self.by, self.why, self.reason, self.expires)

    @classmethod
    def of(cls, address: str, decided: Decided) -> Self:
        """Return the item that remembers `decided`."""
        ground = decided.evidence
        return cls(
            address,
            f"{DECISION}{evidence.written(ground.time)}#{ground.report}",
            what=decided.what,
            scope=decided.scope,
            by=decided.by,
            why=decided.why,
            reason=decided.reason,
            expires=decided.expires,
            expires_at=clock.kept_until(ground.time, KEPT),
        )


class SuppressionItem(StateItem[Suppression]):
    """The Suppressions table: an address, and a map with an entry for each scope (`global`, or `list#LIST`).

    An entry has `causes`, and an `escalation`, a `lift` and a `freed` where there is one. `written` is when the item
    became what it is, by which an export takes what is new: neither a fact nor part of the etag, since a fact may come
    in long after its time. Items of before have none.
    """

    scopes: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]
    written = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)  # the table's TTL attribute

    def read(self) -> Suppression:
        """Return the suppression that this item holds."""
        scopes = {scope: _scope(entry) for scope, entry in self.scopes.as_dict().items()}  # type: ignore[no-untyped-call]
        return Suppression(self.address, dict(sorted(scopes.items())))

    @classmethod
    def of(cls, address: str, state: Suppression) -> Self:
        """Return the item that holds `state`."""
        scopes = {scope: _written_scope(known) for scope, known in sorted(state.scopes.items())}
        ends = state.ends
        return cls(
            address,
            scopes=scopes,
            written=evidence.written(clock.now()),
            expires_at=None if ends is None else clock.kept_until(ends, REMEMBERED_AFTER_END),
            etag=etag_of(state),
        )


def in_table(
    model: type[AnyModel],
    table_name: str,
    beside: type[Model] | None = None,
    *,
    read_seconds: int = READ_SECONDS,
    retries: int = RETRIES,
) -> type[AnyModel]:
    """Return `model` bound to the table `table_name`, using the connection of `beside`, a model of the same table.

    Region, credentials and endpoint come from botocore's environment, at the first call. A call is tried `retries`
    times more, each time for `read_seconds` at most once connected.
    """
    meta = {
        "table_name": table_name,
        "connect_timeout_seconds": CONNECT_SECONDS,
        "read_timeout_seconds": read_seconds,
        "max_retry_attempts": retries,
    }
    bound: Any = MetaModel(model.__name__, (model,), {"Meta": type("Meta", (), meta)})
    if beside is not None:
        # PynamoDB makes a client for each model, a tenth of a second each at a cold start; models of a table share one.
        bound._connection = beside._get_connection()
    return cast(type[AnyModel], bound)


def _written_time(time: datetime | None) -> str | None:
    return None if time is None else evidence.written(time)


def _read_time(text: str | None) -> datetime | None:
    return None if text is None else evidence.read(text)


def _moment(bounce: SoftBounce) -> tuple[datetime, str, str]:
    return bounce.time, bounce.report, bounce.kind


def _seconds(time: datetime) -> int:
    return int(time.timestamp())


def _time(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _written_soft_bounce(bounce: SoftBounce) -> str:
    return f"{_seconds(bounce.time)} {bounce.kind} {soft_bounces.written(bounce.rule)} {bounce.late} {bounce.report}"


def _soft_bounce(text: str) -> SoftBounce:
    seconds, kind, rule, late, report = text.split(" ", 4)
    return SoftBounce(_time(seconds), kind, report, soft_bounces.read(rule), int(late))


def _written_end(end: End) -> str:
    lists = "every" if end.every_list else "named"
    return f"{_seconds(end.evidence.time)} {end.state} {lists} {end.evidence.report} {end.category or ''}"


def _end(text: str) -> End:
    seconds, state, lists, report, category = text.split(" ", 4)
    return End(Evidence(_time(seconds), report), State(state), lists == "every", category or None)


def _left(text: str) -> Left:
    time, reason, report = text.split(" ", 2)
    return Left(Evidence(evidence.read(time), report), reason)


def _written_evidence(ground: Evidence) -> str:
    return f"{evidence.written(ground.time)} {ground.report}"


def _evidence(text: str) -> Evidence:
    time, report = text.split(" ", 1)
    return Evidence(evidence.read(time), report)


def _written_scope(scope: Scope) -> dict[str, Any]:
    written: dict[str, Any] = {"causes": [_written_cause(cause) for cause in scope.causes]}
    if scope.escalation is not None:
        written["escalation"] = _written_cause(scope.escalation)
    for name, lift in (("lift", scope.lift), ("freed", scope.freed)):
        if lift is not None:
            written[name] = {"at": evidence.written(lift.at), "by": lift.by, "why": lift.why}
    return written


def _scope(entry: Mapping[str, Any]) -> Scope:
    escalation = entry.get("escalation")
    return Scope(
        tuple(_cause(cause) for cause in entry["causes"]),
        None if escalation is None else _cause(escalation),
        _lift(entry.get("lift")),
        _lift(entry.get("freed")),
    )


def _lift(entry: Mapping[str, str] | None) -> Lift | None:
    return None if entry is None else Lift(evidence.read(entry["at"]), entry["by"], entry["why"])


def _written_cause(cause: Cause) -> dict[str, str]:
    ground = cause.evidence
    written = {
        "reason": cause.reason,
        "source": cause.source,
        "evidence": ground.report,
        "created": evidence.written(ground.time),
        "noted": evidence.written(cause.noted),
    }
    if cause.expires is not None:
        written["expires"] = evidence.written(cause.expires)
    return written | {name: text for name, text in (("by", cause.by), ("why", cause.why)) if text is not None}


def _cause(entry: Mapping[str, str]) -> Cause:
    ground = Evidence(evidence.read(entry["created"]), entry["evidence"])
    expires = entry.get("expires")
    return Cause(
        entry["reason"],
        entry["source"],
        ground,
        evidence.read(entry["noted"]),
        None if expires is None else evidence.read(expires),
        entry.get("by"),
        entry.get("why"),
    )
