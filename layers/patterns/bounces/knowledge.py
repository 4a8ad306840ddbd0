"""What is known of mail systems and providers: TOML files for people, and one compiled file for a quick start.

    python -m bounces.knowledge     writes the compiled file, where it is not there or out of date

Reading some sixty TOML files, and finding what each expression in them needs, takes longer than judging a thousand
reports. The compiled file holds both. It is made where the project is set up and where the layer is built, is in no
repository, and counts only as long as it was made of just these files: whoever edits a rule sees the rule, from its
TOML, at once. This module needs the standard library alone, since the machine that builds a layer need not have the
layer's libraries.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from bounces.errors import PatternError

FOLDER: Final = os.path.dirname(__file__)
COMPILED: Final = "knowledge.json"
LONGEST_WORD: Final = 14  # characters
_SUFFIX: Final = ".toml"
_EXPRESSIONS: Final = ("regex", "words")  # the keys whose texts are expressions
# Where the tables are below the folder, and what stands before a name there.
_PLACES: Final = (
    ("patterns", ""),
    ("patterns/providers", "providers/"),
    ("patterns/phrases", "phrases/"),
    ("reading", "reading/"),
    ("reading/accounting", "reading/accounting/"),
    ("mailbox", "mailbox/"),
)
_MADE_BY: Final = ("atoms.py", "knowledge.py")  # what else decides what the compiled file holds

Table = dict[str, Any]
NumberedWay = list[list[int]]


def read_table(name: str) -> Table:
    """Return the table `name`, such as `policy.toml`, `providers/google.toml` or `reading/prose.toml`.

    Raises `PatternError` where it is no TOML, and `KeyError` where there is none.
    """
    table: Table = _knowledge()["tables"][name]
    return table


def names_in(folder: str) -> list[str]:
    """Return the names of the tables in `folder` (`providers`, `phrases`), sorted."""
    return sorted(name for name in _knowledge()["tables"] if name.startswith(f"{folder}/"))


def vocabulary() -> list[str]:
    """Return every word that an expression in the tables needs. Its number is its place here."""
    words: list[str] = _knowledge()["words"]
    return words


def numbered_ways(expression: str) -> list[NumberedWay]:
    """Return the ways to match `expression`, which stands in a table, as `bounces.atoms` says; words by number.

    Raises `KeyError` where it stands in none.
    """
    ways: list[NumberedWay] = _knowledge()["ways"][expression]
    return ways


def compile_tables(folder: str = FOLDER) -> bool:
    """Write the compiled file of the tables in the package `folder`, and say whether it had to be written.

    The whole file takes the old one's place at once, so that a process that starts meanwhile reads either.
    """
    sources = _sources(folder)
    if _compiled(folder, sources) is not None:
        return False
    written = json.dumps({"of": _digest(sources), **_made_of(sources)}, separators=(",", ":"))
    new = os.path.join(folder, f"{COMPILED}.{os.getpid()}")
    with open(new, "w", encoding="utf-8") as file:
        file.write(written)
    os.replace(new, os.path.join(folder, COMPILED))
    return True


@cache
def _knowledge() -> dict[str, Any]:
    sources = _sources(FOLDER)
    return _compiled(FOLDER, sources) or _made_of(sources)


def _sources(folder: str) -> dict[str, bytes]:
    """Return the bytes of every table in `folder` by its name, and of the modules that decide what is made of them."""
    found = {}
    for place, prefix in _PLACES:
        for entry in os.scandir(os.path.join(folder, place)):
            if entry.name.endswith(_SUFFIX):
                found[prefix + entry.name] = _content(entry.path)
    return found | {name: _content(os.path.join(FOLDER, name)) for name in _MADE_BY}


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(sources):
        digest.update(b"%d %s %d\n" % (len(name), name.encode(), len(sources[name])))
        digest.update(sources[name])
    return digest.hexdigest()


def _compiled(folder: str, sources: Mapping[str, bytes]) -> dict[str, Any] | None:
    """Return what the compiled file in `folder` holds, or None where it was not made of `sources`."""
    try:
        compiled = json.loads(_content(os.path.join(folder, COMPILED)))
        return compiled if compiled["of"] == _digest(sources) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made_of(sources: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the compiled file holds of `sources`: the tables, and of their expressions the words and the ways."""
    from bounces.atoms import required_words  # which a quick start does without

    tables = _tables(sources)
    numbers: dict[str, int] = {}
    ways = {
        expression: [
            [[numbers.setdefault(word, len(numbers)) for word in _beginnings(clause)] for clause in way]
            for way in required_words(expression)
        ]
        for expression in _expressions(tables)
    }
    return {"tables": tables, "words": list(numbers), "ways": ways}


def _beginnings(clause: frozenset[str]) -> list[str]:
    """Return the words of `clause`, cut short: a small automaton stays in the cache, and few words begin alike."""
    cut = {word[:LONGEST_WORD] for word in clause}
    return sorted(word for word in cut if not any(other != word and other in word for other in cut))


def _tables(sources: Mapping[str, bytes]) -> dict[str, Table]:
    import tomllib  # likewise

    tables = {}
    for name, source in sources.items():
        if name.endswith(_SUFFIX):
            try:
                tables[name] = tomllib.loads(source.decode("utf-8"))
            except ValueError as error:
                raise PatternError(f"{name} is no TOML: {error}") from error
    return tables


def _expressions(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, str):
                if key in _EXPRESSIONS:
                    yield part
            else:
                yield from _expressions(part)
    elif isinstance(value, list):
        for part in value:
            yield from _expressions(part)


if __name__ == "__main__":
    compile_tables()
