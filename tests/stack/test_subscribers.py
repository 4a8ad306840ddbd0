"""`bounces subscribers`: who is on which list."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from bounces_cli import importing
from tests.stack import in_memory
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import DAY, THEN, Bounces, known, written
from tests.stack.verdicts import USER, hard


def test_memberships_are_imported_and_shown(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.store.apply(hard())
    file = written(
        tmp_path, f"address,list,subscriber id\n{USER},news,17\na@example.com,,18\nb@example.com,\n,news,1\n"
    )
    assert bounces("subscribers", "import", file, "--list", "Offers") == 1
    assert "4 rows: 3 new or changed, 0 known before, 1 rejected" in capsys.readouterr().out
    (membership,) = tables.store.memberships("a@example.com")
    assert (membership.list_id, membership.subscriber, membership.is_subscribed) == ("offers", "18", True)
    assert bounces("subscribers", "import", file, "--list", "Offers", "--again") == 1
    assert "0 new or changed, 3 known before" in capsys.readouterr().out
    assert bounces("subscribers", "show", USER) == 0
    shown = capsys.readouterr().out
    assert f"{USER} is hard-bounced since 2026-11-24 12:00 UTC, by report h-" in shown
    assert "It must not be mailed: suppressed for every list." in shown
    assert "taken off 2026-11-24 12:00 UTC, subscriber 17: hard-bounce" in shown
    assert "History" not in shown


def test_a_membership_without_a_list_is_rejected(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bounces("subscribers", "import", written(tmp_path, "a@example.com\n")) == 1
    assert "--list LIST names it" in (tmp_path / "list.csv.rejected.csv").read_text()
    assert tables.items() == []


def test_a_file_is_imported_for_each_list_that_is_named(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "a@example.com\n")
    assert bounces("subscribers", "import", file) == 1  # no list; the file of rejects says what to do
    for name in ("news", "offers"):
        assert bounces("subscribers", "import", file, "--list", name) == 0
    assert bounces("subscribers", "import", file, "--list", "News ") == 0
    assert "nothing new since the last time" in capsys.readouterr().out
    assert {each.list_id for each in tables.store.memberships("a@example.com")} == {"news", "offers"}

    assert bounces("suppressions", "import", file, "--list", "news", "--yes") == 0
    assert bounces("suppressions", "import", file, "--list", "offers", "--yes") == 0
    assert set(known(tables, "a@example.com").scopes) == {"list#news", "list#offers"}
    assert bounces("suppressions", "import", file, "--yes") == 0
    assert set(known(tables, "a@example.com").scopes) == {"list#news", "list#offers", "global"}


@pytest.mark.parametrize(
    "command",
    [
        ("suppressions", "check", "a@example.com"),
        ("suppressions", "import", "list.csv"),
        ("subscribers", "import", "list.csv"),
    ],
)
def test_a_list_without_a_name_is_refused(
    command: tuple[str, ...], tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a script whose variable is not set: `--list "$LIST"`."""
    file = written(tmp_path, "address,list\na@example.com,news\n")
    assert bounces(*(file if part == "list.csv" else part for part in command), "--list", " ") == 2
    assert "--list is empty" in capsys.readouterr().err
    assert tables.items() == []


def test_a_blank_cell_names_no_list(tables: Tables, bounces: Bounces, tmp_path: Path) -> None:
    file = written(tmp_path, "address,list\na@example.com, \n")
    assert bounces("suppressions", "import", file, "--yes") == 0
    assert set(known(tables, "a@example.com").scopes) == {"global"}
    assert bounces("subscribers", "import", file, "--list", "news") == 0
    assert [each.list_id for each in tables.store.memberships("a@example.com")] == ["news"]


def test_a_list_that_is_imported_again_says_what_the_platform_says_now(
    tables: Tables, bounces: Bounces, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, f"address,list,subscriber\n{USER},news,17\na@example.com,news,18\n")
    assert bounces("subscribers", "import", file) == 0
    in_memory.clear(tables.subscribers, ("address", "item"))  # as if it had been imported years ago
    (kept,) = (tmp_path / "states").rglob("*.json")
    long_ago = THEN.isoformat()
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"first": long_ago, "began": long_ago}))
    tables.store.subscribe(USER, "news", "17", told=THEN)
    tables.store.apply(hard("h", at=THEN + DAY, list_id="news"))
    tables.store.subscribe(USER, "news", "99", told=THEN + 2 * DAY)
    tables.store.lift(USER, at=THEN + 3 * DAY, by="ann", why="wrote to us")
    capsys.readouterr()
    assert bounces("subscribers", "import", file) == 0
    assert f"2 rows, begun {long_ago}); --again imports all of it again, as of now" in capsys.readouterr().out
    assert bounces("subscribers", "import", file, "--again") == 0
    assert "2 rows: 2 new or changed, 0 known before" in capsys.readouterr().out
    (membership,) = tables.store.memberships(USER)
    assert (membership.is_subscribed, membership.subscriber) == (True, "17")
    assert membership.told is not None
    assert datetime.now(UTC) - membership.told < timedelta(minutes=5)
    with mock.patch.object(importing, "datetime") as clock:
        clock.now.return_value = datetime.now(UTC) + DAY
        clock.fromisoformat = datetime.fromisoformat
        assert bounces("subscribers", "import", file, "--again") == 0
    assert "2 rows: 0 new or changed, 2 known before" in capsys.readouterr().out
    (later,) = tables.store.memberships(USER)
    assert later.told is not None
    assert timedelta(hours=23) < later.told - membership.told < timedelta(hours=25)


def test_a_list_that_is_imported_again_brings_nobody_back_who_was_not_lifted(
    tables: Tables, bounces: Bounces, tmp_path: Path
) -> None:
    file = written(tmp_path, f"address,list\n{USER},news\n")
    assert bounces("subscribers", "import", file) == 0
    tables.store.apply(hard("h", at=THEN, list_id="news"))
    assert bounces("subscribers", "import", file, "--again") == 0
    assert not tables.store.memberships(USER)[0].is_subscribed
