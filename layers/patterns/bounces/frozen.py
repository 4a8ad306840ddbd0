"""Frozen records by keyword, as frozen dataclasses are, for what is made for each mail.

Importing `dataclasses` and building two classes of thirty fields takes as long as reading seventy mails, and a
frozen one sets each of its fields by a call. Here a record's fields are its `__dict__`, taken over whole.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Frozen:
    """A record whose fields are the annotated names of its class, those with a value there optional.

    A default is shared by all records, so it must be one that nobody can change. Two records are equal where they are
    of one class and all fields are. A class may bound its fields in `_settle`.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    _REQUIRED: ClassVar[frozenset[str]] = frozenset()
    _KNOWN: ClassVar[frozenset[str]] = frozenset()

    __hash__ = None  # type: ignore[assignment]  # some fields cannot be

    def __init_subclass__(cls) -> None:
        """Take note of the fields."""
        cls.FIELDS = tuple(cls.__annotations__)
        cls._KNOWN = frozenset(cls.FIELDS)
        cls._REQUIRED = cls._KNOWN.difference(vars(cls))

    def __init__(self, **given: Any) -> None:
        """Take the fields `given`. Raises `TypeError` for one that is unknown, and where one is missing."""
        if not self._REQUIRED <= given.keys() <= self._KNOWN:
            raise TypeError(self._wrong(given.keys()))
        vars(self).update(given)
        self._settle()

    def _settle(self) -> None:
        """Put right, by `vars(self)`, what was given: the record is not yet anyone's."""

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

    def _wrong(self, given: Any) -> str:
        unknown = sorted(given - self._KNOWN)
        if unknown:
            return f"a {type(self).__name__} has no field {unknown[0]}"
        return f"a {type(self).__name__} needs {', '.join(sorted(self._REQUIRED - given))}"
