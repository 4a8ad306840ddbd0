"""The Patterns table's items as PynamoDB models.

| part          | item           | holds                                            | written                     |
|---------------|----------------|--------------------------------------------------|-----------------------------|
| `text#DIGEST` | `000000` ...   | a chunk of a text, patterns or policy            | first, and never changed    |
| `versions`    | a version's id | who, when, why, and the digests of its texts     | after its texts, never again |
| `pointer`     | `current`      | the ids of the version that holds, and its parent | last, by a conditional write |
"""

from __future__ import annotations

from typing import Any, Final, Self

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from bounces.store import evidence
from bounces.store.versions import Version

POINTER: Final = "pointer"
CURRENT: Final = "current"
VERSIONS: Final = "versions"
TEXT: Final = "text#"


class PatternsItem(Model):
    """What every item of the table has."""

    part = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)


class PointerItem(PatternsItem):
    """The one item that changes: which version holds, and which did before."""

    version = UnicodeAttribute()
    previous = UnicodeAttribute(null=True)


class VersionItem(PatternsItem):
    """A version. Its key is its id."""

    number = NumberAttribute()
    text = UnicodeAttribute()
    policy = UnicodeAttribute(null=True)
    patterns = NumberAttribute()
    author = UnicodeAttribute()
    at = UnicodeAttribute()
    what = UnicodeAttribute()
    why = UnicodeAttribute()
    parent = UnicodeAttribute(null=True)

    def read(self) -> Version:
        """Return the version that this item holds."""
        return Version(
            number=int(self.number),
            text=self.text,
            policy=self.policy,
            patterns=int(self.patterns),
            author=self.author,
            at=evidence.read(self.at),
            what=self.what,
            why=self.why,
            parent=self.parent,
        )

    @classmethod
    def of(cls, version: Version) -> Self:
        """Return the item that holds `version`."""
        held: dict[str, Any] = {
            "number": version.number,
            "text": version.text,
            "policy": version.policy,
            "patterns": version.patterns,
            "author": version.author,
            "at": evidence.written(version.at),
            "what": version.what,
            "why": version.why,
            "parent": version.parent,
        }
        return cls(VERSIONS, version.id, **held)


class ChunkItem(PatternsItem):
    """A piece of a text, at its place."""

    content = BinaryAttribute(legacy_encoding=False)

    @classmethod
    def of(cls, digest: str, place: int, content: bytes) -> Self:
        """Return the item that holds the piece number `place`, from 0, of the text with `digest`."""
        return cls(TEXT + digest, f"{place:06d}", content=content)
