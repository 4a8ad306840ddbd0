"""How mail systems write: the texts of `prose.toml`, in the forms in which they are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from bounces.knowledge import read_table
from bounces.reading.phrases import PhraseBook, Phrases

# What stands around words to set them off, and is not looked at.
MARKS: Final = " \t-=_*+#>~:.|!\u3000()[]<\u2014\u2013"
PREFIX: Final = 4
_ASCII: Final = frozenset(map(chr, range(128)))
# The lists of what an explanation tells, looked for together.
EXPLANATIONS: Final = "explanations"
FINALS: Final = "finals"
DELAYS: Final = "delays"
EXPIRIES: Final = "expiries"
TIMEOUTS: Final = "timeouts"
FULLS: Final = "fulls"
TOLD: Final = (EXPLANATIONS, FINALS, DELAYS, EXPIRIES, TIMEOUTS, FULLS)


class Wording:
    """The texts of `prose.toml`; `told` are those lists that `TOLD` names."""

    __slots__ = (
        "appositions",
        "contacts",
        "continuations",
        "labels",
        "mails",
        "other_subjects",
        "others",
        "own_users",
        "quoted",
        "reasons",
        "rejections",
        "senders",
        "senders_by_name",
        "senders_of_much",
        "separator_line",
        "separator_prefixes",
        "separator_starts",
        "separators",
        "subjects",
        "told",
    )

    def __init__(
        self,
        separators: frozenset[str],
        separator_starts: tuple[str, ...],
        separator_line: re.Pattern[str],
        separator_prefixes: frozenset[str],
        senders: Phrases,
        senders_by_name: Phrases,
        senders_of_much: Phrases,
        subjects: Phrases,
        other_subjects: Phrases,
        mails: Phrases,
        rejections: Phrases,
        told: PhraseBook,
        labels: frozenset[str],
        others: frozenset[str],
        quoted: frozenset[str],
        reasons: frozenset[str],
        contacts: Phrases,
        appositions: frozenset[str],
        continuations: tuple[str, ...],
        own_users: Phrases,
    ) -> None:
        self.separators = separators
        self.separator_starts = separator_starts
        self.separator_line = separator_line
        self.separator_prefixes = separator_prefixes
        self.senders = senders
        self.senders_by_name = senders_by_name
        self.senders_of_much = senders_of_much
        self.subjects = subjects
        self.other_subjects = other_subjects
        self.mails = mails
        self.rejections = rejections
        self.told = told
        self.labels = labels
        self.others = others
        self.quoted = quoted
        self.reasons = reasons
        self.contacts = contacts
        self.appositions = appositions
        self.continuations = continuations
        self.own_users = own_users


@cache
def wording() -> Wording:
    """Return the texts of `prose.toml`, read once."""
    lists: dict[str, list[str]] = dict(read_table("reading/prose.toml"))
    prefixes = frozenset(text[:PREFIX] for text in (*lists["separators"], *lists["separator_starts"]))
    as_is: dict[str, Any] = {
        "separators": frozenset(lists["separators"]),
        "separator_starts": tuple(lists["separator_starts"]),
        "separator_line": _lines_that_begin_like(prefixes),
        "separator_prefixes": prefixes,
        "labels": frozenset(lists["labels"]),
        "others": frozenset(lists["others"]),
        "quoted": frozenset(lists["quoted"]),
        "reasons": frozenset(lists["reasons"]),
        "appositions": frozenset(lists["appositions"]),
        "continuations": tuple(lists["continuations"]),
    }
    as_is["told"] = PhraseBook({name: lists.pop(name) for name in TOLD})
    phrases: dict[str, Any] = {name: Phrases(texts) for name, texts in lists.items() if name not in as_is}
    return Wording(**as_is, **phrases)


def _lines_that_begin_like(prefixes: Iterable[str]) -> re.Pattern[str]:
    """Return what matches a line, after the first, whose first letters are those of one of `prefixes`, place by place.

    That lets through a few lines more than are wanted, at a fraction of the cost of trying each of a hundred.
    """
    # As what the letters of ASCII are not, which lets through all others: a set of those takes milliseconds to compile.
    places = [{prefix[place] for prefix in prefixes} for place in range(PREFIX)]
    letters = "".join(f"[^{re.escape(''.join(sorted(_ASCII - place)))}]" for place in places)
    return re.compile(rf"\n[{re.escape(MARKS)}]{{0,80}}({letters})")
