"""What a verdict calls for by the policy, and the form in which history keeps that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bounces.patterns.policy import COMPLAINT, HARD_BOUNCE, OTHER, Counts, Escalation, Lists, Policy
from bounces.records import BounceType, Event, Verdict
from bounces.store import soft_bounces
from bounces.store.evidence import LOGS
from bounces.store.states import REASONS, State

# What takes an address off (RFC 5965 7.3, RFC 6650 3.2 and the unregistered opt-out): the subscriber wants no more.
# auth-failure, virus and other say something of the message, not-spam the contrary of a complaint.
COMPLAINTS: Final = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})


@dataclass(frozen=True, slots=True)
class End:
    """The address is suppressed, taken off `lists` and marked as `state`."""

    state: State
    lists: Lists
    expires_after_days: int | None = None

    @property
    def reason(self) -> str:
        """The reason of the suppression."""
        return REASONS[self.state]


@dataclass(frozen=True, slots=True)
class Count:
    """The soft bounce is counted together with those that count `towards` the same, until they meet `rule`."""

    towards: str
    rule: Escalation | None


@dataclass(frozen=True, slots=True)
class Reset:
    """The soft bounces until this delivery count no more."""


@dataclass(frozen=True, slots=True)
class Record:
    """The report goes to history only; `why` says for what reason."""

    why: str


Effect = End | Count | Reset | Record


def effect_of(verdict: Verdict, policy: Policy) -> Effect:
    """Return what `verdict` calls for by `policy`. Doubt changes nothing about an address."""
    event = verdict.report.event
    if verdict.ignore:
        return Record("an operator's pattern says to ignore it")
    if event is Event.COMPLAINT:
        return _effect_of_complaint(verdict, policy)
    # Who knows that a mail was delivered is our own MTA, by what it logs. A success DSN anyone can write.
    if event is Event.DELIVERY and verdict.report.source in LOGS:
        return Reset()
    if not verdict.report.is_failure:
        return Record(f"{event}, no bounce")
    if verdict.bounce_type is BounceType.HARD:
        return _end(verdict, policy, State.HARD_BOUNCED, HARD_BOUNCE)
    category = verdict.category or OTHER
    towards = _counts_towards(category, policy)
    if verdict.bounce_type is BounceType.SOFT and towards in (Counts.ADDRESS, Counts.WAY):
        return Count(towards.value, policy.escalation(towards, verdict.report.list_id))
    return Record(f"{category} says nothing of the address")


def written(effect: Effect) -> str | None:
    """Return `effect` as history keeps it, so that a state can be told anew from it; None where it changed nothing."""
    match effect:
        case End(state, lists, days):
            return f"{state} {lists} {days or '-'}"
        case Count(towards, rule):
            return f"soft {towards} {soft_bounces.written(rule)}"
    return None


def read(text: str | None) -> End | Count | None:
    """Return the effect that `written` wrote."""
    if text is None:
        return None
    first, second, third = text.split(" ")
    if first == "soft":
        return Count(second, soft_bounces.read(third))
    return End(State(first), Lists(second), None if third == "-" else int(third))


def _end(verdict: Verdict, policy: Policy, state: State, reason: str) -> End:
    ending = policy.endings[reason]
    return End(state, ending.lists(verdict.report.list_id), ending.expires_after_days)


def _counts_towards(category: str, policy: Policy) -> Counts:
    """Return what a soft bounce of `category` counts towards; a category that is hard was soft by being transient."""
    conduct = policy.of(category)
    return conduct.transient if conduct.bounce_type is BounceType.HARD else conduct.counts


def _effect_of_complaint(verdict: Verdict, policy: Policy) -> Effect:
    kind = (verdict.report.feedback_type or "abuse").strip().lower()
    if kind in COMPLAINTS:
        return _end(verdict, policy, State.COMPLAINED, COMPLAINT)
    return Record(f"feedback of type {kind}: no complaint of the subscriber")
