"""Frozen records by keyword, as frozen dataclasses are, for what is made for each mail.

Importing `dataclasses` and building two classes of thirty fields takes as long as reading seventy mails, and a
frozen one sets each of its fields by a call. Here a record's fields are its `__dict__`, taken over whole.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, NoReturn, Self, dataclass_transform

from bounces.lengths import suspects

_SET: Final = object.__setattr__


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Frozen:
    """A record whose fields are the annotated names of its class, those with a value there optional.

    A default is shared by all records, so it must be one that nobody can change. Two records are equal where they are
    of one class and all fields are. Texts are cut to the limits that their class gives them.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    _REQUIRED: ClassVar[frozenset[str]] = frozenset()
    _LIMITS: ClassVar[dict[str, int]] = {}

    __hash__ = None  # type: ignore[assignment]  # some fields cannot be

    def __init_subclass__(cls, *, limits: Mapping[str, int] | None = None, collections: Iterable[str] = ()) -> None:
        """Take note of the fields: `limits` of texts in characters, and the `collections`, which the class bounds."""
        cls.FIELDS = tuple(cls.__annotations__)
        cls._REQUIRED = frozenset(cls.FIELDS).difference(vars(cls))
        cls._LIMITS = {**dict.fromkeys(cls.FIELDS, sys.maxsize), **(limits or {}), **dict.fromkeys(collections, 0)}

    def __init__(self, **given: Any) -> None:
        """Take the fields `given`. Raises `TypeError` for one that is unknown, and where one is missing."""
        names = suspects(given, self._LIMITS)
        if names:
            self._refuse_unknown(names)
            self._bound(given, names)
        if not given.keys() >= self._REQUIRED:
            raise TypeError(f"a {type(self).__name__} needs {', '.join(sorted(self._REQUIRED - given.keys()))}")
        _SET(self, "__dict__", given)

    @classmethod
    def _bound(cls, fields: dict[str, Any], names: list[str]) -> list[str]:
        """Put right, in `fields`, those with `names`: collections, and texts beyond their limit or not in ASCII.

        Return the names of those of which something was cut.
        """
        cut: list[str] = []
        for name in names:
            if isinstance(fields[name], str):
                # A lone surrogate, as `surrogateescape` leaves one, can be sent to no queue and no table.
                text = fields[name].encode("utf-8", "replace").decode("utf-8")
                fields[name] = text[: cls._LIMITS[name]]
                if len(text) > cls._LIMITS[name]:
                    cut.append(name)
        return cut

    def replaced(self, **changes: Any) -> Self:
        """Return this record with `changes`."""
        return type(self)(**{**vars(self), **changes})

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.FIELDS)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.FIELDS)
        return f"{type(self).__name__}({shown})"

    def __setattr__(self, name: str, _: object) -> NoReturn:
        raise AttributeError(f"{name} of a {type(self).__name__} cannot be set; `replaced` gives another one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name} of a {type(self).__name__} cannot be deleted; `replaced` gives another one")

    def _refuse_unknown(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._LIMITS:
                raise TypeError(f"a {type(self).__name__} has no field {name}")
