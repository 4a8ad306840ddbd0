"""What else a diagnostic says that bears on words about the address: the command refused, and words of doubt.

Before RCPT TO (RFC 5321 3.3) the receiver has not heard of the recipient: what it says there is about the sender.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from bounces.knowledge import numbered_ways, read_table, starts_of
from bounces.patterns.expressions import Condition, Expression
from bounces.patterns.normal import Text


class Stage(NamedTuple):
    """A command before RCPT TO, the words by which systems name it, and the category of a refusal there."""

    id: str
    category: str
    words: str
    commands: tuple[str, ...]  # in upper case


_PLACES: Final = (None, "before", "after")  # where the words of a qualifier may stand; None: on either side, or between
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*")


class Stages:
    """The stages of stages.toml and the qualifiers of qualifiers.toml, looked for in texts."""

    def __init__(self) -> None:
        """Take them from the tables."""
        found = [
            Stage(entry["id"], entry["category"], entry["words"], tuple(entry.get("commands", ())))
            for entry in read_table("stages.toml")["stage"]
        ]
        self._stages = [(stage, *_looked_for(stage.words)) for stage in found]
        table = read_table("qualifiers.toml")
        placed: dict[str | None, list[tuple[Condition, Expression]]] = {place: [] for place in _PLACES}
        for entry in table["qualifier"]:
            placed[entry.get("stands")].append(_looked_for(entry["words"]))
        self._near, self._before, self._after = placed.values()
        self._lookups: list[str] = table["lookups"]

    def stage_of(self, text: Text, seen: set[int], command: str | None) -> tuple[Stage, str] | None:
        """Return the stage before RCPT TO that `text` names, or whose `command` it was, with what names it; or None."""
        for stage, _, _ in self._stages if command else ():
            if command in stage.commands:
                return stage, f"in reply to {command}"
        for stage, condition, words in self._stages:
            if condition.holds(seen):
                for start, end in words.places(text):
                    return stage, text.folded[start:end]
        return None

    def qualifier_in(self, answer: str, seen: set[int]) -> str | None:
        """Return the words in `answer`, a part of a text, that make what it says of an address doubtful, or None."""
        return _first(self._near, answer, seen)

    def condition_in(self, before: str, after: str, seen: set[int]) -> str | None:
        """Return the words that make a case or a guess of what stands between `before` and `after`, or None."""
        return _first(self._before, before, seen) or _first(self._after, after, seen)

    def host_looked_up(self, answer: str) -> str | None:
        """Return the host or domain that `answer`, in lower case, says was looked up; None where it names none."""
        for mark in self._lookups:
            place = answer.find(mark)
            host = _HOST.match(answer, place + len(mark)) if place >= 0 else None
            if host is not None:
                return host.group()
        return None


def _first(qualifiers: list[tuple[Condition, Expression]], part: str, seen: set[int]) -> str | None:
    """Return the words of the first of `qualifiers` that stands in `part` of a text."""
    for condition, words in qualifiers:
        if condition.holds(seen):
            span = words.search(part)
            if span is not None:
                return part[span[0] : span[1]]
    return None


def _looked_for(words: str) -> tuple[Condition, Expression]:
    return Condition(numbered_ways(words)), Expression(words, is_folded=True, starts=starts_of(words))
