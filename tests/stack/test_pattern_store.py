"""The Patterns table: versions, edits at once, lost answers, and what is damaged."""

import functools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from pynamodb.exceptions import PynamoDBException

from bounces.errors import EditConflict, PatternError, PatternSetDamaged
from bounces.patterns import default_policy
from bounces.patterns.policy import Counts
from bounces.store import PatternStore
from bounces.store.versions import MAX_CHUNK, MAX_POLICY
from tests.stack import in_memory
from tests.stack.in_memory import Fault, Tables
from tests.stack.pattern_sets import NOON, TABLE, TRAP, emptied, note, save


@pytest.fixture(scope="module")
def made(dynamodb: str | None) -> Iterator[Tables]:
    with in_memory.tables(dynamodb) as tables:
        yield tables


@pytest.fixture
def store(made: Tables) -> PatternStore:
    return emptied()


def items() -> list[dict[str, Any]]:
    """Return the items of the table."""
    return in_memory.scan(TABLE)


def change(part: str, **attributes: Any) -> None:
    """Change every item whose part begins with `part`; None takes an attribute away, no attribute the item."""
    for item in items():
        if item["part"]["S"].startswith(part):
            client, key = boto3.client("dynamodb"), {name: item[name] for name in ("part", "item")}
            if not attributes:
                client.delete_item(TableName=TABLE, Key=key)
            else:
                kept = {name: value for name, value in {**item, **attributes}.items() if value is not None}
                client.put_item(TableName=TABLE, Item=kept)


def test_an_empty_table_has_no_version(store: PatternStore) -> None:
    assert store.current() is None
    assert tuple(store.versions()) == ()
    assert store.policy(None) == default_policy()


def test_a_version_says_who_when_what_and_why(store: PatternStore) -> None:
    saved = save(store, f"# ours\n{TRAP}\n", why=" a block of ours ", what="added 1", at=NOON.replace(microsecond=5))
    assert (saved.number, saved.author, saved.at, saved.what, saved.why, saved.patterns) == (
        1, "ann", NOON, "added 1", "a block of ours", 1,
    )  # fmt: skip
    assert store.current() == saved
    assert store.text(saved.text) == f"# ours\n{TRAP}\n"


@pytest.mark.parametrize("text", ["", "\n", "a==>Soft\r\nb==>Hard\r\n", "überfüllt==>Soft", " a ==>Soft"])
def test_a_text_comes_back_to_the_letter(store: PatternStore, text: str) -> None:
    assert store.text(save(store, text).text) == text


