"""How mail systems write: the texts of `prose.toml`, in the forms in which they are looked for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bounces.reading.phrases import PhraseBook, Phrases

# What stands around words to set them off, and is not looked at.
MARKS: Final = " \t-=_*+#>~:.|!\u3000()[]<\u2014\u2013"
PREFIX: Final = 4
# The lists of what an explanation tells, looked for together.
EXPLANATIONS: Final = "explanations"
FINALS: Final = "finals"
DELAYS: Final = "delays"
EXPIRIES: Final = "expiries"
TIMEOUTS: Final = "timeouts"
TOLD: Final = (EXPLANATIONS, FINALS, DELAYS, EXPIRIES, TIMEOUTS)


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of `prose.toml`; `told` are those lists that `TOLD` names."""

    separators: frozenset[str]
    separator_starts: tuple[str, ...]
    separator_line: re.Pattern[str]
    senders: Phrases
    senders_of_much: Phrases
    subjects: Phrases
    rejections: Phrases
    told: PhraseBook
    labels: frozenset[str]
    others: frozenset[str]
    contacts: Phrases


@cache
def wording() -> Wording:
    """Return the texts of `prose.toml`, read once."""
    lists: dict[str, list[str]] = tomllib.loads(files("bounces.reading").joinpath("prose.toml").read_text("utf-8"))
    as_is: dict[str, Any] = {
        "separators": frozenset(lists["separators"]),
        "separator_starts": tuple(lists["separator_starts"]),
        "separator_line": _lines_that_begin_like([*lists["separators"], *lists["separator_starts"]]),
        "labels": frozenset(lists["labels"]),
        "others": frozenset(lists["others"]),
    }
    as_is["told"] = PhraseBook({name: lists.pop(name) for name in TOLD})
    phrases: dict[str, Any] = {name: Phrases(texts) for name, texts in lists.items() if name not in as_is}
    return Wording(**as_is, **phrases)


def _lines_that_begin_like(texts: list[str]) -> re.Pattern[str]:
    """Return what matches the start of a line that may be one of `texts`: few lines do, and only they are looked at."""
    starts = "|".join(sorted({re.escape(text[:PREFIX]) for text in texts}))
    return re.compile(rf"^[{re.escape(MARKS)}]{{0,80}}(?={starts})", re.MULTILINE)
