"""What is known of an address, in words that an operator understands. Pure.

What a report changed is told by what history keeps of the policy as it was then (`bounces.store.effects`); what is left
of it by the status as it is now. Earlier deliveries are not remembered, so nothing is said of states in between.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bounces.patterns.policy import Counts, Escalation, Lists, categories
from bounces.records import BounceType, Event
from bounces.store import effects
from bounces.store.effects import Count, End
from bounces.store.evidence import SHORT_ID, read
from bounces.store.facts import soft_bounce_of
from bounces.store.history import Decided, Past
from bounces.store.rows import IMPORT
from bounces.store.soft_bounces import SoftBounce
from bounces.store.states import Membership, State, Status
from bounces.store.suppressions import GLOBAL, LIST_SCOPE, Cause, Scope

_TOWARDS: Final = {Counts.ADDRESS: "the mailbox", Counts.WAY: "the way there"}

_LAYERS: Final = {
    "operator": "the operator's pattern {rule}",
    "provider": "{rule}, a provider's own words",
    "phrase": "{rule}, general words",
    "status": "{rule}, the enhanced status code",
    "reply-code": "{rule}, the reply code",
    "default": "{rule}, since nothing else was known",
}


def time_words(time: datetime) -> str:
    """Return `time` to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def what_words(past: Past) -> str:
    """Return what a report was: `hard bounce, bad-mailbox (no such recipient)`."""
    if past.event == Event.COMPLAINT:
        return f"complaint ({past.feedback_type or 'abuse'})"
    if past.bounce_type == BounceType.NONE:
        return past.event
    kind = f"{past.bounce_type} {past.event}" if past.event == Event.BOUNCE else f"{past.event}, {past.bounce_type}"
    meaning = categories().get(past.category or "")
    return f"{kind}, {past.category}" + (f" ({meaning})" if meaning else "")


def said_words(past: Past) -> str:
    """Return what the other side said, and in which codes; "" where it said nothing."""
    codes = [f"{name} {text}" for name, text in (("status", past.status), ("reply", past.reply_code)) if text]
    if past.remote_mta:
        codes.append(f"by {past.remote_mta}")
    told = f"[{', '.join(codes)}]" if codes else ""
    return " ".join(part for part in (past.diagnostic, told) if part)


def rule_words(past: Past) -> str:
    """Return which rule decided, and the version of the operator's patterns that it decided with; "" without one."""
    if past.rule is None:
        return past.reason or ""
    words = _LAYERS.get(past.layer or "", "{rule}").format(rule=past.rule)
    if past.patterns_version is not None:
        of = "of" if past.layer == "operator" else "beside"
        words += f", {of} version {past.patterns_version} of the operator's patterns"
    return f"{words}. {past.reason}" if past.reason else words


def applied_words(past: Past) -> str:
    """Return when the report was applied; "" where that is not known, of items of before."""
    return "" if past.applied is None else time_words(read(past.applied))


def policy_words(past: Past) -> str:
    """Return the line of the policy by which the report was applied, in words."""
    effect = effects.read(past.effect)
    match effect:
        case End():
            return _ending_words(past, effect)
        case Count():
            towards = _TOWARDS.get(Counts(effect.towards), effect.towards)
            return f"{past.category} counts towards {towards}: {rule_of_escalation(effect.rule)}"
    return _recorded_words(past)


def rule_of_escalation(rule: Escalation | None) -> str:
    """Return when soft bounces become hard by `rule`."""
    if rule is None:
        return "no number of them ends in hard"
    days = f"{rule.days} different days" if rule.days != 1 else "one day"
    span = f" over at least {rule.over_days} days" if rule.over_days is not None else ""
    span += f" within {rule.within_days} days" if rule.within_days is not None else ""
    return f"{days}{span}, with no delivery between, end{'s' if rule.days == 1 else ''} in hard"


def effect_words(past: Past, status: Status) -> str:
    """Return what the report does to the address' `status` now; "" where it never did anything."""
    if past.undone is not None:
        return f"undone {time_words(past.undone.at)} by {past.undone.by}: {past.undone.why}"
    effect = effects.read(past.effect)
    if isinstance(effect, End):
        return _end_words(past, effect, status)
    bounce = soft_bounce_of(past)
    return "" if bounce is None else _count_words(bounce, status)


