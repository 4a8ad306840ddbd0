"""Templates with values in them: strict, so that no file has a hole in it, or a value that is syntax."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

from bounces.errors import shown
from bounces_cli.errors import CommandError

_PLACE: Final = re.compile(r"@@([a-z_]+)@@")
# What may stand in a value, in every language that is written: no quote, no bracket, no $, no backslash, no line end.
# `,` and blank are for lists of column names and for remarks.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~:/, -]*")


class Filled(str):
    """Text that came of a template or was quoted for its place, and may hold that language's own syntax."""

    __slots__ = ()


def filled(template: str, **values: str | int) -> Filled:
    """Return the template of that name with `values` in the places that name them.

    Raises `CommandError` where a value has a character that could end the string it stands in, and `KeyError` or
    `ValueError` where places and values differ, which a test of all templates would have found.
    """
    text = _template(template)
    unused = values.keys() - set(_PLACE.findall(text))
    if unused:
        raise ValueError(f"the template {template} has no place for {', '.join(sorted(unused))}")
    safe = {name: _checked(name, value) for name, value in values.items()}
    return Filled(_PLACE.sub(lambda place: safe[place[1]], text))


def quoted(names: tuple[str, ...]) -> Filled:
    """Return `names` in double quotes, with commas between."""
    return Filled(", ".join(f'"{_checked("name", name)}"' for name in names))


def joined(parts: list[Filled]) -> Filled:
    """Return `parts` one after another."""
    return Filled("".join(parts))


def _checked(name: str, value: str | int) -> str:
    if isinstance(value, Filled):
        return str(value)
    text = str(value)
    if not _PLAIN.fullmatch(text):
        raise CommandError(
            f"{name} is {shown(text)}: only letters, digits, blanks and . _ ~ : / , - can stand in these files"
        )
    return text


@cache
def _template(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")
