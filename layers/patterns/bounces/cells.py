"""Cells of CSV that a spreadsheet shows and does not run, and that can be read back to the letter.

A spreadsheet takes a cell that begins with one of a few characters for a formula (OWASP, "CSV Injection"), and an
address may begin so: `=cmd@example.com` is one by RFC 5321. Such a cell gets an apostrophe in front, which makes it
text. The same within a cell, after what another country's spreadsheet takes for the end of one: a semicolon, a tab, a
line end. The apostrophe is taken off again when the cell is read, and only where it was put.
"""

from __future__ import annotations

import re
from typing import Final

# OWASP's list: = + - @ tab and carriage return, the line feed, and the wide forms that Excel takes for the same.
_BEGINS_FORMULA: Final = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_BEGINS_CELL: Final = r"(\A|[;\t\r\n])"
_TO_MARK: Final = re.compile(f"{_BEGINS_CELL}(?=[{_BEGINS_FORMULA}'])")
_MARKED: Final = re.compile(f"{_BEGINS_CELL}'(?=[{_BEGINS_FORMULA}'])")

EMPTY: Final = "'"
"""The cell of a text that is there and empty; one that is not there is an empty cell."""


def written(text: str | None) -> str:
    """Return `text` as a cell that no spreadsheet takes for a formula."""
    if text is None:
        return ""
    return _TO_MARK.sub(r"\1'", text) if text else EMPTY


def read(cell: str) -> str | None:
    """Return the text that `written` wrote. A cell that somebody else wrote is as it is, unless it looks so marked."""
    if not cell:
        return None
    return "" if cell == EMPTY else _MARKED.sub(r"\1", cell)
