"""What classify and apply_actions use of the patterns table, as it changes, breaks, and cannot be read."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from pynamodb.exceptions import PynamoDBException

from bounces.aws import operator_set, telemetry
from bounces.aws.operator_set import Followed
from bounces.errors import PatternError, PatternSetDamaged
from bounces.patterns import Classifier, OperatorPatterns, Policy, default_policy
from bounces.patterns.policy import Counts
from bounces.records import BounceType
from bounces.store import PatternStore, Version, pattern_store
from bounces.store.models import CONNECT_SECONDS
from tests.stack import in_memory
from tests.stack.expanded import of_type
from tests.stack.in_memory import Tables
from tests.stack.pattern_sets import TABLE, TRAP, emptied, note, save
from tests.stack.said import Said
from tests.stack.verdicts import report

BLOCKED = "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent"
SOFTER = '[categories.bad-mailbox]\nbounce_type = "soft"\n'


class Clock:
    """A clock that stands still."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(made: Tables) -> PatternStore:
    return emptied()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    telemetry.flush()  # what another test counted
    capsys.readouterr()
    heard = Said(capsys)
    with heard.listening():
        yield heard


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def followed(store: PatternStore, clock: Clock) -> Followed[Classifier]:
    return operator_set.classifiers(TABLE, 60, clock)


def decided(followed: Followed[Classifier], diagnostic: str = BLOCKED) -> tuple[str, str | None]:
    """Return what is decided: hard or soft, and by which version."""
    verdict = followed.current().classify(report("r", diagnostic=diagnostic))
    return verdict.bounce_type.value, verdict.patterns_version


def lose(what: Callable[[dict[str, Any]], bool]) -> None:
    """Delete the items of the table of which `what` is true."""
    for item in in_memory.scan(TABLE):
        if what(item):
            key = {name: item[name] for name in ("part", "item")}
            boto3.client("dynamodb").delete_item(TableName=TABLE, Key=key)


def text_of(version: Version) -> Callable[[dict[str, Any]], bool]:
    return lambda item: bool(item["part"]["S"] == f"text#{version.text}")


def test_a_new_version_is_used_after_the_interval_and_not_looked_for_before(
    store: PatternStore, followed: Followed[Classifier], clock: Clock
) -> None:
    assert decided(followed) == ("soft", None)
    first = save(store, TRAP)
    clock.now = 59.9
    with in_memory.calls() as calls:
        assert decided(followed) == ("soft", None)
    assert calls.operations == []
    clock.now = 60
    assert decided(followed) == ("hard", "1")
    save(store, "", first)
    clock.now = 120
    assert decided(followed) == ("soft", "2")


def test_a_look_that_finds_nothing_new_is_one_read_of_a_small_item(
    store: PatternStore, followed: Followed[Classifier], clock: Clock
) -> None:
    save(store, TRAP)
    before = followed.current()
    for minute in range(1, 4):
        clock.now = minute * 60
        with in_memory.calls() as calls:
            assert followed.current() is before
        assert calls.operations == ["GetItem"]
        assert calls.made[0][1]["ConsistentRead"]
    assert max(in_memory.size(item) for item in in_memory.scan(TABLE) if item["part"]["S"] == "pointer") < 200


def test_while_the_table_cannot_be_read_the_old_set_is_used(
    store: PatternStore, followed: Followed[Classifier], clock: Clock, said: Said
) -> None:
    first = save(store, TRAP)
    assert decided(followed) == ("hard", "1")
    save(store, "", first)
    with in_memory.calls() as calls:
        clock.now = 60
        followed.current()
    reads = len(calls.made)
    save(store, TRAP, store.current())
    for place in range(reads):
        clock.now += 60
        with in_memory.calls("before", at=place):
            assert decided(followed) == ("soft", "2")
    assert len(said.warnings()) == reads
    telemetry.flush()
    assert said.counted[telemetry.PATTERNS_UNREADABLE] == reads
    clock.now += 59
    assert decided(followed) == ("soft", "2")
    clock.now += 1
    assert decided(followed) == ("hard", "3")


def test_at_a_cold_start_a_table_that_cannot_be_read_is_an_error_until_it_can(
    store: PatternStore, followed: Followed[Classifier]
) -> None:
    save(store, TRAP)
    for place in range(3):  # pointer, version, chunks
        with in_memory.calls("before", at=place), pytest.raises(PynamoDBException):
            followed.current()
    assert decided(followed) == ("hard", "1")


