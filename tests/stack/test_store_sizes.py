"""What the store's items weigh, and what its writes cost, by DynamoDB's own rule."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bounces.records import Event, Verdict
from bounces.store.models import etag_of
from tests.stack import in_memory, units
from tests.stack.in_memory import Item, Tables
from tests.stack.verdicts import NOON, USER, complaint, hard, no_bounce, soft

DAY = timedelta(days=1)
LONGEST = "x" * 64 + "@" + ".".join(["y" * 60, "y" * 60, "y" * 59]) + ".example"  # 254 octets: RFC 5321 4.5.3.1
WIDE = "\U0001f4a9" * 2500
LONG_DIAGNOSTIC = "550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking. " * 5


@pytest.fixture
def tables(empty_tables: Tables) -> Tables:
    empty_tables.clear()
    return empty_tables


def write_units(tables: Tables, verdict: Verdict) -> float:
    """Return the write units of applying `verdict`."""
    with units.counted() as used:
        tables.store.apply(verdict)
    return used.writes()


def _key(item: Item) -> tuple[str, str]:
    return item["address"]["S"], item.get("item", {}).get("S", "")


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda: hard(list_id="news", diagnostic=LONG_DIAGNOSTIC), 4),
        (lambda: hard(diagnostic=LONG_DIAGNOSTIC), 4),  # one membership is known
        (lambda: complaint(list_id="news"), 4),
        (lambda: soft(diagnostic=LONG_DIAGNOSTIC), 2),
        (lambda: soft("n", "spam-related", diagnostic=LONG_DIAGNOSTIC), 1),
        (lambda: no_bounce(Event.DELAY, diagnostic=LONG_DIAGNOSTIC), 1),
    ],
)
def test_a_report_costs_no_more_than_its_bar(tables: Tables, make: Callable[[], Verdict], most: int) -> None:
    tables.store.subscribe(USER, "news")
    assert write_units(tables, make()) == most
    assert write_units(tables, make()) == 0


@pytest.mark.parametrize("address", [USER, LONGEST])
def test_a_status_full_of_soft_bounces_stays_under_1_kb(tables: Tables, address: str) -> None:
    for category in ("quota-issues", "no-answer-from-host"):
        for day in range(12):
            verdict = soft(f"{category[0]}{day}", category, at=NOON + day * DAY, recipient=address, addressee=address)
            tables.store.apply(verdict)
    tables.store.apply(hard(at=NOON + 20 * DAY, recipient=address, addressee=address, category="inactive-mailbox"))
    status = tables.store.status(address)
    assert (status.days("address"), status.days("way")) == (7, 6)
    assert min(bounce.time for bounce in status.recent) == NOON
    (item,) = [item for item in tables.items() if item.get("item") == {"S": "status"}]
    assert in_memory.size(item) < 1024


@pytest.mark.parametrize("text", [WIDE, "x" * 2500, "é" * 2500, "x"], ids=["wide", "ascii", "accents", "short"])
@pytest.mark.parametrize("address", [USER, LONGEST])
def test_a_history_item_stays_under_1_kb_whatever_a_stranger_writes(tables: Tables, address: str, text: str) -> None:
    fields = dict.fromkeys(("diagnostic", "remote_mta", "list_id", "campaign", "subscriber", "status"), text)
    tables.store.apply(no_bounce(Event.OTHER, addressee=address, recipient="other@example.net", raw=text, **fields))
    (item,) = tables.items()
    assert in_memory.size(item) <= 1024
    assert item["event"] == {"S": "other"}


def test_a_long_diagnostic_is_cut_and_what_is_worth_more_is_whole(tables: Tables) -> None:
    tables.store.apply(hard(diagnostic="é" * 2000, list_id="news", campaign="c7"))
    (past,) = tables.store.history(USER)
    assert past.diagnostic is not None
    assert set(past.diagnostic) == {"é"}
    assert 100 < len(past.diagnostic) < 512
    assert (past.raw, past.list_id, past.campaign, past.rule) == (
        "s3://mail-bucket/incoming/h",
        "news",
        "c7",
        "status.1.1",
    )


def test_a_list_s_id_of_any_length_is_a_key(tables: Tables) -> None:
    tables.store.apply(hard(list_id=WIDE))
    (membership,) = tables.store.memberships(USER)
    assert len(membership.list_id.encode()) <= 255
    assert not membership.is_subscribed


def test_an_etag_is_the_digest_of_what_is_stored(tables: Tables) -> None:
    """Were it of anything else, such as the order in which things came, two ways to one state would differ."""
    tables.store.subscribe(USER, "news", "17")
    for verdict in (soft(), soft("w", "routing-errors"), hard(), complaint(at=NOON - DAY)):
        tables.store.apply(verdict)
        items = {_key(item)[1]: item for item in tables.items()}
        suppressed = [items[""]["etag"]["S"]] if "" in items else []
        assert suppressed == [etag_of(state) for state in [tables.store.suppression(USER)] if state is not None]
        assert items["status"]["etag"]["S"] == etag_of(tables.store.status(USER))
        assert items["list#news"]["etag"]["S"] == etag_of(tables.store.memberships(USER)[0])
