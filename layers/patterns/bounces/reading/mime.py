"""A mail's bytes as a tree of parts.

mail-parser is the reader of record. The plain cases, which are nearly all, go to fast-mail-parser, which splits MIME
in Rust more than ten times as fast; what it refuses or does not split cleanly goes to mail-parser, and what that one
raises on to the stdlib, which it stands on. All three give the same `Part`.
"""

from __future__ import annotations

import contextlib
import logging
import re
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from functools import cache
from typing import TYPE_CHECKING, Any

import fast_mail_parser

from bounces.reading.bounding import for_slow_parser, header_end
from bounces.reading.limits import MAX_DEPTH, MAX_HEADERS, MAX_STATUS_FIELD, MAX_TEXT
from bounces.reading.text import decoded

if TYPE_CHECKING:
    from fast_mail_parser import PyLazyMimePart

Headers = dict[str, list[str]]

# The types whose body is a message: RFC 2046 5.2.1, RFC 6532 3.7.
MESSAGES = frozenset({"message/rfc822", "message/global"})

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
# RFC 2047 5: an encoded word stands alone; within an address it is no encoded word.
_EMBEDDED_WORD = re.compile(r"\?=[^\s()\",<]")


class Part:
    """One node of a mail: its type in lower case, headers by lower-case name, decoded bytes, and the parts within.

    A `message/rfc822` part has the message that it holds as its one child. What a fast parser's node holds is taken
    from it when it is asked for: most of a mail never is.
    """

    __slots__ = ("_body", "_children", "_headers", "_node", "depth", "type")

    def __init__(
        self,
        content_type: str,
        headers: Headers | None = None,
        body: bytes | None = None,
        children: list[Part] | None = None,
    ) -> None:
        self.type = content_type
        self.depth = 0
        self._headers = headers
        self._body = body
        self._children = children
        self._node: PyLazyMimePart | None = None

    @classmethod
    def of_node(cls, node: PyLazyMimePart, depth: int) -> Part:
        """Return the part that reads `node`, `depth` levels below the mail."""
        part = cls(node.content_type.lower())
        part.depth = depth
        part._node = node
        return part

    @property
    def headers(self) -> Headers:
        """The part's headers by lower-case name, each name's values in their order."""
        if self._headers is None:
            self._headers = _lowered(self._node.headers) if self._node else {}
        return self._headers

    @property
    def body(self) -> bytes:
        """The part's bytes, its transfer encoding undone; b"" for one that holds parts."""
        if self._body is None:
            try:
                self._body = (self._node.content if self._node else None) or b""
            except fast_mail_parser.ParseError:
                self._body = b""
        return self._body

    @property
    def children(self) -> list[Part]:
        """The parts within."""
        if self._children is None:
            nodes = self._node.children if self._node else ()
            self._children = [Part.of_node(node, self.depth + 1) for node in nodes]
        return self._children

    @property
    def size(self) -> int:
        """How many bytes the part has in the mail, its transfer encoding not undone."""
        if self._body is None and self._node is not None:
            return self._node.encoded_size or 0
        return len(self.body)

    def header(self, name: str) -> str:
        """Return the first value of the header `name` (lower case), or ""."""
        values = self.headers.get(name)
        return values[0] if values else ""

    def text(self, limit: int = MAX_TEXT) -> str:
        """Return the first `limit` bytes of the part's body as text, with LF line ends."""
        charset = _CHARSET.search(self.header("content-type"))
        return decoded(self.body[:limit], charset.group(1) if charset else None)


def _lowered(headers: dict[str, list[str]]) -> Headers:
    lowered = {name.lower(): values for name, values in headers.items()}
    if len(lowered) < len(headers):  # one name in two spellings
        lowered = {}
        for name, values in headers.items():
            lowered.setdefault(name.lower(), []).extend(values)
    return lowered


