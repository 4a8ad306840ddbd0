"""What is remembered of one report: enough to explain what was done, in an item under 1 KB (one write unit).

The whole of it stays where `raw` says. What does not fit is left out in the order of its worth, the diagnostic first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bounces.patterns import provider_of
from bounces.records import Verdict
from bounces.store.effects import Effect, written
from bounces.store.evidence import Evidence, noted
from bounces.store.evidence import read as read_time
from bounces.store.evidence import written as time_text
from bounces.store.keys import list_key
from bounces.store.suppressions import Lift

MAX_ITEM_BYTES: Final = 1024
KEPT: Final = timedelta(days=400)
"""How long a report is remembered after its event and after it was applied, whichever is later: longer than any mail is
retried or any file is read again."""

# The most useful first; the last are cut or left out when there is no room.
_OPTIONAL: Final = (
    "effect",
    "received",
    "list_id",
    "category",
    "rule",
    "layer",
    "patterns_version",
    "status",
    "reply_code",
    "feedback_type",
    "raw",
    "provider",
    "sending_mta",
    "campaign",
    "subscriber",
    "recipient",
    "remote_mta",
    "reason",
    "diagnostic",
)
_CUT_TO_FIT: Final = frozenset({"reason", "diagnostic"})
_LEAST_WORTH_KEEPING: Final = 16  # bytes of a text that was cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One report in an address' history, the verdict on it, and what it changed: what verdict and policy say, no more.

    `undone` says that an operator took it back; it then changes nothing.
    """

    evidence: Evidence
    event: str
    source: str
    bounce_type: str
    effect: str | None = None  # see `bounces.store.effects.written`
    received: str | None = None  # when our door got it, where that is not the event's time
    category: str | None = None
    rule: str | None = None
    layer: str | None = None
    patterns_version: str | None = None
    status: str | None = None
    reply_code: str | None = None
    feedback_type: str | None = None
    raw: str | None = None
    list_id: str | None = None  # as keys hold it
    campaign: str | None = None
    subscriber: str | None = None
    recipient: str | None = None  # as reported, where that is not the address itself
    provider: str | None = None  # the id of the mail provider that answered, where it is known
    sending_mta: str | None = None  # the virtual MTA or address of ours
    remote_mta: str | None = None
    reason: str | None = None
    diagnostic: str | None = None
    undone: Lift | None = None
    applied: str | None = field(default=None, compare=False)  # when it was, by our clock; None: not yet, or not known

    @property
    def noted(self) -> datetime:
        """When our door got it."""
        return self.evidence.time if self.received is None else read_time(self.received)


class What(StrEnum):
    """What an operator did."""

    SUPPRESSED = "suppressed"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of an operator in an address' history: when, its id, what was done in which scope, by whom and why."""

    evidence: Evidence
    what: What
    scope: str
    by: str
    why: str
    reason: str | None = None  # of a suppression
    expires: str | None = None  # when it ends, where it does


def past_of(verdict: Verdict, address: str, effect: Effect) -> Past:
    """Return what is remembered of `verdict` on `address`, which had `effect`, cut to fit one write unit."""
    report = verdict.report
    ground, received = Evidence.of(report), noted(report)
    past = Past(
        evidence=ground,
        event=report.event.value,
        source=report.source.value,
        bounce_type=verdict.bounce_type.value,
        effect=written(effect),
        received=time_text(received) if received != ground.time else None,
        category=verdict.category,
        rule=verdict.rule,
        layer=verdict.layer,
        patterns_version=verdict.patterns_version,
        status=report.status,
        reply_code=report.reply_code,
        feedback_type=report.feedback_type,
        raw=report.raw,
        list_id=list_key(report.list_id or "") or None,
        campaign=report.campaign,
        subscriber=report.subscriber,
        recipient=report.recipient if report.recipient != address else None,
        provider=provider_of(report),
        sending_mta=report.sending_mta,
        remote_mta=report.remote_mta,
        reason=verdict.reason,
        diagnostic=report.diagnostic,
    )
    return _fitted(past, MAX_ITEM_BYTES - _fixed_bytes(past, address))


def _fixed_bytes(past: Past, address: str) -> int:
    """Return the size of what every history item has, by DynamoDB's rule: names and values in UTF-8."""
    texts = (
        *("address", address, "item", f"report#{past.evidence.report}"),
        *("event_time", "2026-11-24T00:00:00Z", "applied", "2026-11-24T00:00:00Z", "expires_at", "8 bytes."),
        *("event", past.event, "source", past.source, "bounce_type", past.bounce_type),
    )
    return sum(len(text.encode()) for text in texts)


def _fitted(past: Past, room: int) -> Past:
    """Return `past` with its optional texts in `room` bytes."""
    changes: dict[str, str | None] = {}
    for name in _OPTIONAL:
        text: str | None = getattr(past, name)
        if text is None:
            continue
        left = room - len(name)
        kept = text if len(text.encode()) <= left else _cut(name, text, left)
        if kept != text:
            changes[name] = kept
        if kept is not None:
            room = left - len(kept.encode())
    return replace(past, **changes)  # type: ignore[arg-type]  # only optional texts are changed


def _cut(name: str, text: str, room: int) -> str | None:
    if name not in _CUT_TO_FIT or room < _LEAST_WORTH_KEEPING:
        return None
    return text.encode()[:room].decode(errors="ignore")
