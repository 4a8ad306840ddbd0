"""`bounces review` on the deployed table: what waits, shown, applied, dismissed, singly and by groups."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any, Final
from unittest import mock

import pytest

from bounces.store import PatternStore, ReviewStore, Store
from bounces.store.states import State
from bounces_cli import stacks
from bounces_cli.main import main
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.pattern_sets import save
from tests.stack.review_waiting import TABLE, keep, nobody, unknown

TABLES: Final = ("--table", TABLE)
CHANGED: Final = ("--subscribers", "SubscribersTable", "--suppressions", "SuppressionsTable")
WHY: Final = ("--why", "they told us", "--author", "ann")

Bounces = Callable[..., int]


@pytest.fixture
def store(made: Tables) -> Store:
    made.clear()
    return made.store


@pytest.fixture
def review(store: Store) -> ReviewStore:
    in_memory.clear(TABLE, ("part", "item"))
    return ReviewStore(TABLE)


def bounces(verb: str, *arguments: object) -> int:
    tables = TABLES + (CHANGED if verb == "apply" else ())
    return main(["review", verb, *map(str, arguments), *tables])


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_waits_is_listed_the_largest_group_first(review: ReviewStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert bounces("list") == 0
    assert capsys.readouterr().out == "Nothing waits.\n"
    keep(review, nobody(9), *map(unknown, range(3)))
    assert bounces("list") == 0
    shown = capsys.readouterr().out
    assert shown.index("a refusal that nothing is known of") < shown.index("a bounce that names nobody")
    assert "550 5.9.9 <ADDRESS> is not loved at HOST" in shown
    assert "4 wait in 2 groups" in shown
    assert bounces("list", "--json") == 0
    listed = sorted(rows(capsys), key=lambda row: -row["waiting"])
    assert [(row["waiting"], row["total"], row["first"], row["last"]) for row in listed] == [
        (3, 3, "2026-11-24", "2026-11-24"),
        (1, 1, "2026-11-24", "2026-11-24"),
    ]
    assert listed[0]["sample"]["verdict"]["report"]["raw"].startswith("s3://mail-bucket/")


def test_a_group_and_an_item_are_shown_with_where_the_mail_is(
    review: ReviewStore, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(review, *map(unknown, range(30)))
    group = next(review.groups())
    assert bounces("show", group.id, "--limit", 5) == 0
    shown = capsys.readouterr().out
    assert shown.count("@example.org") == 5 + 1  # and the sample's diagnostic
    assert "5 of 30 are shown" in shown
    assert bounces("show", group.id, "--json") == 0
    items = rows(capsys)
    assert len(items) == 30
    assert bounces("show", items[0]["id"][:25]) == 0
    shown = capsys.readouterr().out
    for text in (items[0]["id"], items[0]["verdict"]["report"]["raw"], "not yet", "soft other", "nothing is known of"):
        assert text in shown
    assert bounces("show", items[0]["id"], "--json") == 0
    assert rows(capsys) == items[:1]


def test_what_a_stranger_wrote_reaches_no_terminal_raw(review: ReviewStore, capsys: pytest.CaptureFixture[str]) -> None:
    keep(review, unknown(0, "550 \x1b[31m[bold]red[/bold]\x07 \u202e no", recipient="\x1b]0;x@example.org"))
    group = next(review.groups())
    assert group.sample is not None
    for arguments in (("list",), ("show", group.id), ("show", group.sample.id)):
        assert bounces(*arguments) == 0
        shown = capsys.readouterr().out
        assert "[bold]" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_an_item_is_applied_and_the_same_again_says_so(
    review: ReviewStore, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(review, unknown(0))
    (item,) = review.items(next(review.groups()).id)
    assert bounces("apply", item.id, "--hard", *WHY) == 0
    assert capsys.readouterr().out == f"{item.id}  user0@example.org  suppressed, marked hard-bounced\n"
    assert bounces("apply", item.id[:20], "--hard", *WHY, "--json") == 0
    (row,) = rows(capsys)
    assert (row["new"], row["decision"]["choice"], row["decision"]["by"]) == (False, "hard", "ann")
    assert bounces("dismiss", item.id, *WHY) == 4
    assert "applied as hard (bad-mailbox)" in capsys.readouterr().err
    assert store.status("user0@example.org").state is State.HARD_BOUNCED


def test_a_group_is_applied_only_after_it_was_said_how_many_it_gives_up(
    review: ReviewStore, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(review, *map(unknown, range(12)), unknown(12, recipient="user0@example.org", addressee="user0@example.org"))
    group = next(review.groups())
    assert bounces("apply", group.id, "--group", "--hard", *WHY) == 2
    assert "13 items of 12 addresses" in capsys.readouterr().err
    for answer, code in (("n", 2), ("", 2), ("y", 0)):
        assert list(store.suppressions()) == []
        terminal = io.StringIO(answer + "\n")
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", terminal)
        with mock.patch.object(sys.stderr, "isatty", return_value=True):
            assert bounces("apply", group.id, "--group", "--hard", *WHY) == code
    assert capsys.readouterr().out == "13 decided\n"
    assert sum(1 for _ in store.suppressions()) == 12
    assert bounces("list") == 0
    assert capsys.readouterr().out == "Nothing waits.\n"
    assert bounces("list", "--all") == 0
    assert "0 of 13" in capsys.readouterr().out


def test_a_group_is_dismissed_without_a_question(
    review: ReviewStore, made: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(review, *map(unknown, range(3)))
    group = next(review.groups())
    assert bounces("dismiss", group.id, "--group", *WHY, "--json") == 0
    assert [row["done"] for row in rows(capsys)] == ["dismissed"] * 3
    assert made.items() == []


def test_of_a_group_what_names_nobody_waits_on(review: ReviewStore, capsys: pytest.CaptureFixture[str]) -> None:
    keep(review, nobody(0), nobody(1))
    group = next(review.groups())
    assert bounces("apply", group.id, "--group", "--hard", "--yes", *WHY) == 1
    told = capsys.readouterr()
    assert told.out == "0 decided, 2 still wait\n"
    assert told.err.count("names nobody; say whom it is about with --recipient ADDRESS") == 2
    (item, _) = review.items(group.id)
    assert bounces("apply", item.id, "--complaint", "--recipient", "jane@example.org", *WHY) == 0
    assert bounces("apply", group.id, "--group", "--hard", "--yes", "--recipient", "jane@example.org", *WHY) == 2


@pytest.mark.parametrize(
    ("verb", "arguments", "error"),
    [
        ("show", ("000000000000",), "there is no group"),
        ("show", ("000000000000-12",), "there is no item"),
        ("show", ("what",), "no id of an item"),
        ("apply", ("GROUP", "--hard", *WHY), "say --group"),
        ("apply", ("ITEM", "--group", "--hard", *WHY), "is no group's"),
        ("apply", ("ITEM", "--hard"), "say why with --why"),
        ("apply", ("ITEM", "--soft", *WHY), "counts towards nothing"),
        ("apply", ("ITEM", "--hard", "--category", "sandwich", *WHY), "no category 'sandwich'"),
        ("apply", ("ITEM", "--hard", "--recipient", "x@example.org", *WHY), "names its recipient itself"),
        ("apply", ("ITEM", "--complaint", "--category", "other", *WHY), "a category is for a bounce"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(
    review: ReviewStore,
    made: Tables,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    arguments: tuple[str, ...],
    error: str,
) -> None:
    keep(review, unknown(0))
    (item,) = review.items(next(review.groups()).id)
    before = in_memory.scan(TABLE)
    named = {"GROUP": item.shape_id, "ITEM": item.id}
    assert bounces(verb, *(named.get(argument, argument) for argument in arguments)) == 2
    assert error in capsys.readouterr().err
    assert (in_memory.scan(TABLE), made.items()) == (before, [])


def test_a_run_that_aws_ends_goes_on_with_the_same_command(
    review: ReviewStore, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(review, *map(unknown, range(6)))
    group = next(review.groups())
    given = ("apply", group.id, "--group", "--hard", "--yes", *WHY)
    with in_memory.calls() as calls:
        assert bounces("show", group.id) == 0
    with in_memory.calls("after", at=len(calls.made) + 45):
        assert bounces(*given) == 3
    assert "the same command again goes on" in capsys.readouterr().err
    left = review.group(group.id).waiting
    assert 0 < left < 6
    assert bounces(*given) == 0
    assert capsys.readouterr().out == f"{left} decided\n"
    assert sum(1 for _ in store.suppressions()) == 6


def test_a_stack_s_outputs_name_the_tables_and_its_policy_holds(
    review: ReviewStore, store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "output_of", lambda stack, name: f"{stack}{name}".removesuffix("Name"))
    save(PatternStore("PatternsTable"), "", policy='[categories.spam-related]\ncounts = "way"\n')
    keep(review, unknown(0), unknown(1))
    assert main(["review", "list", "--json", "--stack", ""]) == 0
    (group,) = rows(capsys)
    given = (group["group"], "--group", "--soft", "--category", "spam-related", *WHY)
    assert main(["review", "apply", *given, "--stack", ""]) == 0
    assert capsys.readouterr().out == "2 decided\n"
    assert [bounce.kind for bounce in store.status("user0@example.org").recent] == ["way"]
    in_memory.clear("PatternsTable", ("part", "item"))


def test_no_table_is_an_error_that_says_how_to_name_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUNCES_REVIEW_TABLE", raising=False)
    assert main(["review", "list"]) == 2
    assert "--stack NAME, --table NAME, or the variable BOUNCES_REVIEW_TABLE" in capsys.readouterr().err