def test_a_large_set_is_written_in_items_under_300_kb(store: PatternStore) -> None:
    text = "\n".join(f"no mailbox {number:07} ü here==>Soft" for number in range(30_000))
    saved = save(store, text)
    assert store.text(saved.text) == text
    sizes = [in_memory.size(item) for item in items()]
    assert len(sizes) == -(-len(text.encode()) // MAX_CHUNK) + 2
    assert max(sizes) < 300_000


def test_versions_are_kept_and_an_earlier_one_holds_again(store: PatternStore) -> None:
    first = save(store, "a==>Soft")
    second = save(store, "b==>Soft", first, policy='[categories.bad-domain]\nbounce_type = "soft"\n')
    third = store.restore(first, note("b was wrong", "bob", at=NOON + timedelta(hours=1)), second)
    assert store.current() == third
    assert (third.number, third.text, third.policy, third.author) == (3, first.text, None, "bob")
    assert tuple(store.versions()) == (third, second, first)
    assert store.restore(second, note("it was right"), third).policy == second.policy


def test_of_two_edits_at_once_one_is_refused_and_told_to_reload(store: PatternStore) -> None:
    base = save(store, "a==>Soft")
    ann = save(store, "a==>Soft\nb==>Soft", base)
    with pytest.raises(EditConflict, match=r"version 2 holds by now.*made on version 1.*reload"):
        save(store, "a==>Soft\nc==>Soft", base, author="bob")
    assert store.current() == ann
    assert tuple(store.versions()) == (ann, base)
    again = save(store, "a==>Soft\nb==>Soft\nc==>Soft", ann, author="bob")
    assert tuple(store.versions()) == (again, ann, base)


def test_of_two_first_edits_one_is_refused(store: PatternStore) -> None:
    ann = save(store, "a==>Soft")
    with pytest.raises(EditConflict, match=r"version 1 holds by now.*without a version"):
        save(store, "b==>Soft", author="bob")
    assert tuple(store.versions()) == (ann,)


@pytest.mark.parametrize("same", [True, False])
def test_two_edits_that_overlap_call_by_call(store: PatternStore, same: bool) -> None:
    """Wherever in one edit the other comes, one of them holds, whole, and the other is refused."""
    text = {"ann": "x" * (2 * MAX_CHUNK) + "==>Soft", "bob": "x" * (2 * MAX_CHUNK) + ("==>Soft" if same else "==>Hard")}
    with in_memory.calls() as calls:
        base = save(store, "a==>Soft")
        save(store, text["ann"], base)
    writes = len(calls.writes) - 3
    for place in range(writes):
        in_memory.clear(TABLE, ("part", "item"))
        base = save(store, "a==>Soft")
        bobs = functools.partial(save, store, text["bob"], base, author="bob")
        with in_memory.before_write(place, bobs), pytest.raises(EditConflict):
            save(store, text["ann"], base)
        held = store.current()
        assert held is not None
        assert (held.author, store.text(held.text)) == ("bob", text["bob"])
        assert tuple(store.versions()) == (held, base)


@pytest.mark.parametrize("fault", ["before", "after", "answer lost"])
def test_whichever_call_fails_the_set_holds_whole_or_not_at_all_and_a_retry_ends_it(
    store: PatternStore, fault: Fault
) -> None:
    base = save(store, "a==>Soft")
    text, policy = "x" * (MAX_CHUNK + 1) + "==>Soft", '[categories.bad-domain]\nbounce_type = "soft"\n'
    with in_memory.calls() as calls:
        expected = save(store, text, base, policy)
    assert calls.operations == ["PutItem"] * 5
    for place in range(5):
        in_memory.clear(TABLE, ("part", "item"))
        assert save(store, "a==>Soft") == base
        with in_memory.calls(fault, at=place):
            if fault == "answer lost" or (fault == "after" and place == 4):
                assert save(store, text, base, policy) == expected
            else:
                with pytest.raises(PynamoDBException, match="Connect timeout"):
                    save(store, text, base, policy)
                assert store.current() == base
        assert save(store, text, base, policy) == expected
        assert tuple(store.versions()) == (expected, base)
        assert store.text(expected.text) == text


def test_a_lost_answer_is_found_though_another_edit_came_after(store: PatternStore) -> None:
    base = save(store, "a==>Soft")
    saved = save(store, "b==>Soft", base)
    later = save(store, "c==>Soft", saved)
    assert save(store, "b==>Soft", base) == saved
    assert store.current() == later


def test_what_lost_a_race_is_no_version(store: PatternStore) -> None:
    base = save(store, "a==>Soft")
    held = save(store, "b==>Soft", base)
    for number in range(3):
        with pytest.raises(EditConflict):
            save(store, f"lost {number}==>Hard", base)
    assert len(items()) == 2 + 2 + 3 * 2 + 1
    assert tuple(store.versions()) == (held, base)


@pytest.mark.parametrize(
    ("part", "attributes"),
    [
        ("text#", {}),
        ("text#", {"content": {"B": b"something else"}}),
        ("text#", {"content": None}),
        ("text#", {"content": {"S": "no bytes"}}),
        ("versions", {}),
        ("versions", {"why": {"S": "for another reason"}}),
        ("versions", {"number": {"S": "one"}}),
        ("versions", {"number": None}),
        ("versions", {"at": {"S": "yesterday"}}),
        ("pointer", {"version": None}),
        ("pointer", {"version": {"S": "00000009.gone"}}),
    ],
)
def test_what_is_damaged_is_an_error_of_its_own(store: PatternStore, part: str, attributes: dict[str, Any]) -> None:
    save(store, "a==>Soft")
    change(part, **attributes)
    with pytest.raises(PatternSetDamaged):
        found = store.current()
        assert found is not None
        store.text(found.text)


@pytest.mark.parametrize("place", [0, 1])
def test_a_text_without_one_of_its_chunks_is_damaged(store: PatternStore, place: int) -> None:
    saved = save(store, "x" * MAX_CHUNK + "==>Soft")
    change_one = [item for item in items() if item["part"]["S"].startswith("text#")][place]
    boto3.client("dynamodb").delete_item(TableName=TABLE, Key={n: change_one[n] for n in ("part", "item")})
    with pytest.raises(PatternSetDamaged, match=r"not whole \(1 chunks\)"):
        store.text(saved.text)
    assert store.text(save(store, "x" * MAX_CHUNK + "==>Soft", saved).text)  # saving it again mends it


def test_versions_before_a_damaged_one_are_still_known(store: PatternStore) -> None:
    first = save(store, "a==>Soft")
    second = save(store, "b==>Soft", first)
    third = save(store, "c==>Soft", second)
    boto3.client("dynamodb").delete_item(TableName=TABLE, Key={"part": {"S": "versions"}, "item": {"S": third.id}})
    assert tuple(store.versions()) == (second, first)


def test_the_policy_is_saved_with_the_set(store: PatternStore) -> None:
    saved = save(store, "", policy='[categories.spam-related]\ncounts = "way"\n')
    assert store.policy(saved).of("spam-related").counts is Counts.WAY
    assert store.policy(saved).of("bad-mailbox") == default_policy().of("bad-mailbox")


@pytest.mark.parametrize(
    ("policy", "said"),
    [("x", "no TOML"), ("[categories.x]\n", "unknown category"), ("#" * (MAX_POLICY + 1), "at most")],
)
def test_a_policy_that_cannot_be_used_is_not_saved(store: PatternStore, policy: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        save(store, "", policy=policy)
    assert items() == []


@pytest.mark.parametrize("said", [{"author": " "}, {"why": ""}, {"why": "w" * 501}, {"author": "a" * 101}])
def test_nothing_is_saved_without_who_and_why(store: PatternStore, said: dict[str, str]) -> None:
    with pytest.raises(PatternError, match="who"):
        save(store, "", **said)
    assert items() == []
