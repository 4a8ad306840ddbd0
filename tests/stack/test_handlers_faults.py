"""What a function does when a call fails in a way that may pass: gives that message back, and a retry ends it."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from bounces import envelopes
from bounces.aws import queues, telemetry
from bounces.errors import SettingError
from bounces.records import Report, Source, Verdict
from bounces.store import PatternStore
from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_ses import app as ingest_ses
from local.deploy import ROOT
from tests import receipts
from tests.stack import deployed, in_memory
from tests.stack.deployed import Stack
from tests.stack.in_memory import Fault
from tests.stack.pattern_sets import save
from tests.stack.said import Said
from tests.stack.verdicts import USER, hard, report, soft

BOUNCE: Final = (ROOT / "events" / "mails" / "postfix-user-unknown.eml").read_bytes()
USERS: Final = ("ann@example.com", "bob@example.com", "cid@example.com")


@pytest.fixture
def stack(deployed_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(queues, "FIRST_PAUSE_SECONDS", 0)
    deployed_stack.clear()
    deployed_stack.warm()
    return deployed_stack


def envelope(kind: type[Any], *records: Any) -> str:
    (message,) = envelopes.pack(kind, records)
    return message


def bounce(stack: Stack, key: str) -> str:
    return json.dumps(receipts.notification(*stack.put_mail(f"incoming/{key}", BOUNCE)))


def verdicts(make: Callable[..., Verdict] = hard) -> list[Verdict]:
    return [make(user[:3], recipient=user, addressee=user) for user in USERS]


SENDING: Final[list[tuple[Any, str, Callable[[Stack, str], str]]]] = [
    (ingest_ses, "ReportQueue", bounce),
    (classify, "VerdictQueue", lambda _stack, name: envelope(Report, report(name))),
]


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize(("function", "queue", "make"), SENDING, ids=["ingest_ses", "classify"])
def test_a_message_whose_results_cannot_be_sent_comes_again(
    stack: Stack, said: Said, function: Any, queue: str, make: Callable[[Stack, str], str], fault: Fault
) -> None:
    bodies = [make(stack, name) for name in "abc"]
    with in_memory.calls() as calls:
        stack.call(function, bodies)
    expected = stack.messages(queue)
    sends = [place for place, operation in enumerate(calls.operations) if operation == "SendMessageBatch"]
    assert len(sends) == len(expected) == 3
    with in_memory.calls(fault, at=sends[1]):
        failed = stack.call(function, bodies)
    assert failed == [1]
    assert stack.call(function, [bodies[1]]) == []
    assert set(stack.messages(queue)) == set(expected)
    assert said.counted[telemetry.RETRIED] == 1
    assert len(said.warnings()) == 1


def test_a_mail_that_cannot_be_got_now_comes_again(stack: Stack, said: Said) -> None:
    bodies = [bounce(stack, "a"), bounce(stack, "b")]
    with in_memory.calls("before", at=1):  # the first call is Lambda's configuration, asked for by the test
        assert stack.call(ingest_ses, bodies) == [0]
    assert stack.dead_letters("MailQueue") == []
    assert len(stack.messages("ReportQueue")) == 1
    assert stack.call(ingest_ses, [bodies[0]]) == []
    assert len(stack.messages("ReportQueue")) == 1


def test_where_everything_fails_each_message_is_named(stack: Stack) -> None:
    bodies = [bounce(stack, "a"), bounce(stack, "b")]
    with in_memory.calls("before", operation="GetObject"):
        assert stack.call(ingest_ses, bodies) == [0, 1]


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_verdict_that_fails_does_not_keep_the_others_and_a_retry_ends_it(
    stack: Stack, said: Said, fault: Fault
) -> None:
    store = stack.tables.store
    for user in USERS:
        store.subscribe(user, "news")
    before = stack.tables.dump()
    body = envelope(Verdict, *verdicts())
    with in_memory.calls() as calls:
        assert stack.call(apply_actions, [body]) == []
    expected = stack.tables.dump()
    of_bob = [
        place
        for place, (_, arguments) in enumerate(calls.made)
        if arguments.get("Item", arguments.get("Key", {})).get("address", {}).get("S") == "bob@example.com"
    ]
    assert len(of_bob) == 8  # history, each of three items read and written, history
    for place in of_bob:
        stack.tables.clear()
        for user in USERS:
            store.subscribe(user, "news")
        assert stack.tables.dump() == before
        with in_memory.calls(fault, at=place):
            assert stack.call(apply_actions, [body]) == [0]
        assert store.suppression("ann@example.com") is not None
        assert store.suppression("cid@example.com") is not None
        assert stack.call(apply_actions, [body]) == []
        assert stack.tables.dump() == expected
    assert said.counted[telemetry.DUPLICATES] >= 2 * len(of_bob)


def test_a_bad_record_beside_one_that_fails_is_kept_once(stack: Stack, said: Said) -> None:
    nobody = hard("nobody", source=Source.OPERATOR, recipient=None, addressee=None)
    body = envelope(Verdict, nobody, *verdicts(soft))
    for _ in range(2):
        with in_memory.calls("before", operation="PutItem"):
            assert stack.call(apply_actions, [body]) == [0]
    assert stack.dead_letters("VerdictQueue") == []
    assert stack.call(apply_actions, [body]) == []
    (kept,) = stack.dead_letters("VerdictQueue")
    assert envelopes.unpack(Verdict, kept.body).records == (nobody,)
    assert said.rejected == {"RecipientError": 1}


def test_nothing_is_acknowledged_before_its_dead_letter_is_safe(stack: Stack, said: Said) -> None:
    nobody = envelope(Verdict, hard("nobody", source=Source.OPERATOR, recipient=None, addressee=None))
    for function, body in ((ingest_ses, "{}"), (classify, "{}"), (apply_actions, nobody)):
        with in_memory.calls("before", operation="SendMessage"):
            assert stack.call(function, [body]) == [0]
    assert said.rejected == {}
    assert stack.call(apply_actions, [nobody]) == []
    assert said.rejected == {"RecipientError": 1}


@pytest.mark.parametrize("fault", ["before", "after"])
def test_what_waits_for_a_person_is_safe_before_it_is_acknowledged(stack: Stack, fault: Fault) -> None:
    review = stack.deployed.resources["ReviewTable"]
    body = envelope(Verdict, hard("nobody", recipient=None, addressee=None), soft("o", "other"))
    with in_memory.calls() as calls:
        assert stack.call(apply_actions, [body]) == []
    expected = in_memory.stated(review), stack.tables.dump()
    assert len(expected[0]) == 4  # two groups of one
    for place in range(1, len(calls.made)):  # the first call is Lambda's configuration, asked for by the test
        stack.clear()
        deployed.forget()
        stack.warm()
        with in_memory.calls(fault, at=place):
            assert stack.call(apply_actions, [body]) == [0]
        assert stack.call(apply_actions, [body]) == []
        assert (in_memory.stated(review), stack.tables.dump()) == expected


def test_patterns_that_cannot_be_read_at_a_cold_start_lose_no_report(stack: Stack, said: Said) -> None:
    deployed.forget()
    bodies = [envelope(Report, report("a")), envelope(Report, report("b"))]
    with in_memory.calls("before", operation="GetItem"):
        assert stack.call(classify, bodies) == [0, 1]
    assert said.counted[telemetry.RETRIED] == 2
    assert stack.dead_letters("ReportQueue") == []
    assert stack.call(classify, bodies) == []
    assert len(stack.messages("VerdictQueue")) == 2


def test_a_policy_that_cannot_be_read_at_a_cold_start_loses_no_verdict(stack: Stack) -> None:
    deployed.forget()
    body = envelope(Verdict, *verdicts())
    with in_memory.calls("before", at=1):  # the first call is Lambda's configuration, asked for by the test
        assert stack.call(apply_actions, [body]) == [0]
    assert stack.call(apply_actions, [body]) == []
    assert all(stack.tables.store.suppression(user) for user in USERS)


def test_what_a_soft_bounce_counts_towards_is_by_the_operator_s_policy(stack: Stack) -> None:
    deployed.forget()
    patterns = PatternStore(stack.deployed.resources["PatternsTable"])
    save(patterns, "", patterns.current(), policy='[categories.spam-related]\ncounts = "way"\n')
    assert stack.call(apply_actions, [envelope(Verdict, soft("s", "spam-related"))]) == []
    assert [bounce.kind for bounce in stack.tables.store.status(USER).recent] == ["way"]
    save(patterns, "", patterns.current())
    deployed.forget()


def test_a_function_that_is_set_up_wrongly_says_which_setting_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (ingest_ses, classify, apply_actions):
        function._settings.cache_clear()
        for name in ("REPORT_QUEUE_URL", "VERDICT_QUEUE_URL", "SUBSCRIBERS_TABLE"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(SettingError, match="is not set"):
            function.handler({"Records": []}, None)
