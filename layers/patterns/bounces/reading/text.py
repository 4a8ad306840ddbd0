"""Bytes as text, HTML as text, and text as one line."""

from __future__ import annotations

import html
import re
from binascii import a2b_base64, a2b_qp
from typing import Final

from bounces.octets import has

# What Windows programs declare, or what is declared by names that Python does not know.
_ALIASES: Final = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "iso-8859-8-i": "iso-8859-8",
    "cp-850": "cp850",
    "x-gbk": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7",
}

# All of it is in ASCII (RFC 2152): what is not, a gateway has put in.
_UTF_7: Final = frozenset({"utf-7", "unicode-1-1-utf-7"})

# RFC 2047 2, with its bounds; a language may follow the charset (RFC 2231 5).
_ENCODED_WORD: Final = re.compile(r"=\?([\w.:-]{1,40})(?:\*[\w-]{1,20})?\?([BbQq])\?([!->@-~]{1,400})\?=")

_UNSEEN: Final = re.compile(r"<(?:!--|(script|style|head|title)\b)")
_MARKUP_BREAK: Final = re.compile(
    r"<\s{0,3}/?(?:br|p|div|tr|li|h[1-6]|table|hr|pre|blockquote|ul|ol|td)\b[^<>]{0,2000}>", re.IGNORECASE
)
_MARKUP: Final = re.compile(r"<(?![\w.+-]{1,64}@)/?[a-zA-Z!][^<>]{0,2000}>")


def decoded(body: bytes, charset: str | None = None) -> str:
    """Return `body` as text with LF line ends.

    Declared charsets lie, so bytes that are UTF-8 are read as that first; whatever cannot be read is U+FFFD.
    """
    if body.isascii() and not has(body, b"\x1b") and (charset is None or "utf-" not in charset.lower()):
        text = body.decode("ascii")
    else:
        text = _decoded(body, charset)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _decoded(body: bytes, charset: str | None) -> str:
    name = (charset or "").lower()
    if has(body, b"\x1b$") and not name.startswith("iso-2022"):
        name = "iso-2022-jp"  # escape sequences that no other charset has, where none was declared
    if name in _UTF_7 and not body.isascii():
        name = ""
    if name not in _UTF_7 and not name.startswith(("utf-16", "utf-32", "iso-2022")):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    try:
        # `str` of bytes refuses the codecs that are none of text, such as `hex` and `zip`, with a LookupError.
        return str(body, _ALIASES.get(name, name) or "cp1252", "replace")
    except (LookupError, ValueError):
        return body.decode("cp1252", "replace")


def with_encoded_words(text: str) -> str:
    """Return a header's `text` with the encoded words read that its parser left, since they do not stand alone.

    Systems put them in brackets or after `Re:` without the white space that RFC 2047 5 wants, and all mail programs
    show what they mean. Not for addresses, in which there are none.
    """
    return _ENCODED_WORD.sub(_read_word, text) if "=?" in text else text


def _read_word(found: re.Match[str]) -> str:
    encoded = found.group(3)
    try:
        word = a2b_base64(encoded) if found.group(2) in "Bb" else a2b_qp(encoded, header=True)
    except ValueError:
        return found.group()
    return decoded(word, found.group(1))


def html_to_text(source: str) -> str:
    """Return the words of the HTML text `source`, with its blocks on lines of their own.

    No HTML parser: bounce mails' markup is damaged as often as not, and only words and lines are wanted of it.
    """
    source = _without_unseen(source)
    source = source if "<pre" in source.lower() else " ".join(source.split())
    source = _MARKUP_BREAK.sub("\n", source)
    source = _MARKUP.sub("", source)
    return html.unescape(source).replace("\xa0", " ")


def _without_unseen(source: str) -> str:
    """Cut comments and what no reader sees. By search and not by one expression: the cost stays linear."""
    lower = source.lower()
    if len(lower) != len(source):
        return source
    kept: list[str] = []
    place = 0
    for found in _UNSEEN.finditer(lower):
        if found.start() < place:
            continue
        end = f"</{found.group(1)}" if found.group(1) else "-->"
        closed = lower.find(end, found.end())
        if closed < 0:
            break
        kept.append(source[place : found.start()])
        place = closed + len(end)
    kept.append(source[place:])
    return " ".join(kept)


def one_line(text: str) -> str:
    """Return `text` on one line, each run of white space one space."""
    if text.isprintable() and "  " not in text and not text.startswith(" ") and not text.endswith(" "):
        return text  # as it is already: of all white space only the space is printable
    return " ".join(text.split())
