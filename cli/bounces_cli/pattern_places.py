"""Where a set of patterns lives that is edited: a file, or the table of a deployed stack."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from bounces.errors import EditConflict, PatternError, PatternSetDamaged
from bounces.patterns import (
    OperatorPatterns,
    Policy,
    Refused,
    default_policy,
    export_json,
    export_patterns,
    parse_patterns,
)
from bounces.patterns.edits import with_refused
from bounces_cli.errors import CONFLICT, CommandError
from bounces_cli.operators import talking_to
from bounces_cli.pattern_files import read_set, read_text, write_text
from bounces_cli.people import author
from bounces_cli.stacks import PATTERNS, name_of

if TYPE_CHECKING:
    from bounces.store import Note, PatternStore, Version


@dataclass(frozen=True, slots=True)
class Loaded:
    """A set as it was found: its text, its patterns, the lines that are refused, its policy's text, its version.

    What is refused stands among the patterns as a remark, so that an edit leaves it where it is.
    """

    text: str
    patterns: OperatorPatterns
    refused: tuple[Refused, ...] = ()
    policy_text: str | None = None
    version: Version | None = None

    @property
    def policy(self) -> Policy:
        """Return the policy that holds with the set; ours, where the set's own cannot be used."""
        with suppress(PatternError):
            return default_policy().overridden(self.policy_text or "")
        return default_policy()


NOTHING: Final = Loaded("", parse_patterns("")[0])
"""The set of a file that is not there yet, or of a table without a version."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How an edit is to be saved: by whom, why, and on which version it was made (None: on whichever holds)."""

    author: str | None = None
    why: str | None = None
    base: int | None = None


class SetPlace(Protocol):
    """A place of a set."""

    def load(self, *, to_replace: bool = False) -> Loaded:
        """Return the set. What cannot be read of a damaged one is an error, if it is not `to_replace` it whole."""

    def check(self, loaded: Loaded, wish: Wish) -> None:
        """Raise `CommandError` where `wish` lacks what saving needs, or was made on another version."""

    def save(self, loaded: Loaded, patterns: OperatorPatterns, policy: str | None, wish: Wish, what: str) -> str:
        """Save `patterns` and `policy` in the place of `loaded`, and return what was done in words."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A set in a file, as text or, where its name ends in .json, as JSON. It has neither versions nor a policy."""

    path: str

    def load(self, *, to_replace: bool = False) -> Loaded:  # noqa: ARG002
        """Return the set in the file; an empty one where there is no file yet."""
        if not Path(self.path).exists():
            return NOTHING
        text = read_text(self.path)
        patterns, refused = read_set(self.path)
        return Loaded(text, with_refused(patterns, refused), refused)

    def check(self, loaded: Loaded, wish: Wish) -> None:  # noqa: ARG002
        """Refuse a version to be made on."""
        if wish.base is not None:
            raise CommandError("a file has no versions; --base is for a table")

    def save(self, loaded: Loaded, patterns: OperatorPatterns, policy: str | None, wish: Wish, what: str) -> str:  # noqa: ARG002
        """Write the file."""
        if policy is not None:
            raise CommandError("a file holds no policy; save it to a table")
        text = f"{export_json(patterns)}\n" if self.path.endswith(".json") else export_patterns(patterns)
        write_text(self.path, text, instead_of=loaded.text)
        return f"saved {self.path} ({what}): {len(patterns)} patterns"


@dataclass(frozen=True, slots=True)
class TablePlace:
    """A set in the patterns table `table`."""

    table: str

    def load(self, *, to_replace: bool = False) -> Loaded:
        """Return the set of the version that holds; an empty one, where that is damaged and `to_replace`."""
        with _talking_to(self.table):
            version = self._store().current()
        try:
            return self.loaded(version)
        except CommandError as error:
            if not (to_replace and isinstance(error.__cause__, PatternSetDamaged)):
                raise
            print(f"bounces: {error}; it is replaced", file=sys.stderr)
            return replace(NOTHING, version=version)

    def loaded(self, version: Version | None) -> Loaded:
        """Return the set of `version`."""
        if version is None:
            return NOTHING
        with _talking_to(self.table):
            text = self._store().text(version.text)
            policy = None if version.policy is None else self._store().text(version.policy)
        patterns, refused = parse_patterns(text, version.name)
        return Loaded(text, with_refused(patterns, refused), refused, policy, version)

    def numbered(self, number: int) -> Version | None:
        """Return the version `number`; None for 0, the empty set before the first. Raises `CommandError`."""
        if number == 0:
            return None
        held = self.versions()
        for version in held:
            if version.number == number:
                return version
        raise CommandError(f"there is no version {number}; the newest is {held[0].number if held else 0}")

    def versions(self) -> tuple[Version, ...]:
        """Return the versions, the newest first."""
        with _talking_to(self.table):
            return tuple(self._store().versions())

    def check(self, loaded: Loaded, wish: Wish) -> None:
        """Refuse an edit that says no reason, or was made on another version."""
        if not (wish.why or "").strip():
            raise CommandError("a version is saved with a reason; give it with --why TEXT")
        holds = loaded.version.number if loaded.version else 0
        if wish.base is not None and wish.base != holds:
            raise CommandError(
                f"version {holds} holds by now, and this edit was made on version {wish.base}; nothing was saved: "
                "reload and edit again",
                CONFLICT,
            )

    def save(self, loaded: Loaded, patterns: OperatorPatterns, policy: str | None, wish: Wish, what: str) -> str:
        """Save a version."""
        with _talking_to(self.table, saving=True):
            saved = self._store().save(
                export_patterns(patterns), len(patterns), policy, _note(wish, what), loaded.version
            )
        return _saved(saved)

    def restore(self, loaded: Loaded, old: Version | None, wish: Wish) -> str:
        """Save the set of the version `old` as a new version."""
        if old is None:
            return self.save(loaded, OperatorPatterns(), None, wish, "back to version 0, which is empty")
        with _talking_to(self.table, saving=True):
            saved = self._store().restore(old, _note(wish, f"back to version {old.name}"), loaded.version)
        return _saved(saved)

    def _store(self) -> PatternStore:
        from bounces.store import PatternStore

        return PatternStore(self.table)


def place_of(file: str | None, table: str | None, stack: str | None) -> SetPlace:
    """Return the place that the arguments name, else the table that the environment does. Raises `CommandError`."""
    if file is not None:
        return FilePlace(file)
    name = name_of(PATTERNS, stack, table)
    if name is None:
        raise CommandError(f"which set? --file PATH, --table NAME, --stack NAME, or the variable {PATTERNS.variable}")
    return TablePlace(name)


def _note(wish: Wish, what: str) -> Note:
    from bounces.store import Note

    return Note(author(wish.author), datetime.now(UTC), what, wish.why or "")


def _saved(version: Version) -> str:
    return f"saved version {version.name} ({version.what}): {version.patterns} patterns"


@contextmanager
def _talking_to(where: str, *, saving: bool = False) -> Iterator[None]:
    """Raise `CommandError` for what goes wrong with AWS, and for what the store says of it."""
    unsure = "whether it was saved is not known; `bounces patterns versions` shows it" if saving else None
    try:
        with talking_to(where, unsure=unsure):
            yield
    except EditConflict as error:
        raise CommandError(str(error), CONFLICT) from error
    except (PatternError, PatternSetDamaged) as error:
        raise CommandError(str(error)) from error
