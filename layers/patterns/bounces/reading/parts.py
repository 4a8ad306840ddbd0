"""A mail's parts by what they are for: explanation, delivery status, feedback, returned message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bounces.octets import has
from bounces.reading import delivery_status
from bounces.reading.fields import header_section
from bounces.reading.limits import MAX_DEPTH, MAX_PARTS, MAX_TEXT
from bounces.reading.part import Headers, Part
from bounces.reading.text import html_to_text

# RFC 6522 3, RFC 6533 5, and what systems write instead.
RETURNED: Final = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "text/rfc822-header",
        "text/rfc822",
        "message/global",
        "message/global-headers",
        "message/partial",
    }
)
DELIVERY_STATUS: Final = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "text/delivery-status",
        "message/delivery_status",
        "message/xdelivery-status",
    }
)
# What a part may be called that was a delivery status.
_UNNAMED: Final = frozenset({"application/octet-stream", "application/x-unknown", "message/report", "message/unknown"})
DISPOSITION: Final = frozenset({"message/disposition-notification", "message/global-disposition-notification"})

_HTML: Final = re.compile(r"<(?:html|body)\b", re.IGNORECASE)
_HEAD: Final = 2000  # characters in which it begins


class Parts:
    """The parts of a mail, those of a returned message left within it."""

    __slots__ = ("cuts", "disposition", "feedback", "returned", "statuses", "texts")

    def __init__(self) -> None:
        self.texts: list[Part] = []
        self.statuses: list[Part] = []
        self.feedback: Part | None = None
        self.disposition: Part | None = None
        self.returned: Part | None = None
        self.cuts: list[str] = []

    def returned_headers(self) -> Headers:
        """Return the headers of the returned message, by lower-case name; none where it was not returned."""
        if self.returned is None:
            return {}
        if self.returned.children:
            return self.returned.children[0].headers
        return header_section(self.returned.text().lstrip("\n "))

    def explanation(self, limit: int = MAX_TEXT) -> str:
        """Return what the mail says to people: its plain texts, or its HTML as text where it has no other.

        Of each part, the first `limit` bytes.
        """
        if limit == MAX_TEXT and sum(part.size for part in self.texts if part.type != "text/html") > MAX_TEXT:
            self.cuts.append("text")
        return _explanation(self.texts, limit)


def sort(root: Part) -> Parts:
    """Return the parts of the mail `root` by what they are for, whatever they are called."""
    parts = Parts()
    stack = [root]
    count = 0
    unnamed: list[Part] = []
    while stack:
        part = stack.pop()
        kind = part.type
        count += 1
        if count > MAX_PARTS:
            parts.cuts.append("parts")
            break
        if part.depth > MAX_DEPTH:
            parts.cuts.append("depth")
            continue
        if kind in DELIVERY_STATUS:
            parts.statuses.append(part)
        elif kind == "message/feedback-report":
            parts.feedback = parts.feedback or part
        elif kind in DISPOSITION:
            parts.disposition = parts.disposition or part
        elif kind in RETURNED and part is not root:
            parts.returned = parts.returned or part
        elif part.children:
            stack.extend(reversed(part.children))
        elif kind.startswith(("text/", "multipart/")) or part is root:
            parts.texts.append(part)
        elif kind in _UNNAMED:
            unnamed.append(part)
    if not parts.statuses:
        _find_misnamed(root, parts, unnamed)
    return parts


def _find_misnamed(root: Part, parts: Parts, unnamed: list[Part]) -> None:
    """Take the parts that are a delivery status by what they say for one, as some gateways rename them."""
    for part in (*parts.texts, *unnamed):
        if part is not root and _is_misnamed_status(part):
            parts.statuses.append(part)
    parts.texts = [part for part in parts.texts if part not in parts.statuses]


def _is_misnamed_status(part: Part) -> bool:
    return (
        part.size < MAX_TEXT
        and has(part.body[:8192], b"inal-")
        and delivery_status.starts_as_delivery_status(part.body[:8192].decode("latin-1"))
    )


def _explanation(texts: Iterable[Part], limit: int) -> str:
    texts = list(texts)
    plain = [part.text(limit) for part in texts if part.type != "text/html"]
    if not any(text.strip() for text in plain):
        plain = [html_to_text(part.text(limit)) for part in texts if part.type == "text/html"]
    joined = plain[0] if len(plain) == 1 else "\n".join(plain)[:MAX_TEXT]
    return html_to_text(joined) if _is_html(joined) else joined


def _is_html(text: str) -> bool:
    """Say whether a `text` that is not said to be HTML is: whether that begins before any word that is read.

    Where it begins later, it is that of a returned message.
    """
    head = text[:_HEAD]
    if "<" not in head:
        return False
    begin = _HTML.search(head)
    if begin is None:
        return False
    before = html_to_text(head[: begin.start()]).strip()
    return not before or before.startswith("<?xml")
