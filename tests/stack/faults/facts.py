"""What happens to the addresses: the facts that reports are made of, each in the wave that it becomes known in.

Within a wave the order is open. There are two orders that something depends on (docs/state.md): a delivery of an
address without an open run of soft bounces is read and not stored, and that an escalation stood until a delivery broke
it is told only where it did. So a delivery comes only in a wave after soft bounces that no delivery has ended, at most
one an address and wave, and in that wave nothing else bounces softly or ends there.
"""

from __future__ import annotations

import random
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

WAVES: Final = 4
REPORTS_AN_ADDRESS: Final = 5
RECEIVED: Final = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""When the doors got everything, to some seconds; nothing has happened later."""
FIRST_DAY: Final = datetime(2026, 8, 20, tzinfo=UTC)
DAYS: Final = 90
LISTS: Final = ("news", "offers", "tips")
LATER_LIST: Final = "winter"
"""A list that some addresses are put on between two waves."""
DOMAINS: Final = ("example.org", "example.net", "mail.example.org", "post.example.net")


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of kinds.toml."""

    name: str
    event: str
    group: str
    category: str
    action: str = "failed"
    status: str = ""
    diagnostic: str = ""
    feedback_type: str = ""
    ways: tuple[str, ...] = ("mail", "push", "envelope")


def _kinds() -> dict[str, Kind]:
    read = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text("utf-8"))
    return {name: Kind(name, **{"category": name, **said}) for name, said in read.items()}


KINDS: Final = _kinds()
_GROUPS: Final = {
    group: tuple(kind.name for kind in KINDS.values() if kind.group == group)
    for group in {kind.group for kind in KINDS.values()}
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One report to be: what became known in which wave, of which address, by which list, and when it happened."""

    number: int
    wave: int
    address: str
    kind: Kind
    time: datetime
    list_id: str | None

    @property
    def mark(self) -> str:
        """Return what tells its report from all others."""
        return f"Q{self.number:x}Z"

    @property
    def diagnostic(self) -> str:
        """Return the mail system's words."""
        return self.kind.diagnostic.format(address=self.address, mark=self.mark)


@dataclass(slots=True)
class World:
    """Facts, and who was on which list before any of them."""

    facts: list[Fact] = field(default_factory=list)
    memberships: list[tuple[str, str]] = field(default_factory=list)
    joining_later: list[str] = field(default_factory=list)
    lifted: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)


def world(seed: int, reports: int) -> World:
    """Return the facts of `reports` reports of a fifth as many addresses."""
    return _Maker(random.Random(f"facts {seed}"), reports).made()


class _Maker:
    def __init__(self, draw: random.Random, reports: int) -> None:
        self._draw = draw
        self._reports = reports
        self._world = World()
        self._number = 0

    def made(self) -> World:
        count = self._reports // REPORTS_AN_ADDRESS
        addresses = [f"reader{n}@{DOMAINS[n % len(DOMAINS)]}" for n in range(count)]
        stories = (self._soft, self._hard, self._complaint, self._soft_and_hard, self._quiet)
        facts: list[Fact] = []
        for place, address in enumerate(addresses):
            self._join(address)
            story = self._draw.choices(stories, (36, 30, 8, 16, 10))[0]
            facts += self._hot(address) if place % 100 == 0 else story(address)
        while len(facts) < self._reports:
            facts += self._quiet(self._draw.choice(addresses))
        self._world.facts = facts[: self._reports]
        self._world.joining_later = self._draw.sample(addresses, count // 3)
        self._world.lifted = self._draw.sample(addresses, count // 4)
        self._world.undone = self._draw.sample(addresses, count // 4)
        return self._world

    def _join(self, address: str) -> None:
        for list_id in self._draw.sample(LISTS, self._draw.choice((0, 1, 1, 2, 3))):
            self._world.memberships.append((address, list_id))

    def _time(self) -> datetime:
        return FIRST_DAY + timedelta(seconds=self._draw.randrange(DAYS * 86400))

    def _fact(self, address: str, group: str, wave: int, time: datetime | None = None) -> Fact:
        self._number += 1
        kind = KINDS[self._draw.choice(_GROUPS[group])]
        list_id = self._draw.choice((None, *LISTS))
        return Fact(self._number, wave, address, kind, time or self._time(), list_id)

    def _hard(self, address: str) -> list[Fact]:
        return [self._fact(address, "hard", self._wave()) for _ in range(self._draw.randint(1, 3))]

    def _complaint(self, address: str) -> list[Fact]:
        complaints = [self._fact(address, "complaint", self._wave()) for _ in range(self._draw.randint(1, 2))]
        return complaints + self._hard(address)[: self._draw.randint(0, 2)]

    def _quiet(self, address: str) -> list[Fact]:
        groups = self._draw.choices(("noise", "sender"), k=self._draw.randint(1, 3))
        return [self._fact(address, group, self._wave()) for group in groups]

    def _soft(self, address: str, runs: int = 1) -> list[Fact]:
        """Return a run of soft bounces, some of which escalate, and deliveries that end or shorten it."""
        delivered = self._draw.random() < 0.8
        waves = (0, 2) if delivered else tuple(range(WAVES))
        softs: list[Fact] = []
        for _ in range(runs):
            time = self._time()
            groups = self._draw.choice((("quota",), ("way",), ("quota", "way")))
            for _ in range(self._draw.randint(2, 7)):
                wave = 0 if not softs else self._draw.choice(waves)
                softs.append(self._fact(address, self._draw.choice(groups), wave, min(time, RECEIVED)))
                time += timedelta(hours=self._draw.choice((2, 30, 75, 170)), seconds=self._draw.randrange(3600))
        return softs + self._deliveries(address, softs) if delivered else softs

    def _soft_and_hard(self, address: str) -> list[Fact]:
        return [*self._soft(address), self._fact(address, self._draw.choice(("hard", "complaint")), 2)]

    def _hot(self, address: str) -> list[Fact]:
        """Return some fifty facts of one address."""
        noise = [self._fact(address, self._draw.choice(("noise", "sender")), self._wave()) for _ in range(10)]
        return self._soft(address, runs=8) + noise

    def _wave(self) -> int:
        return self._draw.randrange(WAVES)

    def _deliveries(self, address: str, softs: Iterable[Fact]) -> list[Fact]:
        """Return deliveries in the second and the last wave, where a run is open then."""
        known: dict[int, list[datetime]] = defaultdict(list)
        for soft in softs:
            known[soft.wave].append(soft.time)
        delivered = datetime.min.replace(tzinfo=UTC)
        deliveries = []
        for wave in (1, 3):
            run = sorted(time for before in range(wave) for time in known[before] if time > delivered)
            if run and self._draw.random() < 0.4:
                time = self._within(run)
                delivered = max(delivered, time)
                deliveries.append(self._fact(address, "delivery", wave, time))
        return deliveries

    def _within(self, run: list[datetime]) -> datetime:
        """Return a time before, between or after the soft bounces of `run`."""
        place = self._draw.randrange(len(run) + 1)
        if place == len(run):
            return min(run[-1] + timedelta(hours=20), RECEIVED)
        if place == 0:
            return run[0] - timedelta(hours=20)
        between: timedelta = (run[place] - run[place - 1]) / 2
        return (run[place - 1] + between).replace(microsecond=0)
