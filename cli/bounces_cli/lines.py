"""Files of lines, as editors and spreadsheets write them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from bounces_cli.errors import CommandError

STANDARD_INPUT: Final = "-"
MARK: Final = codecs.BOM_UTF8


def lines_of(stream: BinaryIO, path: str = STANDARD_INPUT) -> Iterator[str]:
    """Yield the lines of `stream` as text, without a mark at its beginning; bytes that are no UTF-8 are shown as such.

    Raises `CommandError` where it is UTF-16.
    """
    is_first = True
    for line in stream:
        if is_first:
            refuse_utf_16(line, path)
            line = line.removeprefix(MARK)
            is_first = False
        yield line.rstrip(b"\r\n").decode("utf-8", "replace")


def refuse_utf_16(head: bytes, path: str) -> None:
    """Raise `CommandError` where a file that begins with `head` is UTF-16, as spreadsheets write "Unicode text"."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        where = "standard input" if path == STANDARD_INPUT else path
        raise CommandError(f"{where}: this is UTF-16; write it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
