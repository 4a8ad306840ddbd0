"""`bounces suppressions add` and `lift`: what an operator decides."""

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import DAY, Bounces, known, written
from tests.stack.verdicts import USER, hard


def test_an_address_is_added_and_lifted_with_who_and_why(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        bounces("suppressions", "add", "A@Example.com", "--reason", "legal", "--why", "a letter", "--author", "ann")
        == 0
    )
    ((_, scope),) = known(tables, "a@example.com").scopes.items()
    (cause,) = scope.causes
    assert (cause.reason, cause.source, cause.by, cause.why) == ("legal", "operator", "ann", "a letter")
    assert abs(cause.evidence.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert bounces("suppressions", "lift", "a@example.com", "--why", "settled") == 0
    assert capsys.readouterr().out == (
        "a@example.com: suppressed for every list\na@example.com: lifted for every list\n"
    )
    lift = known(tables, "a@example.com").of("global").lift
    assert lift is not None
    assert (lift.by, lift.why) == (getpass.getuser(), "settled")
    assert {decided.what for decided in tables.store.decisions("a@example.com")} == {"suppressed", "lifted"}


def test_what_a_lift_of_the_same_second_answers_is_not_said_to_be_suppressed(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.lift("a@example.com", at=datetime.now(UTC) + DAY, by="ann", why="a clock that is wrong")
    assert bounces("suppressions", "add", "a@example.com", "b@example.com", "--why", "x") == 1
    shown = capsys.readouterr()
    assert shown.out == "b@example.com: suppressed for every list\n"
    assert "a@example.com: not suppressed, since it was lifted for every list" in shown.err


def test_a_suppression_may_end_by_itself(tables: Tables, bounces: Bounces) -> None:
    now = datetime.now(UTC)
    for address, expires in (("a@example.com", "90"), ("b@example.com", f"{now + 90 * DAY:%Y-%m-%d}")):
        assert bounces("suppressions", "add", address, "--why", "x", "--expires", expires, "--list", "news") == 0
        suppression = known(tables, address)
        assert suppression.cause("news", now + 80 * DAY) is not None
        assert suppression.cause("news", now + 91 * DAY) is None
        assert suppression.cause(None, now) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "a@example.com", "--why", " "), "--why is empty"),
        (("add", "a@example.com", "--why", "x", "--expires", "2020-01-01"), "is over already"),
        (("add", "a@example.com", "--why", "x", "--expires", "soon"), "'soon' is no time"),
        (("add", "a@example.com", "--why", "x", "--expires", "0"), "from 1 to 36,500"),
        (("add", "a@example.com", "--why", "x", "--list", ""), "--list is empty"),
        (("add", "nobody", "--why", "x"), "'nobody' is no mail address"),
        (("lift", "nobody", "--why", "x"), "'nobody' is no mail address"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_written(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert bounces("suppressions", *arguments) == 2
    assert says in capsys.readouterr().err
    assert tables.items() == []


@pytest.mark.parametrize("option", ["--why", "--reason", "--author", "--list", "--stack", "--subscribers-table"])
@pytest.mark.parametrize("verb", ["add", "import"])
def test_what_is_not_utf_8_is_refused_in_words(
    verb: str, option: str, tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    what = "a@example.com" if verb == "add" else written(tmp_path, "a@example.com\n")
    with pytest.raises(SystemExit, match="2"):
        bounces("suppressions", verb, what, "--why", "x", option, "caf\udce9")
    assert f"argument {option}: 'caf\\udce9' is not UTF-8" in capsys.readouterr().err
    assert tables.items() == []


def test_of_several_addresses_the_good_ones_are_added(tables: Tables, bounces: Bounces) -> None:
    assert bounces("suppressions", "add", "a@example.com", "nobody", "b@example.com", "--why", "x") == 1
    assert {suppression.address for suppression in tables.store.suppressions()} == {"a@example.com", "b@example.com"}


def test_lifting_says_what_still_suppresses(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard())
    assert bounces("suppressions", "lift", USER, "--list", "news", "--why", "x") == 0
    assert capsys.readouterr().out == (
        f"{USER}: was not suppressed for the list news; older reports will not suppress it now; "
        "still suppressed: every list\n"
    )


def test_which_tables_must_be_said(
    bounces: Bounces, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOUNCES_SUPPRESSIONS_TABLE")
    assert bounces("suppressions", "check", "a@example.com") == 2
    assert "--suppressions-table NAME, or the variable BOUNCES_SUPPRESSIONS_TABLE" in capsys.readouterr().err
    assert bounces("why", "a@example.com", "--suppressions-table", "NoSuchTable") == 2
    assert "NoSuchTable" in capsys.readouterr().err
