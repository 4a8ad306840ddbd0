"""What PowerMTA's accounting columns are (`columns.toml`): which count for identity, and what each may hold.

A row read under the columns of another type (a file whose directive was changed, a shipper with the columns of one
type) is a row of true values at wrong places. Its values tell: a time or a status cannot be who was mailed. Such a row
is refused with what was seen, and never put right by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from bounces.addresses import bare, is_address
from bounces.errors import RecordError, shown
from bounces.knowledge import read_table
from bounces.reading.accounting import times

TYPE: Final = "type"
CELLS: Final = "\0cells"
"""The name under which the values of a row stand whose columns are not named."""

_ARTICLES: Final = {"address": "an address", "action": "an action", "seconds": "UNIX seconds"}
_IP: Final = r"[0-9A-Fa-f:.]{3,45}"
_TYPED: Final = re.compile(r"(?i)rfc822\s*;\s*")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9_.+=&'/-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
# What a privacy policy (redact, siphash, hmac-sha256) puts in the place of a local part: a word, a mask, or a hash.
_REDACTED: Final = re.compile(
    r"(?:[<\[(]?redacted[>\])]?|x{5,64}|\*{2,64}|(?:redacted|siphash|hmac)[-:_=][^@\s]{1,80}"
    r"|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?:@[^@\s]{1,255})?",
    re.IGNORECASE,
)
_TYPE: Final = re.compile(r"[a-z][a-z-]{0,31}")


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What a column holds: only values of some kinds, or none of some kinds."""

    only: frozenset[str]
    never: frozenset[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """A file whose columns are known: the record types in it, and its columns, `type` first, in lower case."""

    name: str
    types: frozenset[str]
    columns: tuple[str, ...]
    generated: bool  # whether it is one that this project's own configuration of PowerMTA writes
    written: tuple[str, ...]  # the columns after `type` as the `record-fields` directive has them


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of the columns of a file are known: those that identity takes, in its order, and those that are checked."""

    identity: tuple[str, ...]
    contents: tuple[tuple[str, Contents], ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """columns.toml, with names in lower case."""

    identity: tuple[str, ...]
    names: Mapping[str, str]  # what is read of a row, those of identity and `type`: as PowerMTA writes them
    contents: Mapping[str, Contents]
    layouts: tuple[Layout, ...]
    read: frozenset[str]
    ignored: frozenset[str]
    type_names: Mapping[str, str]
    kinds: re.Pattern[str]


@cache
def known() -> Columns:
    """Return what columns.toml says."""
    table = read_table("reading/accounting/columns.toml")
    contents = {
        column.lower(): Contents(frozenset(entry.get("only", ())), frozenset(entry.get("never", ())))
        for entry in table["contents"].values()
        for column in entry["columns"]
    }
    written = table["identity"]["columns"]
    identity = tuple(name.lower() for name in written)
    return Columns(
        identity=identity,
        names={TYPE: TYPE, **dict(zip(identity, written, strict=True))},
        contents=contents,
        layouts=tuple(map(_layout, table["layout"])),
        read=frozenset(table["types"]["read"]),
        ignored=frozenset(table["types"]["ignored"]),
        type_names=table["types"]["names"],
        kinds=_kinds(table["words"]),
    )


@lru_cache(maxsize=256)  # the rows of a file have the same columns
def plan_for(names: tuple[str, ...]) -> Plan:
    """Return which of the columns `names` of a row are known."""
    return Plan(
        tuple(name for name in known().identity if name in names),
        tuple((name, contents) for name, contents in known().contents.items() if name in names),
    )


def _layout(entry: Mapping[str, Any]) -> Layout:
    written = tuple(entry["columns"])
    names = (TYPE, *(name.lower() for name in written))
    return Layout(entry["name"], frozenset(entry["types"]), names, entry.get("generated", False), written)


def _kinds(words: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    """Return the expression that tells what a whole value is; the name of the group that matches is its kind."""
    return re.compile(
        rf"(?P<null><>)|(?P<seconds>{times.SECONDS})|(?P<time>{times.DATE})"
        r"|(?P<status>[245]\.\d{1,3}\.\d{1,3}\s*+(?:\(.*)?)"
        rf"|(?P<action>{'|'.join(words['action'])})|(?P<category>{'|'.join(words['category'])})"
        r"|(?P<diagnostic>(?:smtp|x-[a-z0-9-]{1,32})\s*;.*)"
        rf"|(?P<host>[^\s@()]{{1,255}}\s?\({_IP}\))",
        re.IGNORECASE | re.DOTALL,
    )


def is_header(cells: Sequence[str]) -> bool:
    """Say whether `cells` are the names of columns: PowerMTA's first is always `type`."""
    return cells[0].lstrip("\ufeff").strip().lower() == TYPE


def names_of(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the column names of a header line as rows are read by them: in lower case, "" for what is not known."""
    names = (cell.strip("\ufeff \t").lower() for cell in cells)
    return tuple(name if name in known().names else "" for name in names)


def type_of(row: Mapping[str, str]) -> str:
    """Return the record type of `row` by its short name. Raises `RecordError` where none can stand there."""
    kind = row.get(TYPE, "").strip().lower()
    if not _TYPE.fullmatch(kind):
        raise RecordError(f"has {shown(kind[:32])} for a record type; is the header line missing, or cut?")
    return known().type_names.get(kind, kind)


def by_layout(cells: Sequence[str]) -> dict[str, str]:
    """Return the values `cells` of a row without a header line by the one known layout that they fit.

    Raises `RecordError` where none fits, or several fit that read it differently.
    """
    kind = type_of({TYPE: cells[0]})
    if kind not in known().read:
        return {TYPE: kind}
    fitting: list[dict[str, str]] = []
    for layout in known().layouts:
        if kind in layout.types and len(cells) == len(layout.columns):
            row = dict(zip(layout.columns, cells, strict=True))
            if fault_in(row) is None:
                fitting.append(row)
    if not fitting:
        raise RecordError(f"has no header line before it, and fits no known columns of type {kind}")
    if any(row != fitting[0] for row in fitting[1:]):
        raise RecordError(f"has no header line before it, and fits more than one known set of columns of type {kind}")
    return fitting[0]


def fault_in(row: Mapping[str, str]) -> str | None:
    """Return what in `row` cannot be where it stands, as a reason; None where all can."""
    for column, contents in plan_for(tuple(row)).contents:
        value = row[column]
        if value:
            kind = _wrong(contents, value) if len(value) <= 64 else _wrong_kind(contents, value)
            if kind is not None:
                name = known().names[column]
                return f"has {kind} in the column {name}: its values stand under the columns of another record"
    return None


def _wrong_kind(contents: Contents, value: str) -> str | None:
    """Return what `value` is, where it is none of what `contents` has; None where it may stand there."""
    value = value.strip()
    if not value:
        return None
    kind = kind_of(value)
    if contents.only:
        return None if kind in contents.only else _ARTICLES.get(kind, f"a {kind}") if kind else "something else"
    return _ARTICLES.get(kind, f"a {kind}") if kind and kind in contents.never else None


_wrong = lru_cache(maxsize=8192)(_wrong_kind)  # values repeat: times, statuses, categories, hosts, jobs


def kind_of(value: str) -> str | None:
    """Return what the whole `value` can only be, by the names that columns.toml has; None where that is not known."""
    if "@" in value and (_ADDRESS.fullmatch(value) or _is_address(address_in(value))):
        return "address"
    found = known().kinds.fullmatch(value)
    return found.lastgroup if found else None


def _is_address(text: str) -> bool:
    return is_address(text) or is_redacted(text)


def address_in(value: str) -> str:
    """Return the address of a column such as `rcpt`, without `rfc822;` (RFC 3461 4.2) and angle brackets."""
    if _ADDRESS.fullmatch(value):
        return value
    return bare(_TYPED.sub("", value, count=1) if value[:1] in "rR" and ";" in value else value)


def is_redacted(address: str) -> bool:
    """Say whether a privacy policy of PowerMTA replaced the local part of `address`, which then names nobody."""
    return _REDACTED.fullmatch(address) is not None
