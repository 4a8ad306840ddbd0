"""docs/suppressions.md names the rights that each verb uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.stack.in_memory import Tables, calls
from tests.stack.suppression_commands import Bounces
from tests.stack.verdicts import USER, hard, soft

DOCS: Final = Path(__file__).parents[2] / "docs" / "suppressions.md"
COLUMNS: Final = ("subscribers", "suppressions")
MEMBERS: Final = "".join(f"u{number}@example.com\n" for number in range(20))

VERBS: Final = {
    "suppressions check": [("suppressions", "check", USER)],
    "suppressions add": [("suppressions", "add", USER, "--why", "x")],
    "suppressions lift": [("suppressions", "lift", USER, "--why", "x")],
    "suppressions import": [("suppressions", "import", "list.csv"), ("suppressions", "import", "list.csv", "--yes")],
    "suppressions export": [("suppressions", "export", "--out", "out.csv")],
    "subscribers import": [("subscribers", "import", "list.csv", "--list", "news")],
    "subscribers show": [("subscribers", "show", USER)],
    "why": [("why", USER)],
    "undo": [("undo", USER, "h", "--why", "x")],
    "undo of many": [("undo", "--source", "ses", "--yes", "--why", "x")],
}


def told() -> dict[str, list[set[str]]]:
    """Return the rights of each verb, by table, as the page has them."""
    rows = re.findall(r"^\| (`.*) \|(.*)\|(.*)\|.*\|$", DOCS.read_text().partition("## Rights")[2], re.MULTILINE)
    rights = {
        name.replace("`", "").strip(): [set(re.findall(r"[A-Z]\w+", cell)) for cell in cells]
        for names, *cells in rows
        for name in names.split(",")
    }
    rights["undo of many"] = [one | more for one, more in zip(rights["undo"], rights["undo of many"], strict=True)]
    return rights


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_uses_the_rights_that_are_told(
    tables: Tables, bounces: Bounces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(f"address\n{USER}\n{MEMBERS}")
    for number in range(20):
        tables.store.subscribe(f"u{number}@example.com", "news")
    tables.store.subscribe(USER, "news")
    tables.store.apply(soft("s"))
    tables.store.apply(hard("h"))
    names = (tables.subscribers, tables.suppressions)
    used: list[set[str]] = [set(), set()]
    with calls() as seen:
        for arguments in VERBS[verb]:
            bounces(*arguments)
    for operation, its in seen.made:
        for name in its["RequestItems"] if "RequestItems" in its else [its["TableName"]]:
            used[names.index(name)].add(operation)
    for column, one, page in zip(COLUMNS, used, told()[verb], strict=True):
        assert one <= page, f"{verb} on {column}: {sorted(one - page)} is not told"
    assert any(used)
