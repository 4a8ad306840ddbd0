"""A JSON object of settings, read strictly: each key is known and of its type, and no message shows a secret."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Final, TypeVar

from bounces.errors import SettingError, shown

MAX_TEXT: Final = 4_096
"""Characters of a text; refresh tokens of Microsoft have some 1,500."""
MAX_CERTIFICATES: Final = 60_000
"""Characters of certificates; a secret has room for 64 KB."""

Choice = TypeVar("Choice", bound=StrEnum)


class JsonFields:
    """The keys of one object, each of which is taken out once; `done` then finds those that nobody knows."""

    def __init__(self, found: dict[str, Any], prefix: str = "") -> None:
        """Take the object `found`, whose keys messages name behind `prefix`."""
        self._left = dict(found)
        self._known: list[str] = []
        self._prefix = prefix

    @classmethod
    def of(cls, text: str) -> JsonFields:
        """Return the keys of the JSON object `text`. Raises `SettingError` where it is none."""
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise SettingError("the mailbox's secret is no JSON object; docs/mailbox.md shows its form")
        return cls(found)

    def _take(self, key: str) -> Any:
        self._known.append(key)
        return self._left.pop(key, None)

    def text(self, key: str, most: int = MAX_TEXT, *, with_lines: bool = False) -> str | None:
        """Return the text of `key`; None where it is missing or null."""
        value = self._take(key)
        if value is None:
            return None
        name = f"{self._prefix}{key}"
        if not isinstance(value, str) or not value:
            raise SettingError(f"{name} is no text, or an empty one")
        if len(value) > most:
            raise SettingError(f"{name} has {len(value)} characters; at most {most} are taken")
        if not with_lines and any(ord(letter) < ord(" ") or letter == "\x7f" for letter in value):
            raise SettingError(f"{name} holds a control character, such as a line end; take it out")
        return value

    def needed(self, key: str, why: str = "") -> str:
        """Return the text of `key`. Raises `SettingError` where it is missing."""
        value = self.text(key)
        if value is None:
            raise SettingError(f"{self._prefix}{key} is missing{why}")
        return value

    def choice(self, key: str, kind: type[Choice], default: Choice) -> Choice:
        """Return that of `kind` which `key` names."""
        return default if (value := self.text(key)) is None else chosen(f"{self._prefix}{key}", value, kind)

    def port(self, key: str, default: int) -> int:
        """Return the port of `key`."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65_536:
            raise SettingError(f"{self._prefix}{key} is {shown(value)}; it is a number from 1 to 65535")
        return value

    def object(self, key: str) -> JsonFields:
        """Return the keys of the object of `key`; none where it is missing."""
        return self.optional_object(key) or JsonFields({}, f"{self._prefix}{key}.")

    def optional_object(self, key: str) -> JsonFields | None:
        """Return the keys of the object of `key`; None where it is missing or null."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            raise SettingError(f"{self._prefix}{key} is no JSON object")
        return None if value is None else JsonFields(value, f"{self._prefix}{key}.")

    def done(self) -> None:
        """Raise `SettingError` where there is a key that nobody took."""
        if self._left:
            key = shown(self._prefix + min(self._left))
            known = ", ".join(sorted(set(self._known)))
            raise SettingError(f"the key {key} is not known; there are {known}")


def chosen(name: str, value: str, kind: type[Choice]) -> Choice:
    """Return that of `kind` which is written `value`, in any case. Raises `SettingError`, which calls it `name`."""
    try:
        return kind(value.lower())
    except ValueError:
        raise SettingError(f"{name} is {shown(value)}; it is one of {', '.join(kind)}") from None
