"""What is sent: facts in messages, one or up to fifty in each, by all ways in, and how often and when each comes."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bounces import envelopes
from bounces.records import Event, Report, Source
from bounces.store import Store
from tests.stack.faults import accounting, facts, mails
from tests.stack.faults.facts import FIRST_DAY, LATER_LIST, RECEIVED, WAVES, Fact, World

PACKED: Final = 50
PACKED_SHARE: Final = 0.7
COPIES: Final = ((1, 2, 3), (50, 30, 20))
"""How often a message is delivered, and the weight of each."""
LATE_SHARE: Final = 0.3
"""Of a message's further copies, those that come in a later wave."""

Decision = Callable[[Store], None]


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way in: `body` is a mail, an accounting file or an envelope, by `way`."""

    way: str  # mail, push, envelope
    wave: int
    body: bytes
    facts: tuple[Fact, ...]

    @property
    def key(self) -> str:
        """Return where a mail is kept."""
        return f"incoming/{hashlib.sha256(self.body).hexdigest()[:40]}"

    @property
    def may_come_late(self) -> bool:
        """Say whether a copy may come in a later wave: of a delivery it could then find a run open that was not."""
        return all(fact.kind.name != "delivery" for fact in self.facts)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Messages in the order of their waves, and what an operator does before and between them."""

    seed: int
    world: World
    messages: tuple[Message, ...]

    def sent(self) -> list[list[Message]]:
        """Return each wave's messages, each once, as they were sent."""
        return [[message for message in self.messages if message.wave == wave] for wave in range(WAVES)]

    def delivered(self) -> list[list[Message]]:
        """Return each wave's messages as the network delivers them: one to three times, in any order."""
        draw = random.Random(f"delivered {self.seed}")
        waves: list[list[Message]] = [[] for _ in range(WAVES)]
        for message in self.messages:
            waves[message.wave].append(message)
            for _ in range(draw.choices(*COPIES)[0] - 1):
                late = message.may_come_late and draw.random() < LATE_SHARE
                waves[draw.randrange(message.wave, WAVES) if late else message.wave].append(message)
        for wave in waves:
            draw.shuffle(wave)
        return waves

    def decisions(self, wave: int) -> list[Decision]:
        """Return what the operator does before `wave`, in order. Every report of the waves before is applied then."""
        if wave == 0:
            return [_subscribing(address, list_id) for address, list_id in self.world.memberships]
        if wave == 1:
            return [
                *(_subscribing(address, LATER_LIST) for address in self.world.joining_later),
                *(_undoing(address, 0) for address in self.world.undone),
            ]
        if wave == 2:
            return [_lifting(address, FIRST_DAY + timedelta(days=45)) for address in self.world.lifted]
        return [
            *(_lifting(address, RECEIVED) for address in self.world.lifted[::3]),
            *(_undoing(address, -1) for address in self.world.undone[::2]),
        ]


def _subscribing(address: str, list_id: str) -> Decision:
    def subscribe(store: Store) -> None:
        store.subscribe(address, list_id)

    return subscribe


def _lifting(address: str, at: datetime) -> Decision:
    def lift(store: Store) -> None:
        store.lift(address, at=at, by="ann", why="they asked")

    return lift


def _undoing(address: str, place: int) -> Decision:
    """Return the undoing of the report at `place` of an address' history, in the order of events; 0 is the earliest."""

    def undo(store: Store) -> None:
        if history := store.history(address):
            store.undo(address, history[place].evidence.report, at=RECEIVED, by="ben", why="it was never theirs")

    return undo


def scenario(seed: int, reports: int) -> Scenario:
    """Return the scenario number `seed` of `reports` reports."""
    world = facts.world(seed, reports)
    draw = random.Random(f"messages {seed}")
    messages = sorted(_messages(world.facts, draw), key=lambda message: (message.wave, message.way))
    return Scenario(seed, world, tuple(messages))


def _messages(known: Sequence[Fact], draw: random.Random) -> Iterator[Message]:
    """Yield `known` in messages: those that go the same way in the same wave together, or each in its own."""
    together: dict[tuple[int, str, str | None], list[Fact]] = defaultdict(list)
    for fact in known:
        way = draw.choice(fact.kind.ways)
        packed = draw.random() < PACKED_SHARE and not (way == "mail" and fact.kind.event in ("complaint", "auto-reply"))
        if packed:
            together[fact.wave, way, fact.list_id if way == "mail" else None].append(fact)
        else:
            yield Message(way, fact.wave, _body(way, [fact]), (fact,))
    for (wave, way, _), those in together.items():
        while those:
            pack, those = _pack(those, distinct=way == "mail")
            yield Message(way, wave, _body(way, pack), tuple(pack))


def _pack(those: list[Fact], *, distinct: bool) -> tuple[list[Fact], list[Fact]]:
    """Return a message's worth of `those`, and the rest. A mail speaks of an address once (`distinct`)."""
    pack: list[Fact] = []
    left: list[Fact] = []
    addresses: set[str] = set()
    for fact in those:
        fits = len(pack) < PACKED and not (distinct and fact.address in addresses)
        (pack if fits else left).append(fact)
        if fits:
            addresses.add(fact.address)
    return pack, left


def _body(way: str, told: Sequence[Fact]) -> bytes:
    if way == "mail":
        return mails.mail_of(told)
    if way == "push":
        return accounting.body_of(told)
    (envelope,) = envelopes.pack(Report, map(_report, told))
    return envelope.encode()


def _report(fact: Fact) -> Report:
    kind = fact.kind
    return Report(
        id=hashlib.sha256(fact.mark.encode()).hexdigest()[:40],
        source=Source.POWERMTA if kind.event == "delivery" else Source.API,
        event=Event(kind.event),
        recipient=fact.address,
        addressee=fact.address,
        action=kind.action,
        status=kind.status or None,
        reply_code=kind.diagnostic[:3] or None,
        diagnostic=fact.diagnostic or None,
        event_time=fact.time,
        received_time=RECEIVED,
        list_id=fact.list_id,
        feedback_type=kind.feedback_type or None,
        raw=f"s3://elsewhere/{fact.mark}",
    )
