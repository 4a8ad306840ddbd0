"""From the bytes that a request carries to a body that can be read: which form it has, and gzip undone.

What an HTTP request says of its body (RFC 9110 8.3, 8.4) is believed where it must be and checked where it can be: an
HTTP API hands on bytes as they came, a file is sent with or without its compression, and a shipper's type is vague.
"""

from __future__ import annotations

import re
import zlib
from enum import StrEnum
from typing import Final

from bounces.errors import PushTooLarge, UnknownMediaType, UnreadablePush, shown
from bounces.reading.accounting.limits import MAX_LAYERS, MAX_MEMBERS, MAX_UNPACKED
from bounces.records import Source

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 64 * 1024
_WITH_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS
_FIRST: Final = re.compile(rb"[\s\x1e]*+([\[{])")


class Form(StrEnum):
    """How the records stand in a body."""

    JSON = "json"  # an object, an array of them, or one a line
    CSV = "csv"  # RFC 4180, a header line first


# What is None is told by the body's first character.
MEDIA_TYPES: Final[dict[str, Form | None]] = {
    "application/json": Form.JSON,
    "application/x-ndjson": Form.JSON,
    "application/ndjson": Form.JSON,
    "application/jsonl": Form.JSON,
    "application/x-jsonlines": Form.JSON,
    "text/json": Form.JSON,
    "text/csv": Form.CSV,
    "application/csv": Form.CSV,
    "application/octet-stream": None,
    "application/gzip": None,
    "application/x-gzip": None,
}
_GZIP_TYPES: Final = frozenset({"application/gzip", "application/x-gzip"})
_ENCODINGS: Final = {"": False, "identity": False, "gzip": True, "x-gzip": True}
_JSON_ONLY: Final = frozenset({Form.JSON})
_FORMS: Final = {Source.POWERMTA: frozenset(Form), Source.KUMOMTA: _JSON_ONLY, Source.API: _JSON_ONLY}


def opened(body: bytes, source: Source, content_type: str, content_encoding: str) -> tuple[bytes, Form]:
    """Return `body` with gzip undone and without a byte order mark, and the form of the records in it.

    `content_type` and `content_encoding` are the values of those header fields; "" is application/octet-stream, and
    no encoding. gzip is undone where it is declared, and where the bytes begin as it does. Raises `UnknownMediaType`,
    `PushTooLarge` and `UnreadablePush`.
    """
    media_type = content_type.partition(";")[0].strip().lower() or "application/octet-stream"
    encoding = content_encoding.strip().lower()
    if media_type not in MEDIA_TYPES:
        raise UnknownMediaType(f"content type {shown(content_type)}; send one of {', '.join(MEDIA_TYPES)}")
    if encoding not in _ENCODINGS:
        raise UnknownMediaType(f"content encoding {shown(content_encoding)}; send gzip, or none")
    if (_ENCODINGS[encoding] or media_type in _GZIP_TYPES) and not body.startswith(_GZIP):
        raise UnreadablePush("the body is declared to be gzip (RFC 1952), and does not begin as that does")
    for _ in range(MAX_LAYERS):
        if not body.startswith(_GZIP):
            break
        body = inflated(body)
    if len(body) > MAX_UNPACKED:
        raise PushTooLarge(f"a body has at most {MAX_UNPACKED} bytes, this has {len(body)}; send fewer records at once")
    body = body.removeprefix(_BOM)
    form = MEDIA_TYPES[media_type] or (Form.JSON if _FIRST.match(body) else Form.CSV)
    if form not in _FORMS[source]:
        raise UnknownMediaType(f"{source} takes JSON, this body is {form} (content type {shown(content_type)})")
    if form is Form.JSON and not _FIRST.match(body):
        raise UnreadablePush(f"a JSON body begins with [ or {{, this with {shown(body[:16])}")
    return body, form


def inflated(packed: bytes) -> bytes:
    """Return the gzip data `packed` unpacked, members one after the other; never more than `MAX_UNPACKED` bytes.

    Raises `PushTooLarge` at the limit, without unpacking what is beyond it, and `UnreadablePush` for what is no gzip.
    """
    pieces: list[bytes] = []
    size = 0
    place = 0
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(_WITH_GZIP_HEADER)
        while not member.eof:
            chunk, place = packed[place : place + _CHUNK], place + _CHUNK
            if not chunk:
                raise UnreadablePush("the body's gzip data end in the middle; send it again")
            try:
                piece = member.decompress(chunk, MAX_UNPACKED + 1 - size)
            except zlib.error as error:
                raise UnreadablePush(f"the body's gzip data are damaged ({error}); send it again") from error
            pieces.append(piece)
            size += len(piece)
            if size > MAX_UNPACKED:
                raise PushTooLarge(f"the body unpacks to more than {MAX_UNPACKED} bytes; send fewer records at once")
        place = min(place, len(packed)) - len(member.unused_data)
        if not packed.startswith(_GZIP, place):
            if packed[place : place + _CHUNK].strip(b"\0"):
                raise UnreadablePush("after the body's gzip data comes something else; send it again")
            return b"".join(pieces)
    raise PushTooLarge(f"the body has more than {MAX_MEMBERS} gzip members; send fewer at once")
