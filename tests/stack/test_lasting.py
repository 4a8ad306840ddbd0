"""How long items are kept: what a mail of years ago did today is known, and undone, for as long as what today's did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bounces.records import Source, Verdict
from bounces.store import State
from bounces.store.history import KEPT
from bounces.store.models import PastItem, in_table
from tests.stack import in_memory, times
from tests.stack.in_memory import Tables
from tests.stack.suppression_commands import Bounces
from tests.stack.verdicts import NOON, USER, complaint, hard, soft

DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 11, 16, 9, 12, 7, tzinfo=UTC)
TODAY = NOON + 4 * DAY + timedelta(hours=7, seconds=11)


def old_mail(**fields: Any) -> Verdict:
    """Return the verdict on a mail that lies in a mailbox since 2020."""
    return hard("old", **{"at": LONG_AGO, "source": Source.MAILBOX} | fields)


def sendable(tables: Tables) -> bool:
    return tables.store.check([USER], None, TODAY)[0].sendable


def expiries(tables: Tables) -> dict[str, datetime | None]:
    """Return when each item goes, by its key in its table."""
    return {
        item.get("item", {"S": "suppression"})["S"].partition("#")[0]: datetime.fromtimestamp(
            int(item["expires_at"]["N"]), UTC
        )
        if "expires_at" in item
        else None
        for item in tables.items()
    }


@pytest.mark.parametrize("received", [LONG_AGO + timedelta(minutes=1), TODAY], ids=["mailbox", "a stranger's Date"])
def test_history_of_an_old_mail_is_kept_from_when_it_was_applied(
    tables: Tables, bounces: Bounces, capsys: pytest.CaptureFixture[str], received: datetime
) -> None:
    with times.at(TODAY):
        tables.store.apply(old_mail(received_time=received))
    assert expiries(tables)["report"] == TODAY + KEPT
    assert times.expire(TODAY + KEPT - DAY) == 0
    assert bounces("why", USER) == 0
    assert "2020-11-16 09:12 UTC  hard bounce, bad-mailbox" in capsys.readouterr().out
    assert times.expire(TODAY + KEPT + DAY) == 1


def test_what_is_still_to_come_is_kept_from_then(tables: Tables) -> None:
    with times.at(TODAY):
        tables.store.apply(hard(at=TODAY + 30 * DAY))
    assert expiries(tables)["report"] == TODAY + 30 * DAY + KEPT


@pytest.mark.parametrize("after", [DAY, KEPT + DAY, 10 * KEPT])
def test_an_undo_stands_when_the_same_old_mail_is_seen_again(tables: Tables, after: timedelta) -> None:
    with times.at(TODAY):
        tables.store.apply(old_mail())
    assert not sendable(tables)
    with times.at(TODAY + DAY):
        status = tables.store.undo(USER, "old", at=TODAY + DAY, by="ann", why="it is six years old")
    assert status.state is State.ACTIVE
    times.expire(TODAY + DAY + after)
    with times.at(TODAY + DAY + after):
        applied = tables.store.apply(old_mail(raw="s3://mail-bucket/incoming/again"))
    assert applied.is_duplicate
    assert sendable(tables)
    (past,) = tables.store.history(USER)
    assert past.undone is not None
    assert past.undone.why == "it is six years old"


def test_a_report_that_was_undone_by_a_version_before_is_kept_by_undoing_it_again(tables: Tables) -> None:
    with times.at(TODAY):
        tables.store.apply(old_mail())
    tables.store.undo(USER, "old", at=TODAY, by="ann", why="old")
    model = in_table(PastItem, tables.subscribers)
    (item,) = model.query(USER, model.item.startswith("report#"))
    item.update(actions=[model.expires_at.set(int(LONG_AGO.timestamp()))])
    tables.store.undo(USER, "old", at=TODAY + DAY, by="bob", why="again")
    assert times.expire(TODAY + KEPT) == 0
    (past,) = tables.store.history(USER)
    assert past.undone is not None
    assert past.undone.by == "ann"


@pytest.mark.parametrize("make", [old_mail, lambda: complaint("old", at=LONG_AGO)])
@pytest.mark.parametrize("list_id", [None, "news"])
def test_a_lift_stands_for_good(tables: Tables, make: Any, list_id: str | None) -> None:
    """What it answers may lie in a mailbox for as long as nobody deletes it."""
    with times.at(TODAY):
        if list_id is None:
            tables.store.lift(USER, at=TODAY, by="ann", why="wrote to us")
        else:
            tables.store.add(USER, "manual", at=TODAY - DAY, by="ann", why="x", list_id=list_id)
            tables.store.lift(USER, at=TODAY, by="ann", why="wrote to us", list_id=list_id)
    assert expiries(tables)["suppression"] is None
    times.expire(TODAY + 10 * KEPT)
    with times.at(TODAY + 10 * KEPT):
        if list_id is None:
            assert tables.store.apply(make()).words.startswith("lifted since, not suppressed")
        assert tables.store.check([USER], list_id, TODAY + 10 * KEPT)[0].sendable
    suppression = tables.store.suppression(USER)
    assert suppression is not None
    scope = suppression.of("global" if list_id is None else f"list#{list_id}")
    assert scope.lift is not None
    assert scope.lift.why == "wrote to us"


def test_what_has_expired_is_remembered_from_when_it_was_written(tables: Tables) -> None:
    with times.at(TODAY):
        tables.store.add(USER, "manual", at=LONG_AGO, by="ann", why="x", expires=LONG_AGO + DAY)
    assert expiries(tables) == {"suppression": TODAY + KEPT, "decision": TODAY + KEPT}


def test_when_it_is_written_changes_nothing_that_is_stated(tables: Tables) -> None:
    """Two runs on either side of midnight, and of a year, end in the same."""
    ends = []
    for now in (TODAY, TODAY.replace(hour=23, minute=59, second=59), TODAY + 400 * DAY):
        tables.clear()
        with times.at(now):
            tables.store.subscribe(USER, "news", "17")
            for verdict in (old_mail(), soft(), complaint(at=NOON + DAY)):
                tables.store.apply(verdict)
            tables.store.lift(USER, at=NOON, by="ann", why="wrote to us")
            tables.store.undo(USER, "old", at=NOON, by="ann", why="old")
        ends.append(tables.dump())
    assert ends[0] == ends[1] == ends[2]


def test_a_duplicate_does_not_make_it_last_longer(tables: Tables) -> None:
    with times.at(TODAY):
        tables.store.apply(old_mail())
    before = tables.items()
    with times.at(TODAY + 100 * DAY), in_memory.calls() as calls:
        assert tables.store.apply(old_mail()).is_duplicate
    assert calls.writes == []
    assert tables.items() == before
