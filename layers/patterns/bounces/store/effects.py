"""What a verdict calls for. Pure: a verdict in, an effect out."""

from dataclasses import dataclass
from typing import Final

from bounces.patterns.policy import OTHER, Counts, Policy
from bounces.records import BounceType, Event, Source, Verdict
from bounces.store.states import State

# What takes an address off (RFC 5965 7.3, RFC 6650 3.2 and the unregistered opt-out): the subscriber wants no more.
# auth-failure, virus and other say something of the message, not-spam the contrary of a complaint.
COMPLAINTS: Final = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})


# Who knows that a mail was delivered: our own MTA, by what it logs. A success DSN is a mail that anyone can write.
LOGS: Final = frozenset({Source.POWERMTA, Source.KUMOMTA})


@dataclass(frozen=True, slots=True)
class End:
    """The address is suppressed, unsubscribed and marked as `state`; `reason` is the suppression's."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Count:
    """The soft bounce is counted together with those that count `towards` the same."""

    towards: Counts


@dataclass(frozen=True, slots=True)
class Reset:
    """The soft bounces until this delivery count no more."""


@dataclass(frozen=True, slots=True)
class Record:
    """The report goes to history only; `why` says for what reason."""

    why: str


Effect = End | Count | Reset | Record

HARD_BOUNCE: Final = End(State.HARD_BOUNCED, "hard-bounce")
COMPLAINT: Final = End(State.COMPLAINED, "complaint")


def effect_of(verdict: Verdict, policy: Policy) -> Effect:
    """Return what `verdict` calls for by `policy`. Doubt changes nothing about an address."""
    event = verdict.report.event
    if verdict.ignore:
        return Record("an operator's pattern says to ignore it")
    if event is Event.COMPLAINT:
        return _effect_of_complaint(verdict.report.feedback_type)
    if event is Event.DELIVERY and verdict.report.source in LOGS:
        return Reset()
    if not verdict.report.is_failure:
        return Record(f"{event}, no bounce")
    if verdict.bounce_type is BounceType.HARD:
        return HARD_BOUNCE
    category = verdict.category or OTHER
    towards = _counts_towards(category, policy)
    if verdict.bounce_type is BounceType.SOFT and towards in (Counts.ADDRESS, Counts.WAY):
        return Count(towards)
    return Record(f"{category} says nothing of the address")


def _counts_towards(category: str, policy: Policy) -> Counts:
    """Return what a soft bounce of `category` counts towards; a category that is hard was soft by being transient."""
    conduct = policy.of(category)
    return conduct.transient if conduct.bounce_type is BounceType.HARD else conduct.counts


def _effect_of_complaint(feedback_type: str | None) -> Effect:
    kind = (feedback_type or "abuse").strip().lower()
    return COMPLAINT if kind in COMPLAINTS else Record(f"feedback of type {kind}: no complaint of the subscriber")
