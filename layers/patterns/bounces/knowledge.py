"""What is known of mail systems and providers: TOML files for people, and one compiled file for a quick start.

    python -m bounces.knowledge     writes the compiled file, where it is not there or out of date

Reading some eighty TOML files, and finding what each expression in them needs, takes longer than judging a thousand
reports. The compiled file holds both. It is made where the project is set up and where the layer is built, is in no
repository, and counts only as long as it was made of just these files: whoever edits a rule sees the rule, from its
TOML, at once. Files of the sizes and times that it notes are those; others are read, and a digest decides. This module
needs the standard library alone, since the machine that builds a layer need not have the layer's libraries.
"""

from __future__ import annotations

import hashlib
import marshal
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from bounces.errors import PatternError

FOLDER: Final = os.path.dirname(__file__)
COMPILED: Final = "knowledge.marshal"
# Of `marshal`, which takes half of json's time, and reads what older versions wrote: whichever Python builds the layer.
_FORMAT: Final = 4
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
_MADE_BY: Final = ("atoms.py", "boundaries.py", "knowledge.py")  # what else decides what the compiled file holds

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


def starts_of(expression: str) -> list[str]:
    """Return words with one of which whatever `expression`, which stands in a table, matches begins, as `bounces.atoms`
    says; none where nothing is known. Raises `KeyError` where it stands in no table.
    """
    starts: list[str] = _knowledge()["starts"][expression]
    return starts


def compile_tables(folder: str = FOLDER) -> bool:
    """Write the compiled file of the tables in the package `folder`, and say whether the one there was of others.

    The whole file takes the old one's place at once, so that a process that starts meanwhile reads either.
    """
    files = _files(folder)
    stamps = _stamps(files)
    compiled = _written(folder)
    if compiled is not None and compiled["stamps"] == stamps:
        return False
    sources = _contents(files)
    digest = _digest(sources)
    is_other = compiled is None or compiled["of"] != digest
    written = marshal.dumps({"stamps": stamps, "of": digest, **_made_of(sources)}, _FORMAT)
    new = os.path.join(folder, f"{COMPILED}.{os.getpid()}")
    with open(new, "wb") as file:
        file.write(written)
    os.replace(new, os.path.join(folder, COMPILED))
    return is_other


@cache
def _knowledge() -> dict[str, Any]:
    files = _files(FOLDER)
    compiled = _written(FOLDER)
    if compiled is not None and compiled["stamps"] == _stamps(files):
        return compiled
    sources = _contents(files)
    return compiled if compiled is not None and compiled["of"] == _digest(sources) else _made_of(sources)


def _files(folder: str) -> dict[str, str]:
    """Return the path of every table in `folder` by its name, and of the modules that decide what is made of them."""
    found = {}
    for place, prefix in _PLACES:
        for entry in os.scandir(os.path.join(folder, place)):
            if entry.name.endswith(_SUFFIX):
                found[prefix + entry.name] = entry.path
    return found | {name: os.path.join(FOLDER, name) for name in _MADE_BY}


def _stamps(files: Mapping[str, str]) -> dict[str, list[int]]:
    """Return what tells whether a file has changed, without reading it: size and time, as for .pyc files."""
    found = {}
    for name, path in files.items():
        status = os.stat(path)
        found[name] = [status.st_size, status.st_mtime_ns]
    return found


def _contents(files: Mapping[str, str]) -> dict[str, bytes]:
    return {name: _content(path) for name, path in files.items()}


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(sources):
        digest.update(b"%d %s %d\n" % (len(name), name.encode(), len(sources[name])))
        digest.update(sources[name])
    return digest.hexdigest()


def _written(folder: str) -> dict[str, Any] | None:
    """Return what the compiled file in `folder` holds, of whichever tables, or None where there is none."""
    try:
        compiled: dict[str, Any] = marshal.loads(_content(os.path.join(folder, COMPILED)))  # noqa: S302  our own file
        return compiled if compiled.keys() >= {"stamps", "of", "tables", "words", "ways", "starts"} else None
    except (OSError, ValueError, EOFError, TypeError, AttributeError):
        return None


def _made_of(sources: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the compiled file holds of `sources`: the tables, and of their expressions the words, the ways and
    the starts.
    """
    from bounces.atoms import possible_starts, required_words  # which a quick start does without

    tables = _tables(sources)
    for name, table in tables.items():
        _check_boundaries(name, table)
    expressions = list(_expressions(tables))
    numbers: dict[str, int] = {}
    ways = {
        expression: [
            [[numbers.setdefault(word, len(numbers)) for word in _beginnings(clause)] for clause in way]
            for way in required_words(expression)
        ]
        for expression in expressions
    }
    starts = {expression: sorted(possible_starts(expression)) for expression in expressions}
    return {"tables": tables, "words": list(numbers), "ways": ways, "starts": starts}


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


def _check_boundaries(name: str, table: Table) -> None:
    """Raise `PatternError` where a `\\b` of an expression in `table` cannot hold."""
    from bounces.boundaries import letter_at_boundary  # likewise

    for expression in _expressions(table):
        letter = letter_at_boundary(expression)
        if letter is not None:
            said = f"a \\b beside the letter {letter!r} does not hold, as RE2's knows ASCII only"
            raise PatternError(f"{name}: {said}: {expression[:60]}")


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
