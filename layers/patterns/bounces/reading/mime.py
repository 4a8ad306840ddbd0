"""A mail's bytes as a tree of parts.

mail-parser is the reader of record. The plain cases, which are nearly all, go to fast-mail-parser, which splits MIME
in Rust more than ten times as fast; what it refuses or does not split cleanly goes to mail-parser (`slow_mime`). Both
give the same `Part`s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import fast_mail_parser

from bounces.octets import has
from bounces.reading.bounding import for_slow_parser, header_end
from bounces.reading.limits import MANY_ENCODED_WORDS, MAX_DEPTH, MAX_ENCODED_WORDS, MAX_PARTS
from bounces.reading.part import Headers, Part

if TYPE_CHECKING:
    from fast_mail_parser import PyLazyMimePart

# A line by which a header section cannot begin: no field, and none of what the stdlib's parser passes over.
_NO_FIELD: Final = re.compile(rb"(?!From |[ \t]|[!-9;-~]*:)")
# The boundary in a Content-Type (RFC 2046 5.1.1) that gives one, and in the plain way, not in that of RFC 2231.
_BOUNDARY: Final = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"\\]+)\"|([^\s;\"()<>@,\\]+))\s*(?:;|$)", re.IGNORECASE)
_UNENCODED: Final = frozenset({"7bit", "8bit", "binary"})  # RFC 2045 6.2


class _FastPart(Part):
    """A part that reads a node of the fast parser."""

    __slots__ = ("_node",)

    def __init__(self, node: PyLazyMimePart, depth: int) -> None:
        super().__init__(node.content_type.lower(), depth=depth)
        self._node = node

    @property
    def size(self) -> int:
        return self._node.encoded_size or 0 if self._body is None else len(self._body)

    def _read_headers(self) -> Headers:
        return _lowered(self._node.headers)

    def _read_body(self) -> bytes:
        try:
            return self._node.content or b""
        except fast_mail_parser.ParseError:
            return b""

    def _read_children(self) -> list[Part]:
        # No more are looked at (`parts.sort`), and that there are more is told by one.
        return [_FastPart(node, self.depth + 1) for node in self._node.children[: MAX_PARTS + 1]]


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
    root, raw = _tried(_within_encoded_words(raw, cuts))
    return root or _slowly(raw, cuts)


def parse_quickly(raw: bytes, cuts: list[str]) -> Part | None:
    """Return what `parse` does, or None where that takes mail-parser."""
    return _tried(_within_encoded_words(raw, cuts))[0]


def _tried(raw: bytes) -> tuple[Part | None, bytes]:
    """Return the tree of the mail `raw` if the fast parser finds it, and what mail-parser is to be given if not."""
    root = _quickly(raw)
    if root is None:
        mended = _with_plain_boundaries(raw)
        if mended != raw:
            return _quickly(mended), mended
    return root, raw


def _with_plain_boundaries(raw: bytes) -> bytes:
    """Return the mail `raw` with its boundaries where and as the fast parser looks for them.

    RFC 2231 lets them have a charset in front. Some gateways to mobile phones break the line before one, and leave
    out the white space that makes the next line a part of the field (RFC 5322 2.2.3).
    """
    lower = raw.lower()
    if has(lower, b"\nboundary="):
        raw = re.sub(rb"(;[ \t]*\r?\n)(?=boundary=)", rb"\1 ", raw, flags=re.IGNORECASE)
    if has(lower, b"boundary*="):
        raw = re.sub(rb"\b(boundary)\*=\"?[\w.-]*'[\w-]*'([\w()+,./:=?-]+)\"?", rb'\1="\2"', raw, flags=re.IGNORECASE)
    return raw


def _within_encoded_words(raw: bytes, cuts: list[str]) -> bytes:
    if len(raw) > MANY_ENCODED_WORDS and _has_many(raw, b"?") and raw.count(b"=?") > MAX_ENCODED_WORDS:
        raw = raw.replace(b"=?", b" ?")
        cuts.append("encoded words")
    return raw


def _has_many(raw: bytes, mark: bytes) -> bool:
    """Say whether one byte stands in `raw` more than `MAX_ENCODED_WORDS` times: found ten times as fast as two are."""
    place = -1
    for _ in range(MAX_ENCODED_WORDS + 1):
        place = raw.find(mark, place + 1)
        if place < 0:
            return False
    return True


def _quickly(raw: bytes) -> Part | None:
    """Return the tree of the mail `raw` where the fast parser finds what the headers promise, else None."""
    try:
        tree = fast_mail_parser.parse_email_tree(raw, mode="lazy")
    except fast_mail_parser.ParseError:
        return None
    if not tree.headers and _NO_FIELD.match(raw):
        return Part("text/plain", {}, raw)
    if not tree.children and tree.content_type.startswith("multipart/"):
        headers = _lowered(tree.headers)
        if _has_no_parts(headers, raw):
            return Part(tree.content_type.lower(), headers, raw[header_end(raw) :].lstrip(b"\r\n"))
    return _FastPart(tree, 0) if _split_cleanly(tree, raw) else None


def _has_no_parts(headers: Headers, raw: bytes) -> bool:
    """Say whether the mail `raw` promises parts and has none, as no line can be its boundary: it is one text."""
    if not has(raw, b"\n--"):
        return True
    types = headers.get("content-type", [])
    found = _BOUNDARY.search(types[0]) if len(types) == 1 and types[0].lower().count("boundary") == 1 else None
    encodings = headers.get("content-transfer-encoding", [])
    if found is None or any(encoding.strip().lower() not in _UNENCODED for encoding in encodings):
        return False
    boundary = (found.group(1) or found.group(2)).rstrip().encode("utf-8", "replace")
    return has(raw, boundary) and not has(raw, b"--" + boundary)  # the first as the header has it


def _slowly(raw: bytes, cuts: list[str]) -> Part:
    from bounces.reading import slow_mime  # which takes as long to import as all else of the reader, and few mails need

    return slow_mime.parse(for_slow_parser(raw, cuts))


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
            return _are_ended_from_without(tree)
    return True


def _are_ended_from_without(tree: PyLazyMimePart) -> bool:
    """Say whether each multipart without parts has the boundary of one around it: then it ends where it begins."""
    stack: list[tuple[PyLazyMimePart, frozenset[str]]] = [(tree, frozenset())]
    while stack:
        node, around = stack.pop()
        if node.is_message or not node.content_type.startswith("multipart/"):
            continue
        found = _BOUNDARY.search("".join(_lowered(node.headers).get("content-type", [])))
        if found is None or len(around) > MAX_DEPTH:
            return False
        boundary = (found.group(1) or found.group(2)).rstrip()
        if node.children:
            within = around | {boundary}
            stack.extend((child, within) for child in node.children)
        elif boundary not in around:
            return False
    return True
