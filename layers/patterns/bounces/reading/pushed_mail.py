"""A mail that PowerMTA's queue type `http-delivery` posts -> its bytes and its envelope. Pure, like all of reading.

One mail a request, as JSON: `msg_from`, `rcpt_to`, and `email_rfc822` with `email_rfc822_is_base64`, which stand beside
them or in an object `content` (PowerMTA 5.0's guide lists the first and shows the second).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bounces.addresses import bare, is_address
from bounces.errors import PushTooLarge, UnreadablePush, shown
from bounces.reading.accounting import json_records
from bounces.reading.accounting.limits import MAX_READABLE
from bounces.reading.accounting.media import opened
from bounces.reading.accounting.values import part_of
from bounces.records import Source

MAX_RECIPIENTS: Final = 100
CONTENT: Final = "content"
MAIL: Final = "email_rfc822"
IS_BASE64: Final = "email_rfc822_is_base64"


@dataclass(frozen=True, slots=True)
class PushedMail:
    """A mail as it was posted: its bytes, and to whom it was addressed on its envelope."""

    content: bytes
    recipients: tuple[str, ...]


def read_pushed_mail(body: bytes, content_type: str = "", content_encoding: str = "") -> PushedMail:
    """Return the mail in the posted `body`, with its content type and encoding as the request's headers have them.

    Raises `UnknownMediaType`, `PushTooLarge` or `UnreadablePush`.
    """
    body, _ = opened(body, Source.API, content_type, content_encoding)
    if len(body) > MAX_READABLE:
        raise PushTooLarge(f"a mail as JSON has at most {MAX_READABLE} bytes, this has {len(body)}; send it by SMTP")
    found = json_records.pieces(body)
    piece = next(found, None)
    if piece is None or piece.fields is None:
        raise UnreadablePush(f"the mail {(piece and piece.reason) or 'is missing'}; post one JSON object a request")
    if next(found, None) is not None:
        raise UnreadablePush("there is more than one mail; post one JSON object a request")
    return PushedMail(_content(piece.fields), _recipients(piece.fields.get("rcpt_to")))


def _content(fields: Mapping[str, Any]) -> bytes:
    nested = part_of(fields, CONTENT)
    holder = nested if MAIL in nested else fields
    text = holder.get(MAIL)
    if not isinstance(text, str) or not text:
        raise UnreadablePush(f"the mail has no text in {MAIL}, or in {CONTENT}.{MAIL}")
    if str(holder.get(IS_BASE64, False)).strip().lower() not in ("true", "1"):
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError) as error:
        raise UnreadablePush(f"{IS_BASE64} is true, and {MAIL} is no base64: {error}") from error


def _recipients(value: object) -> tuple[str, ...]:
    """Return the envelope's recipients; the return path that a bounce came to is one."""
    texts = value if isinstance(value, list) else [value]
    found = [bare(text) for text in texts if isinstance(text, str)]
    if not found or len(found) > MAX_RECIPIENTS or not all(map(is_address, found)):
        raise UnreadablePush(f"rcpt_to is an address, or 1 to {MAX_RECIPIENTS} of them; this is {shown(value)}")
    return tuple(found)
