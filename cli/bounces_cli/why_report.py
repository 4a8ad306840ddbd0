"""All that is known of one address, put together: as lines for people, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bounces.store import Decided, Membership, Past, Status, Suppression
from bounces.store import explaining as words
from bounces.store.evidence import SHORT_ID, came, written
from bounces.store.rows import rows_of
from bounces.store.suppressions import Lift, scope_of
from bounces_cli.plain import plain

LABEL: Final = 8
"""Columns of the word before each part of a report."""


@dataclass(frozen=True, slots=True)
class Story:
    """One address as the tables know it, at `now`."""

    address: str
    now: datetime
    status: Status
    memberships: Sequence[Membership]
    suppression: Suppression | None
    history: Sequence[Past]
    decisions: Sequence[Decided]

    @property
    def blocked(self) -> list[str]:
        """The scopes that are suppressed now."""
        scopes = {} if self.suppression is None else self.suppression.scopes
        return [name for name, scope in scopes.items() if scope.cause(self.now)]

    @property
    def is_known(self) -> bool:
        """Whether anything is known of the address."""
        return bool(self.status != Status() or self.memberships or self.suppression or self.history or self.decisions)


def state_lines(story: Story, width: int) -> Iterator[str]:
    """Yield where the address stands: status, whether it may be mailed, lists and suppressions."""
    address = plain(story.address)
    if not story.is_known:
        yield f"{address}: nothing is known of it; it may be mailed"
        return
    yield from _wrapped(f"{address} is {plain(words.status_words(story.status))}", width, "")
    blocked = ", ".join(plain(words.scope_name(scope)) for scope in story.blocked)
    yield f"It must not be mailed: suppressed for {blocked}." if blocked else "It may be mailed."
    if story.memberships:
        yield from ("", "Lists")
        for membership in story.memberships:
            yield from _labelled(membership.list_id, words.membership_words(membership), width)
    if story.suppression is not None:
        yield from ("", "Suppressions")
        for name, scope in story.suppression.scopes.items():
            for line in words.scope_words(scope, story.now):
                yield from _labelled(words.scope_name(name), line, width)


def history_lines(story: Story, width: int) -> Iterator[str]:
    """Yield what happened to it, the earliest first, each with why."""
    told = [(past.evidence.time, list(_past_lines(past, story.status, width))) for past in story.history]
    told += [
        (decided.evidence.time, [f"{words.time_words(decided.evidence.time)}  {plain(words.decided_words(decided))}"])
        for decided in story.decisions
    ]
    delivered = story.status.delivered
    if delivered is not None:
        line = f"{words.time_words(delivered)}  delivered: soft bounces of before count no more"
        told.append((delivered, [line]))
    told += [(freed.at, [_freed_line(name, freed)]) for name, freed in _freed(story)]
    if not told:
        return
    yield from ("", "History")
    for _, lines in sorted(told, key=lambda entry: entry[0]):
        yield ""
        yield from lines


def as_json(story: Story) -> dict[str, Any]:
    """Return all of it as JSON's types, with the words."""
    status = story.status
    since = status.since
    return {
        "address": story.address,
        "state": status.state,
        "since": None if since is None else written(since.time),
        "report": None if since is None else since.report,
        "words": words.status_words(status),
        "sendable": scope_of(None) not in story.blocked,
        "blocked": [words.scope_name(scope) for scope in story.blocked],
        "delivered": None if status.delivered is None else written(status.delivered),
        "lifted": None if status.lifted is None else written(status.lifted),
        "lists": [_membership_json(membership) for membership in story.memberships],
        "suppressions": [] if story.suppression is None else list(rows_of(story.suppression)),
        "history": [_past_json(past, status) for past in story.history],
        "decisions": [_decided_json(decided) for decided in story.decisions],
    }


def _past_lines(past: Past, status: Status, width: int) -> Iterator[str]:
    when = words.time_words(past.evidence.time)
    yield f"{when}  {plain(words.what_words(past))}, by {past.source}"
    parts = (
        ("said", words.said_words(past)),
        ("rule", words.rule_words(past)),
        ("policy", words.policy_words(past)),
        ("so", words.effect_words(past, status)),
        ("mail", past.raw or ""),
        ("applied", words.applied_words(past)),
        ("report", past.evidence.report[:SHORT_ID]),
    )
    for label, text in parts:
        if text:
            yield from _labelled(label, text, width, LABEL)


def _labelled(label: str, text: str, width: int, least: int = 16) -> Iterator[str]:
    shown = plain(label)
    yield from _wrapped(plain(text), width, f"  {shown:<{least}}", " " * (least + 2))


def _wrapped(text: str, width: int, first: str, rest: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first if first.endswith(" ") or not first else f"{first}  ",
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _freed(story: Story) -> Iterator[tuple[str, Lift]]:
    for name, scope in ({} if story.suppression is None else story.suppression.scopes).items():
        if scope.freed is not None:
            yield name, scope.freed


def _freed_line(scope: str, freed: Lift) -> str:
    where = plain(words.scope_name(scope))
    return f"{words.time_words(freed.at)}  suppression for {where} taken back ({plain(freed.by)}): {plain(freed.why)}"


def _membership_json(membership: Membership) -> dict[str, Any]:
    ended = membership.ended
    return {
        "list": membership.list_id,
        "subscriber": membership.subscriber,
        "subscribed": membership.is_subscribed,
        "ended": None if ended is None else written(ended.evidence.time),
        "reason": None if ended is None else ended.reason,
        "report": None if ended is None else ended.evidence.report,
    }


def _past_json(past: Past, status: Status) -> dict[str, Any]:
    row: dict[str, Any] = {
        "time": written(past.evidence.time),
        "received": written(came(past.noted, past.evidence.time, past.source)),
        "applied": past.applied,
        "report": past.evidence.report,
        "event": past.event,
        "source": past.source,
        "bounce_type": past.bounce_type,
    }
    for name in (*_SAID, *_JUDGED, *_ABOUT):
        row[name] = getattr(past, name)
    row |= {"policy": words.policy_words(past), "so": words.effect_words(past, status)}
    undone = past.undone
    row["undone"] = None if undone is None else {"at": written(undone.at), "by": undone.by, "why": undone.why}
    return row


_SAID: Final = ("diagnostic", "status", "reply_code", "remote_mta", "feedback_type", "raw")
_JUDGED: Final = ("category", "rule", "layer", "patterns_version", "reason")
_ABOUT: Final = ("list_id", "campaign", "subscriber", "recipient", "provider", "sending_mta")


def _decided_json(decided: Decided) -> dict[str, Any]:
    ground = decided.evidence
    return {
        "time": written(ground.time),
        "decision": ground.report,
        "what": decided.what,
        "scope": words.scope_name(decided.scope),
        "by": decided.by,
        "why": decided.why,
    }