def status_words(status: Status) -> str:
    """Return where an address stands, and since which report."""
    since = status.since
    words = f"{status.state}"
    if since is not None:
        words += f" since {time_words(since.time)}, by report {since.report}"
    met = status.escalation
    if met is not None and since is not None and since.report == met.report:
        words += f": soft bounces on {status.days(met.kind)} days, and {rule_of_escalation(met.rule)}"
    return words


def membership_words(membership: Membership) -> str:
    """Return whether an address is on a list, and what took it off."""
    known_as = f", subscriber {membership.subscriber}" if membership.subscriber is not None else ""
    ended = membership.ended
    if ended is None:
        return f"subscribed{known_as}"
    return f"taken off {time_words(ended.evidence.time)}{known_as}: {ended.reason}, report {ended.evidence.report}"


def scope_name(scope: str) -> str:
    """Return what a suppression's scope covers."""
    return "every list" if scope == GLOBAL else f"list {scope.removeprefix(LIST_SCOPE)}"


def scope_words(scope: Scope, now: datetime) -> list[str]:
    """Return a line for each thing that is known of a scope."""
    lines = [_cause_words(cause, now) for cause in scope.all_causes()]
    if scope.lift is not None:
        lines.append(f"lifted {time_words(scope.lift.at)} by {scope.lift.by}: {scope.lift.why}")
    if scope.freed is not None:
        lines.append(f"a suppression was taken back {time_words(scope.freed.at)} ({scope.freed.by}): {scope.freed.why}")
    return lines


def decided_words(decided: Decided) -> str:
    """Return what an operator decided."""
    return f"{decided.what}, for {scope_name(decided.scope)}, by {decided.by}: {decided.why}"


def _cause_words(cause: Cause, now: datetime) -> str:
    words = f"{cause.reason} since {time_words(cause.evidence.time)}, from {cause.source}"
    if cause.source == IMPORT:
        words += f" {time_words(cause.noted)}"
    words += f" by {cause.by}" if cause.by else ""
    words += f": {cause.why}" if cause.why else f", report {cause.evidence.report[:SHORT_ID]}" if not cause.by else ""
    if cause.expires is not None:
        words += f" (until {time_words(cause.expires)}" + (")" if cause.is_live(now) else ", which is over)")
    return words


def _ending_words(past: Past, effect: End) -> str:
    if effect.state is State.COMPLAINED:
        words = "a complaint: the subscriber wants no more; suppressed for every list"
    else:
        words = f"{past.category} is hard: the address is given up at the first report; suppressed for every list"
    if effect.expires_after_days is not None:
        words += f" for {effect.expires_after_days} days"
    named = past.list_id or "none"
    leaves = {
        Lists.NAMED: f"the list that the report names ({named})",
        Lists.EVERY: "every list that it is on",
        Lists.NONE: "no list",
    }
    return f"{words}, and leaves {leaves[effect.lists]}"


def _recorded_words(past: Past) -> str:
    if past.event == Event.COMPLAINT:
        return f"feedback of type {past.feedback_type} is no complaint of the subscriber: kept in history only"
    if past.bounce_type == BounceType.NONE:
        return f"{past.event} is no bounce: kept in history only"
    if past.bounce_type == BounceType.HARD:
        return "the operator's pattern says to ignore it: kept in history only"
    return f"{past.category} says nothing of the address: kept in history only"


def _end_words(past: Past, effect: End, status: Status) -> str:
    time = past.evidence.time
    if status.lifted is not None and time <= status.lifted:
        return f"lifted {time_words(status.lifted)}: counts no more"
    if status.since == past.evidence.short:
        return f"this is why the address is {status.state}"
    return f"an earlier report has made it {status.state} already" if status.ends else f"asks for {effect.state}"


def _count_words(bounce: SoftBounce, status: Status) -> str:
    ended = [
        (time, word)
        for time, word in ((status.delivered, "delivered"), (status.lifted, "lifted"))
        if time is not None and bounce.time <= time
    ]
    if ended:
        time, word = min(ended)
        return f"{word} {time_words(time)}: counts no more"
    run = status.run(bounce.kind)
    met = status.escalation
    if met is not None and (met.time, met.report) == (bounce.time, bounce.report):
        return "with this one they were enough: suppressed for every list as an escalation"
    for place, known in enumerate(run, start=1):
        if (known.time, known.report) == (bounce.time, bounce.report):
            return f"counts: day {place} of {len(run)}"
        if known.day == bounce.day:
            return f"counts as one with report {known.report} of the same day"
    return "counts; the first and the latest days are what is remembered"
