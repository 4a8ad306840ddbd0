"""One node of a mail's tree, as the reader sees it whichever parser made it."""

from __future__ import annotations

import re
from typing import Final

from bounces.reading.limits import MAX_TEXT
from bounces.reading.text import decoded, with_encoded_words

Headers = dict[str, list[str]]

_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)


class Part:
    """One node of a mail: its type in lower case, headers by lower-case name, decoded bytes, and the parts within.

    A `message/rfc822` part has the message that it holds as its one child. What a parser's node holds is taken from
    it when it is asked for: most of a mail never is.
    """

    __slots__ = ("_body", "_children", "_headers", "depth", "type")

    def __init__(
        self, content_type: str, headers: Headers | None = None, body: bytes | None = None, depth: int = 0
    ) -> None:
        self.type = content_type
        self.depth = depth
        self._headers = headers
        self._body = body
        self._children: list[Part] | None = None

    @property
    def headers(self) -> Headers:
        """The part's headers by lower-case name, each name's values in their order."""
        if self._headers is None:
            self._headers = self._read_headers()
        return self._headers

    @property
    def body(self) -> bytes:
        """The part's bytes, its transfer encoding undone; b"" for one that holds parts."""
        if self._body is None:
            self._body = self._read_body()
        return self._body

    @property
    def children(self) -> list[Part]:
        """The parts within."""
        if self._children is None:
            self._children = self._read_children()
        return self._children

    @property
    def size(self) -> int:
        """How many bytes the part has in the mail, its transfer encoding not undone."""
        return len(self.body)

    def header(self, name: str) -> str:
        """Return the first value of the header `name` (lower case), or ""."""
        values = self.headers.get(name)
        return values[0] if values else ""

    @property
    def subject(self) -> str:
        """The mail's subject, in words; "" where it has none."""
        return with_encoded_words(self.header("subject"))

    def text(self, limit: int = MAX_TEXT) -> str:
        """Return the first `limit` bytes of the part's body as text, with LF line ends."""
        return decoded(self.body[:limit], self._charset())

    def _charset(self) -> str | None:
        content_type = self.header("content-type")
        found = _CHARSET.search(content_type) if "harset" in content_type.lower() else None
        return found.group(1) if found else None

    def _read_headers(self) -> Headers:
        return {}

    def _read_body(self) -> bytes:
        return b""

    def _read_children(self) -> list[Part]:
        return []