def test_a_table_that_hangs_does_not_cost_a_function_its_set(
    store: PatternStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = (CONNECT_SECONDS + pattern_store.READ_SECONDS) * (1 + pattern_store.RETRIES)
    for name in ("ClassifyFunction", "ApplyActionsFunction"):
        assert calls < of_type("AWS::Lambda::Function")[name]["Timeout"] / 2
    monkeypatch.setattr(pattern_store, "READ_SECONDS", 1)
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{hanging.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(PynamoDBException, match="Read timeout"):
            PatternStore(TABLE).current_id()
        assert time.monotonic() - start < 2 * (1 + pattern_store.RETRIES)


@pytest.mark.parametrize("is_cold", [True, False])
def test_a_version_that_is_not_whole_is_skipped_for_the_one_before(
    store: PatternStore, followed: Followed[Classifier], clock: Clock, said: Said, is_cold: bool
) -> None:
    first = save(store, TRAP)
    if not is_cold:
        assert decided(followed) == ("hard", "1")
    second = save(store, "something else==>Soft", first)
    lose(text_of(second))
    clock.now = 60
    assert decided(followed) == ("hard", "1")
    telemetry.flush()
    assert said.counted[telemetry.PATTERN_SETS_DAMAGED] == 1
    assert [line["level"] for line in said.warnings()] == ["ERROR"]
    save(store, "something else==>Soft", second)  # the same text again: its chunks are whole again
    clock.now = 120
    assert decided(followed) == ("soft", "3")


def test_a_version_item_that_is_gone_is_skipped_too(store: PatternStore, followed: Followed[Classifier]) -> None:
    second = save(store, "something else==>Soft", save(store, TRAP))
    lose(lambda item: bool(item["item"]["S"] == second.id))
    assert decided(followed) == ("hard", "1")


def test_with_no_version_whole_the_built_in_rules_decide(
    store: PatternStore, followed: Followed[Classifier], said: Said
) -> None:
    save(store, "something else==>Soft", save(store, TRAP))
    lose(lambda item: bool(item["part"]["S"].startswith("text#")))
    assert decided(followed) == ("soft", None)
    telemetry.flush()
    assert said.counted[telemetry.PATTERN_SETS_DAMAGED] == 2
    assert "no version" in said.warnings()[-1]["message"]


def test_a_pointer_that_is_gone_changes_nothing_for_who_has_a_set(
    store: PatternStore, followed: Followed[Classifier], clock: Clock
) -> None:
    save(store, TRAP)
    assert decided(followed) == ("hard", "1")
    lose(lambda item: bool(item["part"]["S"] == "pointer"))
    clock.now = 60
    assert decided(followed) == ("hard", "1")


def test_a_stored_pattern_that_cannot_be_used_is_skipped_and_told(
    store: PatternStore, followed: Followed[Classifier], said: Said
) -> None:
    store.save(f"regex:(==>Hard\nno arrow\n{TRAP}", 3, None, note(), None)
    assert decided(followed) == ("hard", "1")
    telemetry.flush()
    assert said.counted[telemetry.PATTERNS_SKIPPED] == 2
    assert [line["line"] for line in said.warnings()] == ["regex:(==>Hard", "no arrow"]


def test_an_expression_that_cannot_be_compiled_with_others_is_skipped(
    store: PatternStore, followed: Followed[Classifier], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small:
        def __init__(self, expressions: list[str]) -> None:
            if "x[0-9]{9}" in expressions:
                raise PatternError("too large")

    def compiled(patterns: OperatorPatterns, *, policy: Policy | None = None) -> Classifier:
        Small([pattern.text for pattern in patterns])
        return Classifier(patterns, policy=policy)

    save(store, f"regex:x[0-9]{{9}}==>Soft\nregex:y[0-9]==>Soft\n{TRAP}")
    monkeypatch.setattr(operator_set, "ExpressionSet", Small)
    monkeypatch.setattr(operator_set, "Classifier", compiled)
    assert decided(followed) == ("hard", "1")
    assert decided(followed, "y7") == ("soft", "1")
    telemetry.flush()
    assert said.counted[telemetry.PATTERNS_SKIPPED] == 1


def test_a_set_that_cannot_be_compiled_at_all_leaves_the_one_before(
    store: PatternStore, followed: Followed[Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(patterns: OperatorPatterns, *, policy: Policy | None = None) -> Classifier:
        if patterns.version == "2":
            raise PatternError("too large")
        return Classifier(patterns, policy=policy)

    save(store, "y==>Soft", save(store, TRAP))
    monkeypatch.setattr(operator_set, "Classifier", compiled)
    assert decided(followed) == ("hard", "1")


def test_the_policy_of_the_set_is_the_classifier_s(
    store: PatternStore, followed: Followed[Classifier], clock: Clock
) -> None:
    assert decided(followed, "550 5.1.1 user unknown") == ("hard", None)
    save(store, "", policy=SOFTER)
    clock.now = 60
    assert decided(followed, "550 5.1.1 user unknown") == ("soft", "1")


def test_the_policy_is_followed_by_itself(store: PatternStore, clock: Clock) -> None:
    followed = operator_set.policies(TABLE, 60, clock)
    assert followed.current() == default_policy()
    first = save(store, TRAP, policy=SOFTER)
    clock.now = 60
    assert followed.current().of("bad-mailbox").bounce_type is BounceType.SOFT
    second = save(store, TRAP, first, policy='[categories.spam-related]\ncounts = "way"\n')
    lose(lambda item: bool(item["part"]["S"] == f"text#{second.policy}"))
    clock.now = 120
    assert followed.current().of("bad-mailbox").bounce_type is BounceType.SOFT
    cold = operator_set.policies(TABLE, 60, clock)
    assert cold.current().of("spam-related").counts is Counts.SENDER


def test_a_policy_that_a_later_version_of_this_package_refuses_is_damage(store: PatternStore) -> None:
    saved = save(store, TRAP, policy=SOFTER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bounces.patterns.policy.categories", dict)
        with pytest.raises(PatternSetDamaged, match="policy of version 1"):
            store.policy(saved)
