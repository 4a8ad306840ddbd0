"""What else a diagnostic says that bears on words about the address: the command refused, and words of doubt.

Before RCPT TO (RFC 5321 3.3) the receiver has not heard of the recipient: what it says there is about the sender.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import re2

from bounces.patterns.normal import Text
from bounces.patterns.operator_syntax import expression_options
from bounces.patterns.policy import read_table

# One of these stands in every text that names a stage; most texts have none.
_MARKS: Final = ("after ", "in re", "but ", "refused to", "did not like", "rejected the")


@dataclass(frozen=True, slots=True)
class Stage:
    """A command before RCPT TO, the words by which systems name it, and the category of a refusal there."""

    id: str
    category: str
    words: str


@cache
def stages() -> tuple[tuple[Stage, Any], ...]:
    """Return the stages, each with its compiled words."""
    found = (Stage(entry["id"], entry["category"], entry["words"]) for entry in read_table("stages.toml")["stage"])
    return tuple((stage, re2.compile(stage.words, expression_options())) for stage in found)


@cache
def qualifiers() -> tuple[Any, ...]:
    """Return the compiled expressions of qualifiers.toml."""
    return tuple(
        re2.compile(entry["words"], expression_options()) for entry in read_table("qualifiers.toml")["qualifier"]
    )


def qualifier_in(answer: str) -> str | None:
    """Return the words in `answer` that make what it says of an address doubtful, or None."""
    for words in qualifiers():
        found = words.search(answer)
        if found is not None:
            return str(found.group())
    return None


def stage_of(text: Text) -> tuple[Stage, str] | None:
    """Return the stage before RCPT TO that `text` names, with the words that name it, or None."""
    if not any(mark in text.folded for mark in _MARKS):
        return None
    for stage, words in stages():
        found = words.search(text.folded)
        if found is not None:
            return stage, str(found.group())
    return None
