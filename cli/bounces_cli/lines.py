"""Files of lines, as editors and spreadsheets write them."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import Final

from bounces_cli.errors import CommandError, reason_of

STANDARD_INPUT: Final = "-"
MARK: Final = codecs.BOM_UTF8


def lines_of(path: str = STANDARD_INPUT) -> Iterator[str]:
    """Yield the lines of the file `path` (`-`: standard input) as text, without a mark at its beginning.

    Bytes that are no UTF-8 are shown as such. Raises `CommandError` where it is UTF-16, or cannot be read.
    """
    try:
        with nullcontext(sys.stdin.buffer) if path == STANDARD_INPUT else Path(path).open("rb") as stream:
            head = next(iter(stream), b"")
            refuse_utf_16(head, path)
            for line in chain([head.removeprefix(MARK)] if head else [], stream):
                yield line.rstrip(b"\r\n").decode("utf-8", "replace")
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}") from error


def refuse_utf_16(head: bytes, path: str) -> None:
    """Raise `CommandError` where a file that begins with `head` is UTF-16, as spreadsheets write "Unicode text"."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        where = "standard input" if path == STANDARD_INPUT else path
        raise CommandError(f"{where}: this is UTF-16; write it as UTF-8 (iconv -f UTF-16 -t UTF-8)")
