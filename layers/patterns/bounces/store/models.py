"""The tables' items as PynamoDB models, and how each becomes a state of `bounces.store.states` and back.

Every item that changes carries an `etag`, a digest of its own contents: a write names the etag that it read, so it is
refused where something else came between. Unlike a counter, it is the same whatever way the contents came about.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, Generic, Self, TypeVar, cast

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.models import MetaModel, Model

from bounces.store import evidence
from bounces.store.evidence import Evidence
from bounces.store.history import Past
from bounces.store.states import Cause, Membership, SoftBounce, State, Status, Suppression

STATUS: Final = "status"
LIST: Final = "list#"
REPORT: Final = "report#"

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
    """Item `status`: one an address that ever bounced or complained."""

    state = UnicodeAttribute()
    since = UnicodeAttribute(null=True)
    report = UnicodeAttribute(null=True)
    category = UnicodeAttribute(null=True)
    delivered = UnicodeAttribute(null=True)
    recent = UnicodeSetAttribute(null=True)  # "SECONDS KIND REPORT" each, since 1970: the shortest

    def read(self) -> Status:
        """Return the status that this item holds."""
        return Status(
            state=State(self.state),
            since=_evidence(self.since, self.report),
            category=self.category,
            recent=tuple(sorted(_soft_bounce(text) for text in self.recent or ())),
            delivered=evidence.read(self.delivered) if self.delivered else None,
        )

    @classmethod
    def of(cls, address: str, state: Status) -> Self:
        """Return the item that holds `state`."""
        return cls(
            address,
            STATUS,
            state=state.state.value,
            category=state.category,
            delivered=evidence.written(state.delivered) if state.delivered else None,
            recent={f"{soft.time.timestamp():.0f} {soft.kind} {soft.report}" for soft in state.recent} or None,
            etag=etag_of(state),
            **_grounds("since", state.since),
        )


class MembershipItem(SubscriberItem, StateItem[Membership]):
    """Item `list#LIST`: one for each list that an address is or was on."""

    list_id = UnicodeAttribute()
    subscriber = UnicodeAttribute(null=True)
    ended = UnicodeAttribute(null=True)
    report = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)

    def read(self) -> Membership:
        """Return the membership that this item holds."""
        return Membership(self.list_id, self.subscriber, _evidence(self.ended, self.report), self.reason)

    @classmethod
    def of(cls, address: str, state: Membership) -> Self:
        """Return the item that holds `state`."""
        return cls(
            address,
            LIST + state.list_id,
            list_id=state.list_id,
            subscriber=state.subscriber,
            reason=state.reason,
            etag=etag_of(state),
            **_grounds("ended", state.ended),
        )


class PastItem(SubscriberItem):
    """Item `report#ID`: one for each report on an address, written last, so that it says the report is done."""

    event_time = UnicodeAttribute()
    expires_at = NumberAttribute()  # the table's TTL attribute
    event = UnicodeAttribute()
    source = UnicodeAttribute()
    bounce_type = UnicodeAttribute()
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
    remote_mta = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    diagnostic = UnicodeAttribute(null=True)

    def read(self) -> Past:
        """Return what this item remembers."""
        report = self.item.removeprefix(REPORT)
        texts = {name: getattr(self, name) for name in _PAST_TEXTS}
        return Past(evidence=Evidence(evidence.read(self.event_time), report), **texts)

    @classmethod
    def of(cls, address: str, past: Past) -> Self:
        """Return the item that remembers `past`."""
        return cls(
            address,
            REPORT + past.evidence.report,
            event_time=evidence.written(past.evidence.time),
            expires_at=past.expires_at,
            **{name: getattr(past, name) for name in _PAST_TEXTS},
        )


_PAST_TEXTS: Final = tuple(each.name for each in fields(Past) if each.name != "evidence")


class SuppressionItem(StateItem[Suppression]):
    """The Suppressions table: an address, and a map with an entry for each scope (`global`, or `list#LIST`)."""

    scopes: MapAttribute[str, Any] = MapAttribute()  # type: ignore[no-untyped-call]

    def read(self) -> Suppression:
        """Return the suppression that this item holds."""
        scopes = {scope: _cause(entry) for scope, entry in self.scopes.as_dict().items()}  # type: ignore[no-untyped-call]
        return Suppression(self.address, dict(sorted(scopes.items())))

    @classmethod
    def of(cls, address: str, state: Suppression) -> Self:
        """Return the item that holds `state`."""
        scopes = {scope: _entry(cause) for scope, cause in sorted(state.scopes.items())}
        return cls(address, scopes=scopes, etag=etag_of(state))


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


def _grounds(name: str, ground: Evidence | None) -> dict[str, Any]:
    return {} if ground is None else {name: evidence.written(ground.time), "report": ground.report}


def _evidence(time: str | None, report: str | None) -> Evidence | None:
    return None if time is None or report is None else Evidence(evidence.read(time), report)


def _soft_bounce(text: str) -> SoftBounce:
    seconds, kind, report = text.split(" ", 2)
    return SoftBounce(datetime.fromtimestamp(int(seconds), UTC), kind, report)


def _entry(cause: Cause) -> dict[str, str]:
    ground = cause.evidence
    return {
        "reason": cause.reason,
        "source": cause.source,
        "evidence": ground.report,
        "created": evidence.written(ground.time),
    }


def _cause(entry: dict[str, str]) -> Cause:
    return Cause(entry["reason"], entry["source"], Evidence(evidence.read(entry["created"]), entry["evidence"]))
