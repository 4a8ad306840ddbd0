"""The store beside a plain model: whatever comes, in whatever order and however often, both say the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bounces.patterns.policy import Escalation, default_policy
from bounces.records import Verdict
from bounces.store import GLOBAL, Store, Suppression
from bounces.store.models import etag_of
from tests.stack import in_memory
from tests.stack.facts_model import Added, Fact, Model
from tests.stack.in_memory import Tables
from tests.stack.verdicts import NOON, complaint, delivery, hard, soft

USER = "user@example.com"
OTHER = "other@example.com"
LISTS = ("news", "offers")
DAYS = 24

POLICY = default_policy().overridden(
    "[escalation]\naddress = { days = 3, over_days = 4 }\nway = { days = 4, within_days = 9 }"
)
RULES = {"address": Escalation(3, over_days=4), "way": Escalation(4, within_days=9)}
CATEGORIES = {"address": "quota-issues", "way": "routing-errors"}

hours = st.integers(0, 2 * DAYS).map(lambda half: NOON + timedelta(hours=12 * half))
lists = st.sampled_from([None, *LISTS])
users = st.sampled_from([USER, USER, USER, OTHER])


class StoreMachine(RuleBasedStateMachine):
    """Facts of two addresses, told in any order, to the store and to a model of each."""

    tables: Tables  # made once: that takes longer than an example

    def __init__(self) -> None:
        super().__init__()
        self.tables.clear()
        self.store: Store = self.tables.store
        self.touched: set[str] = set()
        self.models = {user: Model(RULES) for user in (USER, OTHER)}
        self.applied: list[Verdict] = []
        self.number = 0

    def _name(self) -> str:
        self.number += 1
        return f"{(self.number * 7919) % 1000:03}"  # in no order of arrival

    def _apply(self, user: str, kind: str, verdict: Verdict) -> None:
        report = verdict.report
        assert report.event_time is not None
        self.store.apply(verdict, POLICY)
        self.touched.add(user)
        self.models[user].report(Fact(report.id, kind, report.event_time, report.list_id))
        self.applied.append(verdict)

    @initialize()
    def on_one_list(self) -> None:
        self.told(USER, "news", "17", NOON)

    @rule(user=users, list_id=st.sampled_from(LISTS), subscriber=st.sampled_from([None, "17", "18"]), at=hours)
    def told(self, user: str, list_id: str, subscriber: str | None, at: datetime) -> None:
        self.store.subscribe(user, list_id, subscriber, told=at, policy=POLICY)
        self.touched.add(user)
        self.models[user].tell(list_id, subscriber, at)

    @rule(user=users, at=hours, list_id=lists)
    def hard_bounce(self, user: str, at: datetime, list_id: str | None) -> None:
        self._apply(user, "hard", hard(self._name(), at=at, list_id=list_id, recipient=user, addressee=user))

    @rule(user=users, at=hours, list_id=lists)
    def complains(self, user: str, at: datetime, list_id: str | None) -> None:
        self._apply(user, "complaint", complaint(self._name(), at=at, list_id=list_id, recipient=user, addressee=user))

    @rule(
        user=users,
        kinds=st.lists(st.tuples(st.sampled_from(list(RULES)), hours), min_size=1, max_size=9),
        late=st.integers(0, 3),
    )
    def soft_bounces(self, user: str, kinds: list[tuple[str, datetime]], late: int) -> None:
        for kind, at in kinds:
            verdict = soft(
                self._name(), CATEGORIES[kind], at=at, recipient=user, addressee=user,
                received_time=at + timedelta(days=late),
            )  # fmt: skip
            self._apply(user, kind, verdict)

    @rule(user=users, at=hours)
    def is_delivered(self, user: str, at: datetime) -> None:
        self.store.apply(delivery(self._name(), at=at, recipient=user, addressee=user), POLICY)
        self.touched.add(user)
        self.models[user].deliver(at)

    @rule(user=users, at=hours, list_id=lists)
    def is_lifted(self, user: str, at: datetime, list_id: str | None) -> None:
        self.store.lift(user, at=at, by="ann", why="they asked", list_id=list_id, policy=POLICY)
        self.touched.add(user)
        self.models[user].lifts.append((_scope(list_id), at))

    @rule(user=users, at=hours, list_id=lists, lasts=st.sampled_from([None, None, 1, 20]))
    def is_added(self, user: str, at: datetime, list_id: str | None, lasts: int | None) -> None:
        expires = None if lasts is None else at + timedelta(days=lasts)
        self.store.add(user, "manual", at=at, by="ann", why="by phone", list_id=list_id, expires=expires)
        self.touched.add(user)
        self.models[user].added.append(Added(_scope(list_id), at, "manual", expires))

    @rule(data=st.data())
    def comes_again(self, data: st.DataObject) -> None:
        if self.applied:
            verdict = data.draw(st.sampled_from(self.applied))
            before = self.tables.dump()
            assert self.store.apply(verdict, POLICY).is_duplicate
            assert self.tables.dump() == before

    @rule(data=st.data(), at=hours)
    def is_undone(self, data: st.DataObject, at: datetime) -> None:
        if self.applied:
            report = data.draw(st.sampled_from(self.applied)).report
            assert report.addressee is not None
            self.store.undo(report.addressee, report.id, at=at, by="ann", why="was wrong", policy=POLICY)
            self.touched.add(report.addressee)
            self.models[report.addressee].undone.add(report.id)

    @invariant()
    def both_say_the_same(self) -> None:
        for user in sorted(self.touched):
            model = self.models[user]
            self._compare_status(user, model)
            self._compare_suppression(user, model)
            self._compare_memberships(user, model)
        self.touched.clear()

    def _compare_status(self, user: str, model: Model) -> None:
        status = self.store.status(user)
        state, since = model.state()
        assert status.state == state
        found = None if status.since is None else (status.since.time, status.since.report[:8])
        assert found == (None if since is None else (since[0], since[1][:8]))

    def _compare_suppression(self, user: str, model: Model) -> None:
        known = self.store.suppression(user) or Suppression(user)
        for scope in (GLOBAL, *map(_scope, LISTS)):
            for now in (NOON, NOON + timedelta(days=DAYS / 2), NOON + timedelta(days=100)):
                cause, expected = known.of(scope).cause(now), model.causes(scope, now)
                assert (cause is None) == (not expected)
                if cause is not None:
                    assert (cause.evidence.time, cause.reason) in expected

    def _compare_memberships(self, user: str, model: Model) -> None:
        found = {each.list_id: each for each in self.store.memberships(user)}
        for list_id in LISTS:
            known = found.get(list_id)
            assert (known is not None and known.is_subscribed) == model.is_subscribed(list_id)
            assert (known and known.subscriber) == model.subscriber(list_id)

    def teardown(self) -> None:
        items = {(item["address"]["S"], item.get("item", {}).get("S", "")): item for item in self.tables.items()}
        for user in self.models:
            if (user, "status") in items:
                assert items[user, "status"]["etag"]["S"] == etag_of(self.store.status(user))


def _scope(list_id: str | None) -> str:
    return GLOBAL if list_id is None else f"list#{list_id}"


StoreMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=20, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module", autouse=True)
def tables() -> Iterator[None]:
    with in_memory.tables() as made:
        StoreMachine.tables = made
        yield


TestStore = StoreMachine.TestCase


@pytest.mark.full
class TestStoreAtLength(StoreMachine.TestCase):
    """Ten times as much."""

    settings = settings(StoreMachine.TestCase.settings, max_examples=400)
