"""The Patterns table: an operator's sets, their versions, and which one holds.

A set is written in the order texts, version, pointer, the pointer by a conditional write: whoever follows the pointer
finds a whole set, and of two edits of one version the second is refused. What a refused or broken-off edit has written
is referred to by nothing, and harms nobody: texts are stored under their digests, versions under ids of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pynamodb.exceptions import DoesNotExist, PutError, PynamoDBException

from bounces.errors import EditConflict, PatternError, PatternSetDamaged, shown
from bounces.patterns import Policy, default_policy
from bounces.store.models import AnyModel, in_table
from bounces.store.pattern_items import (
    CURRENT,
    POINTER,
    TEXT,
    VERSIONS,
    ChunkItem,
    PatternsItem,
    PointerItem,
    VersionItem,
)
from bounces.store.versions import MAX_POLICY, NOTHING, Note, Version, chunks_of, digest_of

# A function that has a set goes on with it where the table hangs: it must learn that well within its own timeout,
# since its end would lose the set.
READ_SECONDS: Final = 5
RETRIES: Final = 1

_BROKEN: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What PynamoDB and ourselves raise over an item that this code did not write."""


class PatternStore:
    """The Patterns table."""

    def __init__(self, table: str) -> None:
        """Name the table. No call is made before the first operation."""
        keys = in_table(PatternsItem, table, read_seconds=READ_SECONDS, retries=RETRIES)
        self._pointer = in_table(PointerItem, table, beside=keys)
        self._version = in_table(VersionItem, table, beside=keys)
        self._chunk = in_table(ChunkItem, table, beside=keys)

    def current_id(self) -> str | None:
        """Return the id of the version that holds, None before the first: one read of a small item."""
        item = _found(self._pointer, POINTER, CURRENT)
        if item is None:
            return None
        if not isinstance(item.version, str):
            raise PatternSetDamaged("the pointer of the patterns table names no version; restore the table")
        return item.version

    def current(self) -> Version | None:
        """Return the version that holds, None before the first. Raises `PatternSetDamaged`."""
        found = self.current_id()
        return None if found is None else self.version(found)

    def version(self, version_id: str) -> Version:
        """Return the version with the id `version_id`. Raises `PatternSetDamaged` where it is not as it was saved."""
        item = _found(self._version, VERSIONS, version_id)
        if item is None:
            raise PatternSetDamaged(f"version {version_id} of the patterns is missing from the table")
        return _read(item, version_id)

    def versions(self) -> Iterator[Version]:
        """Yield the versions that hold or once held, the newest first. What lost a race never did.

        One that is damaged is left out; those before it are known where the pointer names them.
        """
        pointer = _found(self._pointer, POINTER, CURRENT)
        following: list[str | None] = [] if pointer is None else [pointer.previous, pointer.version]
        seen: set[str] = set()
        while following:
            version_id = following.pop()
            if version_id is None or version_id in seen:
                continue
            seen.add(version_id)
            try:
                version = self.version(version_id)
            except PatternSetDamaged:
                continue
            following.append(version.parent)
            yield version

    def text(self, digest: str) -> str:
        """Return the text with `digest`. Raises `PatternSetDamaged` where a chunk is missing or is not as written."""
        if digest == NOTHING:
            return ""
        with _damage(f"a chunk of the text {digest[:12]}"):
            chunks = [chunk.content for chunk in self._chunk.query(TEXT + digest, consistent_read=True)]
            written = b"".join(chunks)
        if hashlib.sha256(written).hexdigest() != digest:
            raise PatternSetDamaged(f"the text {digest[:12]} of the patterns table is not whole ({len(chunks)} chunks)")
        return written.decode()

    def policy(self, version: Version | None) -> Policy:
        """Return the policy of `version`: ours, with what the version has instead. Raises `PatternSetDamaged`."""
        if version is None or version.policy is None:
            return default_policy()
        try:
            return default_policy().overridden(self.text(version.policy))
        except PatternError as error:
            raise PatternSetDamaged(f"the policy of version {version.name} cannot be used: {error}") from error

    def save(self, text: str, patterns: int, policy: str | None, note: Note, base: Version | None) -> Version:
        """Save `text`, a set of so many `patterns`, with `policy`, as the version after `base`, and make it hold.

        Raises `EditConflict` where another version holds than `base`, `PatternError` where the note or the policy
        cannot be saved. After any other error, whether it was saved is not known; the same call again finds out.
        """
        note = note.checked()
        if policy is not None:
            if len(policy) > MAX_POLICY:
                raise PatternError(f"the policy has {len(policy)} characters; at most {MAX_POLICY} can be saved")
            default_policy().overridden(policy)
        self._write(text)
        self._write(policy or "")
        return self._switch(_after(base, digest_of(text), digest_of(policy) if policy else None, patterns, note), base)

    def restore(self, old: Version, note: Note, base: Version | None) -> Version:
        """Make the set of `old` hold again, as a new version after `base`. Raises as `save` does."""
        return self._switch(_after(base, old.text, old.policy, old.patterns, note.checked()), base)

    def _write(self, text: str) -> None:
        digest = digest_of(text)
        for place, content in enumerate(chunks_of(text)):
            self._chunk.of(digest, place, content).save()

    def _switch(self, version: Version, base: Version | None) -> Version:
        """Write `version`, then have the pointer name it, if it still names `base`.

        A write whose answer was lost is refused when it is sent again, or fails: the pointer then says what happened.
        """
        self._version.of(version).save()
        pointer: Any = self._pointer
        unchanged = pointer.part.does_not_exist() if base is None else pointer.version == base.id
        try:
            pointer(POINTER, CURRENT, version=version.id, previous=version.parent).save(condition=unchanged)
        except PynamoDBException as error:
            held = list(self.versions())
            if version in held:
                return version
            if not _is_refused(error):
                raise
            made_on = f"version {base.name}" if base else "a table without a version"
            raise EditConflict(
                f"version {held[0].name if held else 0} holds by now, and this edit was made on {made_on}; "
                "nothing was saved: reload and edit again"
            ) from error
        return version


def _after(base: Version | None, text: str, policy: str | None, patterns: int, note: Note) -> Version:
    return Version(
        number=base.number + 1 if base else 1,
        text=text,
        policy=policy,
        patterns=patterns,
        author=note.author,
        at=note.at,
        what=note.what,
        why=note.why,
        parent=base.id if base else None,
    )


def _read(item: VersionItem, version_id: str) -> Version:
    with _damage(f"version {version_id}"):
        version = item.read()
    if version.id != version_id:
        raise PatternSetDamaged(f"version {version_id} of the patterns table is not as it was saved")
    return version


def _is_refused(error: PynamoDBException) -> bool:
    return isinstance(error, PutError) and error.cause_response_code == "ConditionalCheckFailedException"


def _found(model: type[AnyModel], part: str, item: str) -> AnyModel | None:
    try:
        with _damage(f"the item {shown(f'{part} {item}')}"):
            return model.get(part, item, consistent_read=True)
    except DoesNotExist:
        return None


@contextmanager
def _damage(what: str) -> Iterator[None]:
    """Raise `PatternSetDamaged` where `what` is not as this module writes it."""
    try:
        yield
    except _BROKEN as error:
        raise PatternSetDamaged(f"{what} of the patterns table cannot be read: {shown(str(error))}") from error
