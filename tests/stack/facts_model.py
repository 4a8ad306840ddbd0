"""A plain model of one address: every fact is kept, and each question is answered from all of them.

Written from docs/state.md and nothing of the store, which remembers few facts and asks history where it needs more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bounces.patterns.policy import Escalation

EVERY = "every"
Moment = tuple[datetime, str]  # an event's time and its id
Ground = tuple[datetime, str, datetime]  # when, why, until when
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Fact:
    """A report: hard, complaint or soft, when, and the list that it names (None: none)."""

    id: str
    kind: str
    time: datetime
    list_id: str | None = None

    @property
    def moment(self) -> Moment:
        return self.time, self.id


@dataclass(frozen=True)
class Added:
    """A suppression that somebody decided on."""

    scope: str
    time: datetime
    reason: str
    expires: datetime | None


@dataclass
class Model:
    """One address. `rules` are the escalation rules by kind."""

    rules: dict[str, Escalation]
    reports: dict[str, Fact] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    added: list[Added] = field(default_factory=list)
    lifts: list[tuple[str, datetime]] = field(default_factory=list)
    delivered: datetime | None = None
    told: dict[str, list[datetime]] = field(default_factory=dict)
    named: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)

    def report(self, fact: Fact) -> None:
        self.reports.setdefault(fact.id, fact)

    def tell(self, list_id: str, subscriber: str | None, time: datetime) -> None:
        self.told.setdefault(list_id, []).append(time)
        if subscriber:
            self.named.setdefault(list_id, []).append((time, subscriber))

    def deliver(self, time: datetime) -> None:
        """The one fact that is not always kept: of an address without an open soft bounce."""
        if self.run() and (self.delivered is None or time > self.delivered):
            self.delivered = time

    def lifted(self, scope: str) -> datetime | None:
        return max((time for of, time in self.lifts if of == scope), default=None)

    def standing(self) -> list[Fact]:
        return sorted((each for each in self.reports.values() if each.id not in self.undone), key=lambda f: f.moment)

    def ends(self) -> list[Fact]:
        lifted = self.lifted("global")
        return [f for f in self.standing() if f.kind in ("hard", "complaint") and (not lifted or f.time > lifted)]

    def run(self) -> list[Fact]:
        resets = [time for time in (self.delivered, self.lifted("global")) if time]
        return [f for f in self.standing() if f.kind in self.rules and (not resets or f.time > max(resets))]

    def escalation(self) -> Moment | None:
        met: list[Moment] = []
        for kind, rule in self.rules.items():
            first_of_day: dict[object, Fact] = {}
            for fact in self.run():
                if fact.kind == kind:
                    first_of_day.setdefault(fact.time.date(), fact)
            days = list(first_of_day.values())
            for last in days:
                until = [f for f in days if f.moment <= last.moment]
                near = [f for f in until if rule.within_days is None or _apart(f, last) <= rule.within_days]
                if len(near) >= rule.days and _apart(near[0], last) >= (rule.over_days or 0):
                    met.append(last.moment)
                    break
        return min(met, default=None)

    def state(self) -> tuple[str, Moment | None]:
        ended = [(f.moment, "hard-bounced" if f.kind == "hard" else "complained") for f in self.ends()]
        if escalation := self.escalation():
            ended.append((escalation, "hard-bounced"))
        if ended:
            moment, state = min(ended)
            return state, moment
        run = self.run()
        return ("soft-bouncing", run[0].moment) if run else ("active", None)

    def causes(self, scope: str, now: datetime) -> set[tuple[datetime, str]]:
        """When and why `scope` alone is suppressed at `now`: any of several where they are of one moment.

        The earliest of all is shown, when it has expired the earliest of those that last longest; or an escalation,
        which is no fact, where that is earlier.
        """
        lifted = self.lifted(scope)
        grounds = [
            (a.time, a.reason, a.expires or NEVER)
            for a in self.added
            if a.scope == scope and (not lifted or a.time > lifted)
        ]
        escalated = None
        if scope == "global":
            grounds += [(f.time, "hard-bounce" if f.kind == "hard" else "complaint", NEVER) for f in self.ends()]
            escalated = self.escalation()
        lasting = [ground for ground in grounds if ground[2] == max(end for _, _, end in grounds)]
        shown: set[tuple[datetime, str]] = set()
        for first in _earliest(grounds) or [None]:
            live = [ground for ground in (first, *_earliest(lasting)) if ground and now < ground[2]]
            if escalated:
                live.append((escalated[0], "escalation", NEVER))
            shown |= {(time, reason) for time, reason, _ in _earliest(live)}
        return shown

    def is_subscribed(self, list_id: str) -> bool:
        """Whether the platform told `list_id`, and no report took the address off it.

        A lift answers the reports until then, once the platform has told the list again after it.
        """
        told = self.told.get(list_id, [])
        if not told or self.escalation():
            return False
        cleared = [lift for of, lift in self.lifts if of == "global" and lift < max(told)]
        off = [f for f in self.standing() if f.kind in ("hard", "complaint") and f.list_id in (None, list_id)]
        return all(cleared and f.time <= max(cleared) for f in off)

    def subscriber(self, list_id: str) -> str | None:
        named = self.named.get(list_id, [])
        return max(named)[1] if named else None


def _earliest(grounds: list[Ground]) -> list[Ground]:
    return [ground for ground in grounds if ground[0] == min(time for time, _, _ in grounds)]


def _apart(first: Fact, last: Fact) -> int:
    return (last.time.date() - first.time.date()) // timedelta(days=1)
