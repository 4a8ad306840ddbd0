"""docs/deploy.md names the parameters, outputs and files that there are."""

import re
from typing import Final

from tests.stack.expanded import ROOT, WRITTEN

DOCS: Final = (ROOT / "docs" / "deploy.md").read_text("utf-8")


def test_table_of_parameters_is_the_templates() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| ([\w() ]+) \|", DOCS, re.MULTILINE))
    expected = {name: str(part["Default"]) or "empty" for name, part in WRITTEN["Parameters"].items()}
    assert told == expected


def test_outputs_that_it_reads_are_the_templates() -> None:
    read = set(re.findall(r"\boutput ([A-Z]\w+)", DOCS)) | set(re.findall(r"`(Redrive\w+)`", DOCS))
    assert len(read) >= 6
    assert read <= WRITTEN["Outputs"].keys()


def test_files_that_it_names_are_there() -> None:
    named = set(re.findall(r"\b((?:events|layers|scripts)/[\w./-]+\w)", DOCS))
    assert len(named) >= 2
    assert {name for name in named if not (ROOT / name).exists()} == set()
