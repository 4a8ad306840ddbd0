"""A mail's bytes as a tree of parts, by mail-parser: the reader of record, for what the fast parser does not split.

What mail-parser raises on goes to the stdlib's parser, which it stands on.
"""

from __future__ import annotations

import contextlib
import re
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Any, Final

from bounces.reading.limits import MAX_DEPTH, MAX_HEADERS, MAX_STATUS_FIELD
from bounces.reading.part import Headers, Part
from bounces.reading.structure import message_of

# The types whose body is a message: RFC 2046 5.2.1, RFC 6532 3.7.
MESSAGES: Final = frozenset({"message/rfc822", "message/global"})
# RFC 2047 5: an encoded word stands alone; within an address it is no encoded word.
_EMBEDDED_WORD: Final = re.compile(r"\?=[^\s()\",<]")


def parse(raw: bytes) -> Part:
    """Return the tree of the mail `raw`, which a recursive parser can bear. Never raises."""
    message: Message[Any, Any] | None
    try:
        message = message_of(raw)
    except Exception:  # noqa: BLE001  mail-parser raises at deep nesting, and whatever the stdlib's parser does
        message = _by_stdlib(raw)
    if message is None or not message.keys():
        return Part("text/plain", {}, raw)
    return _SlowPart(message, 0)


def _by_stdlib(raw: bytes) -> Message[Any, Any] | None:
    try:
        return message_from_bytes(raw)
    except Exception:  # noqa: BLE001  the stdlib's parser is documented never to raise, and does
        return None


class _SlowPart(Part):
    """A part that reads a message of the stdlib."""

    __slots__ = ("_message",)

    def __init__(self, message: Message[Any, Any], depth: int) -> None:
        super().__init__(_type_of(message), depth=depth)
        self._message = message

    def _read_headers(self) -> Headers:
        headers: Headers = {}
        with contextlib.suppress(Exception):
            for name, value in list(self._message.raw_items())[:MAX_HEADERS]:
                headers.setdefault(str(name).lower(), []).append(_header_text(str(value)[:MAX_STATUS_FIELD]))
        return headers

    def _read_body(self) -> bytes:
        if not self._message.is_multipart():
            return _payload(self._message)
        if self._holds_fields:
            return b"\n".join(_as_bytes(block) for block in self._within())
        return b""

    def _read_children(self) -> list[Part]:
        if not self._message.is_multipart() or self._holds_fields or self.depth > MAX_DEPTH:
            return []
        return [_SlowPart(child, self.depth + 1) for child in self._within()]

    def _within(self) -> list[Message[Any, Any]]:
        return [part for part in self._message.get_payload() if isinstance(part, Message)]

    @property
    def _holds_fields(self) -> bool:
        """Whether the stdlib made messages of fields: of a delivery status' blocks, of a feedback report."""
        return self.type.startswith("message/") and self.type not in MESSAGES


def _as_bytes(block: Message[Any, Any]) -> bytes:
    try:
        return block.as_bytes()
    except (MessageError, ValueError, LookupError):
        return b""


def _type_of(message: Message[Any, Any]) -> str:
    try:
        return message.get_content_type()
    except (MessageError, ValueError, LookupError):
        return "text/plain"


def _payload(message: Message[Any, Any]) -> bytes:
    for decode in (True, False):
        # The charset that a stranger declared may be any codec of Python's, and raise anything.
        with contextlib.suppress(Exception):
            payload = message.get_payload(decode=decode)
            if isinstance(payload, bytes):
                return payload
            if isinstance(payload, str):
                return payload.encode("utf-8", "surrogateescape")
    return b""


def _header_text(value: str) -> str:
    """Return a header's value unfolded, with its encoded words (RFC 2047) decoded."""
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = re.sub(r"\r?\n[ \t]+", " ", value).replace("\r", " ").replace("\n", " ")
    if "=?" in value and not _EMBEDDED_WORD.search(value):
        with contextlib.suppress(MessageError, ValueError, LookupError):
            value = str(make_header(decode_header(value)))
    return value.strip()
