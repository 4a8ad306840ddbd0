"""What is remembered of one report: enough to explain what was done, in an item under 1 KB (one write unit).

The whole of it stays where `raw` says. What does not fit is left out in the order of its worth, the diagnostic first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bounces.records import Verdict
from bounces.store.evidence import Evidence

MAX_ITEM_BYTES: Final = 1024
KEPT: Final = timedelta(days=400)
"""How long after its event a report is remembered: longer than any mail is retried or any file is read again."""

# The most useful first; the last are cut or left out when there is no room.
_OPTIONAL: Final = (
    "category",
    "rule",
    "layer",
    "patterns_version",
    "status",
    "reply_code",
    "feedback_type",
    "raw",
    "list_id",
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
    """One report in an address' history, and the verdict on it. It is a function of the verdict alone."""

    evidence: Evidence
    event: str
    source: str
    bounce_type: str
    category: str | None = None
    rule: str | None = None
    layer: str | None = None
    patterns_version: str | None = None
    status: str | None = None
    reply_code: str | None = None
    feedback_type: str | None = None
    raw: str | None = None
    list_id: str | None = None
    campaign: str | None = None
    subscriber: str | None = None
    recipient: str | None = None  # as reported, where that is not the address itself
    remote_mta: str | None = None
    reason: str | None = None
    diagnostic: str | None = None

    @property
    def expires_at(self) -> int:
        """When the item may go: seconds since 1970, from the event's time, so that each run writes the same."""
        return int((self.evidence.time + KEPT).timestamp())


def past_of(verdict: Verdict, address: str) -> Past:
    """Return what is remembered of `verdict` on `address`, cut to fit one write unit."""
    report = verdict.report
    past = Past(
        evidence=Evidence.of(report),
        event=report.event.value,
        source=report.source.value,
        bounce_type=verdict.bounce_type.value,
        category=verdict.category,
        rule=verdict.rule,
        layer=verdict.layer,
        patterns_version=verdict.patterns_version,
        status=report.status,
        reply_code=report.reply_code,
        feedback_type=report.feedback_type,
        raw=report.raw,
        list_id=report.list_id,
        campaign=report.campaign,
        subscriber=report.subscriber,
        recipient=report.recipient if report.recipient != address else None,
        remote_mta=report.remote_mta,
        reason=verdict.reason,
        diagnostic=report.diagnostic,
    )
    return _fitted(past, MAX_ITEM_BYTES - _fixed_bytes(past, address))


def _fixed_bytes(past: Past, address: str) -> int:
    """Return the size of what every history item has, by DynamoDB's rule: names and values in UTF-8."""
    texts = (
        *("address", address, "item", f"report#{past.evidence.report}"),
        *("event_time", "2026-11-24T00:00:00Z", "expires_at", "8 bytes."),
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