def parse(raw: bytes, cuts: list[str]) -> Part:
    """Return the tree of the mail `raw`, which is within the limits; add to `cuts` what a slow parser cannot be given.

    Never raises: what cannot be split is one part of text.
    """
    try:
        tree = fast_mail_parser.parse_email_tree(raw, mode="lazy")
    except fast_mail_parser.ParseError:
        return _parse_slowly(for_slow_parser(raw, cuts))
    if not tree.children and tree.content_type.startswith("multipart/") and b"\n--" not in raw:
        # Promised parts and has none: nothing is left to split.
        return Part(tree.content_type.lower(), _lowered(tree.headers), raw[header_end(raw) :].lstrip(b"\r\n"), [])
    if not _split_cleanly(tree, raw):
        return _parse_slowly(for_slow_parser(raw, cuts))
    return Part.of_node(tree, 0)


def _split_cleanly(tree: PyLazyMimePart, raw: bytes) -> bool:
    """Say whether the fast parser found what the headers promise."""
    if not tree.headers:
        return not raw.strip()
    stack = [tree]
    while stack:
        node = stack.pop()
        if node.is_message:
            continue  # a returned message was often cut, and its structure is not what counts
        if node.children:
            stack.extend(node.children)
        elif node.content_type.startswith("multipart/"):
            return False
    return True


def _parse_slowly(raw: bytes) -> Part:
    try:
        message = _structure_reader().from_bytes(raw).message
    except Exception:  # noqa: BLE001  mail-parser raises at deep nesting, and whatever the stdlib's parser does
        message = _by_stdlib(raw)
    if message is None or (not message.keys() and not message.get_payload()):
        return Part("text/plain", {}, raw, [])
    return _from_message(message, 0)


@cache
def _structure_reader() -> Any:
    """Return mail-parser's reader without its flattening of the mail, which costs most of its time and is not used.

    It is imported when first needed: 40 ms that few mails need.
    """
    import mailparser

    # It logs a warning with a stranger's words for each part that it does not know.
    logging.getLogger("mailparser").setLevel(logging.CRITICAL)

    class Structure(mailparser.MailParser):  # type: ignore[misc]
        def parse(self) -> Any:
            return self

    return Structure


def _by_stdlib(raw: bytes) -> Message[Any, Any] | None:
    try:
        return message_from_bytes(raw)
    except Exception:  # noqa: BLE001  the stdlib's parser is documented never to raise, and does
        return None


def _from_message(message: Message[Any, Any], depth: int) -> Part:
    headers: Headers = {}
    with contextlib.suppress(Exception):
        for name, value in list(message.raw_items())[:MAX_HEADERS]:
            headers.setdefault(str(name).lower(), []).append(_header_text(str(value)[:MAX_STATUS_FIELD]))
    children: list[Part] = []
    body = b""
    content_type = _type_of(message)
    payload = message.get_payload()
    if not isinstance(payload, list):
        body = _payload(message)
    elif depth > MAX_DEPTH:
        children = []
    elif content_type.startswith("message/") and content_type not in MESSAGES:
        # The stdlib makes messages of a delivery status' blocks and of a feedback report. They are fields.
        body = b"\n".join(_as_bytes(block) for block in payload if isinstance(block, Message))
    else:
        children = [_from_message(child, depth + 1) for child in payload if isinstance(child, Message)]
    part = Part(content_type, headers, body, children)
    part.depth = depth
    return part


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
    try:
        payload = message.get_payload(decode=True)
    except (MessageError, ValueError, LookupError, AssertionError):
        payload = None
    if isinstance(payload, bytes):
        return payload
    plain = message.get_payload()
    return str(plain).encode("utf-8", "surrogateescape") if isinstance(plain, str) else b""


def _header_text(value: str) -> str:
    """Return a header's value unfolded, with its encoded words (RFC 2047) decoded."""
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = re.sub(r"\r?\n[ \t]+", " ", value).replace("\r", " ").replace("\n", " ")
    if "=?" in value and not _EMBEDDED_WORD.search(value):
        with contextlib.suppress(MessageError, ValueError, LookupError):
            value = str(make_header(decode_header(value)))
    return value.strip()
