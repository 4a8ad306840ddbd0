"""`bounces why` and `bounces undo` on the tables."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import boto3
import pytest

from bounces.records import Event, Source
from bounces.store import State
from bounces_cli import undo as undo_command
from bounces_cli.address_arguments import SOURCES
from tests.stack import in_memory, times
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import DAY, THEN, Bounces
from tests.stack.verdicts import USER, complaint, delivery, hard, no_bounce, soft


def lived(tables: Tables) -> None:
    """An escalation that a late delivery broke, a hard bounce that was lifted, and another that is undone."""
    store = tables.store
    store.subscribe(USER, "news", "17")
    for name, day in (("s1", 0), ("s2", 8), ("s3", 15)):
        store.apply(soft(name, at=THEN + day * DAY))
    store.apply(delivery(at=THEN + 10 * DAY, received_time=THEN + 16 * DAY))
    store.apply(no_bounce(Event.AUTO_REPLY, "a", at=THEN + 17 * DAY))
    store.apply(hard("h1", at=THEN + 20 * DAY, list_id="news", diagnostic="550 \x1b[31mno\x1b[0m such user"))
    store.lift(USER, at=THEN + 25 * DAY, by="ann", why="wrote to us")
    store.apply(complaint("c1", at=THEN + 30 * DAY))
    store.undo(USER, "c1", at=THEN + 31 * DAY, by="bob", why="their mistake")


def test_why_tells_each_change_with_its_reason(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    lived(tables)
    assert bounces("why", USER.upper()) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert shown.startswith(f"{USER} is active\nIt may be mailed.\n")
    for line in (
        "  news            taken off 2024-05-21 12:00 UTC, subscriber 17: hard-bounce, report h1",
        "2024-05-01 12:00 UTC  soft bounce, quota-issues (the mailbox is full), by ses",
        "  said    452 4.2.2 mailbox full",
        "  rule    phrase.full, general words",
        "  policy  quota-issues counts towards the mailbox: 3 different days over at least 14 days",
        "  so      delivered 2024-05-11 12:00 UTC: counts no more",
        "  mail    s3://mail-bucket/incoming/s1",
        "2024-06-01 12:00 UTC  suppression for every list taken back (bob): their mistake",
        "  policy  auto-reply is no bounce: kept in history only",
        "  said    550 \ufffd[31mno\ufffd[0m such user",
        "  so      lifted 2024-05-26 12:00 UTC: counts no more",
        "2024-05-26 12:00 UTC  lifted, for every list, by ann: wrote to us",
        "  so      undone 2024-06-01 12:00 UTC by bob: their mistake",
    ):
        assert f"\n{line}" in shown
    times = [line.split("  ")[0] for line in shown.partition("History")[2].splitlines() if line[:4] == "2024"]
    assert times == sorted(times)
    assert len(times) == 9


def test_why_as_json_has_the_same(tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]) -> None:
    lived(tables)
    assert bounces("why", USER, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["sendable"], told["blocked"]) == ("active", True, [])
    assert [past["report"][:2] for past in told["history"]] == ["s1", "s2", "s3", "a-", "h1", "c1"]
    assert told["history"][4]["policy"].startswith("bad-mailbox is hard")
    assert told["history"][5]["undone"] == {"at": "2024-06-01T12:00:00Z", "by": "bob", "why": "their mistake"}
    assert told["decisions"][0]["what"] == "lifted"
    assert told["lists"][0]["subscriber"] == "17"
    assert {row["kind"] for row in told["suppressions"]} == {"lift", "freed"}


def test_why_of_an_escalation_names_the_soft_bounce_that_was_enough(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, day in (("s1", 0), ("s2", 8), ("s3", 15)):
        tables.store.apply(soft(name, at=THEN + day * DAY))
    assert bounces("why", USER) == 0
    shown = capsys.readouterr().out
    assert "It must not be mailed: suppressed for every list." in shown
    assert "escalation since 2024-05-16 12:00 UTC, from policy, report s3------" in shown
    assert "  so      with this one they were enough" in shown


def test_an_escalation_that_a_delivery_broke_is_told(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, day in (("s1", 0), ("s2", 8), ("s3", 15)):
        tables.store.apply(soft(name, at=THEN + day * DAY))
    tables.store.apply(delivery(at=THEN + 10 * DAY, received_time=THEN + 16 * DAY))
    assert bounces("why", USER) == 0
    assert (
        "\n2024-05-18 00:00 UTC  suppression for every list taken back (delivery): delivered between its soft bounces\n"
    ) in capsys.readouterr().out


def test_of_an_unknown_address_nothing_is_told(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("why", "nobody@example.com") == 0
    assert capsys.readouterr().out == "nobody@example.com: nothing is known of it; it may be mailed\n"
    assert bounces("why", "nobody") == 2
    assert "no mail address" in capsys.readouterr().err


def test_what_an_mta_logged_was_received_on_the_day_of_the_push(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard("h", at=THEN - 2 * DAY, received_time=THEN, source=Source.POWERMTA))
    tables.store.apply(hard("late", at=THEN - DAY / 24, received_time=THEN, source=Source.KUMOMTA))
    assert bounces("why", USER, "--json") == 0
    received = [past["received"] for past in json.loads(capsys.readouterr().out)["history"]]
    assert received == ["2024-05-01T00:00:00Z", "2024-05-01T11:00:00Z"]


def test_one_report_is_taken_back(tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]) -> None:
    tables.store.subscribe(USER, "news")
    before = tables.dump()[tables.suppressions]
    tables.store.apply(hard("h1", list_id="news"))
    assert bounces("undo", USER, "h1", "--why", "the provider was broken", "--author", "ann") == 0
    assert capsys.readouterr().out == f"{USER}: undone; now active\n"
    assert tables.store.memberships(USER)[0].is_subscribed
    assert tables.store.check([USER], None, datetime.now(UTC))[0].sendable
    assert before == []
    (past,) = tables.store.history(USER)
    assert past.undone is not None
    assert (past.undone.by, past.undone.why) == ("ann", "the provider was broken")
    assert bounces("undo", USER, "nothing", "--why", "x") == 2
    assert "is not remembered" in capsys.readouterr().err


def test_a_report_is_named_by_how_its_id_begins(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("h1", "h2", "h3"):
        tables.store.apply(hard(name))
    assert bounces("undo", USER, "h", "--why", "x") == 2
    assert "report 'h' on this address may be 3 reports; give more of its id" in capsys.readouterr().err
    assert undone(tables) == set()
    for named in ("h2", hard("h1").report.id):
        assert bounces("undo", USER, named, "--why", "x") == 0
    assert undone(tables) == {"h1", "h2"}


def test_of_many_reports_those_forgotten_meanwhile_are_named_and_the_others_taken_back(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kept", "gone"):
        tables.store.apply(hard(name))
    gone = hard("gone").report.id
    original = undo_command._windows

    def late(*given: Any) -> Iterator[Any]:
        key = {"address": {"S": USER}, "item": {"S": f"report#{gone}"}}
        boto3.client("dynamodb").delete_item(TableName=tables.subscribers, Key=key)
        yield from original(*given)

    with mock.patch.object(undo_command, "_windows", late):
        assert bounces("undo", "--source", "ses", "--why", "x", "--yes") == 1
    out, err = capsys.readouterr()
    assert f"{USER}: report '{gone}' on this address is not remembered" in err
    assert out == "undone: 1 report\n"
    assert undone(tables) == {"kept"}


@pytest.mark.parametrize("report", ["", " "])
def test_no_report_is_undone_by_an_empty_id(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str], report: str
) -> None:
    tables.store.apply(hard("only", at=THEN))
    assert bounces("undo", USER, report, "--why", "a variable that is not set") == 2
    assert capsys.readouterr().err.startswith("bounces: REPORT is empty")
    assert tables.store.status(USER).state is State.HARD_BOUNCED


@pytest.mark.parametrize(
    "arguments",
    [
        ("a@example.com",),
        (),
        ("a@example.com", "r", "--rule", "x"),
        ("a@example.com", "--provider", "x"),
        ("--since", "2026-01-01"),
    ],
)
def test_undo_is_of_one_report_or_of_many(
    bounces: Bounces, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert bounces("undo", *arguments, "--why", "x") == 2
    assert "ADDRESS and REPORT, or --rule" in capsys.readouterr().err


def many(tables: Tables, count: int = 30) -> list[str]:
    addresses = [f"u{number}@example.com" for number in range(count)]
    for number, address in enumerate(addresses):
        for name, day, rule in (("one", 0, "google.block"), ("two", 2, "google.block"), ("other", 1, "status.1.1")):
            verdict = hard(f"{name}{number}.", at=THEN + day * DAY, addressee=address, recipient=address)
            object.__setattr__(verdict, "rule", rule)
            if name != "other" or number % 2:
                tables.store.apply(verdict)
    return addresses


def states(tables: Tables, addresses: list[str]) -> list[State]:
    return [tables.store.status(address).state for address in addresses]


def test_all_reports_of_a_rule_are_taken_back_once_their_number_is_confirmed(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = many(tables)
    arguments = ("undo", "--rule", "google.block", "--why", "it was ours")
    assert bounces(*arguments) == 2
    shown = capsys.readouterr().err
    assert "rule google.block: 60 reports on 30 addresses\n" in shown
    assert "--yes confirms that 60 reports" in shown
    assert set(states(tables, addresses)) == {State.HARD_BOUNCED}
    assert bounces(*arguments, "--yes") == 0
    assert "undone: 60 reports\n" in capsys.readouterr().out
    assert states(tables, addresses) == [State.ACTIVE, State.HARD_BOUNCED] * 15
    after = tables.dump()
    assert bounces(*arguments, "--yes") == 0
    assert "60 of them undone before" in capsys.readouterr().err
    assert tables.dump() == after


def told(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def undone(tables: Tables, *addresses: str) -> set[str]:
    """Return which reports are undone, by the first letters of their ids."""
    pasts = [past for address in addresses or (USER,) for past in tables.store.history(address)]
    return {past.evidence.report.partition("-")[0][:5] for past in pasts if past.undone}


def test_of_events_of_a_time_only_these_are_taken_back(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = many(tables, 4)
    window = ("--event-since", told(THEN + DAY), "--event-until", told(THEN + 3 * DAY))
    assert bounces("undo", "--rule", "google.block", *window, "--why", "x", "--yes") == 0
    assert {name[:3] for name in undone(tables, *addresses)} == {"two"}
    assert "of events since 2024-05-02 12:00 UTC, of events before 2024-05-04 12:00 UTC: 4 r" in capsys.readouterr().err


def attacked(tables: Tables) -> None:
    """One report a way, applied a day after the other from `THEN` on, whatever they say of when they happened."""
    for day, (name, source, event, fields) in enumerate([
        ("real", Source.POWERMTA, THEN, {"remote_mta": "mx.example.net"}),
        ("past", Source.SES, datetime(2020, 11, 16, 9, 12, 7, tzinfo=UTC), {"remote_mta": "MX.Evil.test"}),
        ("ahead", Source.SES, THEN + 40 * DAY, {"remote_mta": "dns; evil.test."}),
        ("box", Source.MAILBOX, THEN - 100 * DAY, {"remote_mta": "notevil.test"}),
        ("bare", Source.API, THEN, {}),
    ]):  # fmt: skip
        with times.at(THEN + day * DAY):
            received = max(event, THEN + day * DAY) if source is Source.SES else event
            tables.store.apply(hard(name, at=event, received_time=received, source=source, **fields))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--since", told(THEN + DAY)), {"past", "ahead", "box", "bare"}),
        (("--since", told(THEN + DAY), "--until", told(THEN + 2 * DAY)), {"past"}),
        (("--until", told(THEN + DAY)), {"real"}),
        (("--source", "ses"), {"past", "ahead"}),
        (("--source", "ses", "--since", told(THEN + 2 * DAY)), {"ahead"}),
        (("--source", "mailbox"), {"box"}),
        (("--source", "powermta"), {"real"}),
        (("--source", "kumomta"), set()),
        (("--source", "api", "--event-until", told(THEN + DAY)), {"bare"}),
        (("--remote-mta", "EVIL.test"), {"past", "ahead"}),
        (("--remote-mta", "mx.evil.test"), {"past"}),
        (("--remote-mta", "evil.test", "--source", "ses", "--until", told(THEN + 2 * DAY)), {"past"}),
        (("--remote-mta", "test"), {"past", "ahead", "box"}),
    ],
)
def test_what_came_in_an_attack_is_found_by_our_clock_and_by_its_way(
    tables: Tables, bounces: Bounces, arguments: tuple[str, ...], expected: set[str]
) -> None:
    attacked(tables)
    whose = () if "--source" in arguments or "--remote-mta" in arguments else ("--rule", "status.1.1")
    assert bounces("undo", *whose, *arguments, "--why", "forged", "--yes") == 0
    assert undone(tables) == expected


def test_an_item_of_before_is_found_by_when_our_door_got_it(tables: Tables, bounces: Bounces) -> None:
    attacked(tables)
    tables.store.apply(hard("mine", at=THEN + 2 * DAY, received_time=THEN + 2 * DAY))
    for item in in_memory.scan(tables.subscribers):
        if item.pop("applied", None) is not None:
            boto3.client("dynamodb").put_item(TableName=tables.subscribers, Item=item)
    window = ("--since", told(THEN + DAY), "--until", told(THEN + 3 * DAY))
    assert bounces("undo", "--rule", "status.1.1", *window, "--why", "forged", "--yes") == 0
    assert undone(tables) == {"past", "mine"}


def test_why_says_when_each_was_applied(tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]) -> None:
    attacked(tables)
    assert bounces("why", USER) == 0
    shown = capsys.readouterr().out
    first = shown.partition("\n2020-11-16 09:12 UTC  hard bounce")[2].partition("\n\n")[0]
    assert "\n  applied 2024-05-02 12:00 UTC\n  report  past-" in first
    assert bounces("why", USER, "--json") == 0
    past = json.loads(capsys.readouterr().out)["history"][0]
    assert (past["time"], past["received"], past["applied"]) == (
        "2020-11-16T09:12:07Z", "2024-05-02T12:00:00Z", "2024-05-02T12:00:00Z",
    )  # fmt: skip


def test_every_way_in_can_be_named() -> None:
    assert set(SOURCES) == set(Source)


def test_reports_of_a_provider_are_taken_back(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard("g", recipient="a@gmail.com", addressee="a@gmail.com"))
    tables.store.apply(hard("h"))
    (past,) = tables.store.history("a@gmail.com")
    assert past.provider is not None
    assert bounces("undo", "--provider", past.provider, "--why", "x", "--yes") == 0
    assert states(tables, ["a@gmail.com", USER]) == [State.ACTIVE, State.HARD_BOUNCED]
    assert bounces("undo", "--provider", "nobody", "--why", "x") == 0
    assert capsys.readouterr().out.endswith("nothing to undo\n")


def test_many_reports_on_one_address_are_taken_back_by_reading_its_history_twice(
    tables: Tables, bounces: Bounces
) -> None:
    for number in range(40):
        tables.store.apply(hard(f"h{number}", at=THEN + number * DAY))
    with in_memory.calls() as made:
        assert bounces("undo", "--source", "ses", "--why", "an attack", "--yes") == 0
    assert made.operations.count("Query") < 10
    assert made.operations.count("UpdateItem") == 40
    assert states(tables, [USER]) == [State.ACTIVE]
    assert all(past.undone for past in tables.store.history(USER))
    assert tables.store.check([USER], None, datetime.now(UTC))[0].sendable


def test_what_is_broken_off_is_done_by_the_same_command_again(tables: Tables, bounces: Bounces) -> None:
    addresses = many(tables)
    arguments = ("undo", "--rule", "google.block", "--why", "x", "--yes")
    original = undo_command._windows

    def few(*given: Any) -> Iterator[Any]:
        for window in original(*given):
            yield window[:7]
            raise KeyboardInterrupt

    with mock.patch.object(undo_command, "_windows", few):
        assert bounces(*arguments) == 130
    assert states(tables, addresses).count(State.ACTIVE) < 15
    assert bounces(*arguments) == 0
    assert states(tables, addresses) == [State.ACTIVE, State.HARD_BOUNCED] * 15
