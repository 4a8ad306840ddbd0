"""What else a diagnostic says that bears on words about the address: the command refused, and words of doubt.

Before RCPT TO (RFC 5321 3.3) the receiver has not heard of the recipient: what it says there is about the sender.
"""

from __future__ import annotations

import re
from functools import cache
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
_HOST: Final = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*"
# What may be a host, taken whole: looked for by _HOST, a text would cost its length squared.
_NAME: Final = r"[a-z0-9_.-]+"
# What stands between words on a domain and the name of it, behind them and before them.
_TO_NAME: Final = r"[ \"'<:=]*(?:(?:for|of|named|domain|host|name|the)[ \"'<:=]+){0,3}"
_FROM_NAME: Final = r"[>\"')\]]?(?: (?:is|was|has|have|does|do|publishes|an?|the|not|seems))*[ (]*"
_FOR_GOOD: Final = r"(?<![\w.@-])5[0-5]\d[ -]"  # the reply code of a permanent refusal (RFC 5321 4.2.1)
_CLOSE: Final = 24  # characters between words on a domain and a name that they may be about


class Stages:
    """The stages of stages.toml and the qualifiers of qualifiers.toml, looked for in texts."""

    def __init__(self) -> None:
        """Take them from the tables."""
        found = [
            Stage(entry["id"], entry["category"], entry["words"], tuple(entry.get("commands", ())))
            for entry in read_table("stages.toml")["stage"]
        ]
        self._stages = [(stage, *_looked_for(stage.words)) for stage in found]
        given_up = read_table("stages.toml")["given_up"]
        self._given_up = Stage("given-up", given_up["category"], given_up["words"], ())
        self._in_vain = _looked_for(given_up["words"])
        table = read_table("qualifiers.toml")
        placed: dict[str | None, list[tuple[Condition, Expression]]] = {place: [] for place in _PLACES}
        for entry in table["qualifier"]:
            placed[entry.get("stands")].append(_looked_for(entry["words"]))
        self._near, self._before, self._after = placed.values()
        conditions = [condition for qualifiers in placed.values() for condition, _ in qualifiers]
        self._words: frozenset[int] = frozenset().union(*[condition.words for condition in conditions])
        self._always = not all(condition.words for condition in conditions)
        self._lookups: list[str] = table["lookups"]
        self._no_hosts: tuple[str, ...] = tuple(table["no_hosts"])

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

    def given_up_in(self, text: Text, seen: set[int]) -> tuple[Stage, str] | None:
        """Return what `text` says of a message that was given up for want of time, with the words; None where it says
        nothing of it, or quotes an answer that refused for good.
        """
        condition, words = self._in_vain
        if condition.holds(seen):
            last = max((found.start() for found in _pattern(_FOR_GOOD).finditer(text.folded)), default=-1)
            for start, end in words.places(text):
                if end > last:
                    return self._given_up, text.folded[start:end]
        return None

    def words_of_doubt(self, seen: set[int]) -> set[int] | None:
        """Return those words `seen` in a text that the qualifiers look for; None where none of them can stand there.

        Nearly every text is done with here; and of the other few, what `qualifier_in` and `condition_in` go through.
        """
        found = seen & self._words
        return found if found or self._always else None

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
            host = _pattern(_HOST).match(answer, place + len(mark)) if place >= 0 else None
            if host is not None:
                return host.group()
        return None

    def hosts_by(
        self, text: str, begin: int, start: int, end: int, reach: int
    ) -> tuple[list[str], list[tuple[str, bool]]]:
        """Return the hosts and domains that words on a domain, from `start` to `end` of `text`, name; and those that
        stand between `begin` and `reach` behind them, each with whether it is close enough to be meant.
        """
        named: list[str] = []
        near: list[tuple[str, bool]] = []
        before = text.rfind(" ", max(0, begin - reach), begin) + 1 or begin
        name = _pattern(_TO_NAME).match(text, end)
        after = name.end() if name else end
        for found in _pattern(_NAME).finditer(text, before, min(len(text), end + reach)):
            host = found.group().strip(".-")
            first = found.start() + found.group().index(host)
            last = first + len(host)
            if "." not in host or not host[host.rindex(".") + 1].isalpha():
                continue
            is_part = text[last : last + 1] == "@" or text[max(0, first - 1) : first] == "/"
            if last <= begin or is_part or host.startswith(self._no_hosts):
                continue
            is_before = last <= start and _pattern(_FROM_NAME).fullmatch(text, last, start) is not None
            if is_before or first == after or (last > start and first < end):
                named.append(host)
            near.append((host, start - last <= _CLOSE and first - end <= _CLOSE))
        return named, near


@cache
def _pattern(expression: str) -> re.Pattern[str]:
    """Return `expression` compiled: when it is asked for, since a start that needs none of them takes long enough."""
    return re.compile(expression)


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
