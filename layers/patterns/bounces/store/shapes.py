"""The shape of a text: what is left of it when all that differs from one mail to the next is masked.

A mail system that writes something unknown writes it to thousands of recipients. Their texts differ in addresses, host
names, numbers, times and ids, and in nothing else, so they have one shape, and a person judges it once. Codes stay:
550 5.1.1 and 550 5.7.1 are two shapes, and so are a provider's own OFR_416 and OFR_417.

Where it is not clear whether a word is a name or an id, it is masked: two shapes that become one are seen side by side
by whoever judges them, while one that becomes thousands is judged by nobody.

Texts are strangers': they are cut first, each expression is bounded, and each character is looked at a fixed number of
times.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection
from itertools import pairwise
from typing import Final

MAX_TEXT: Final = 2_000
"""Characters of a text that are looked at: as many as a report's diagnostic has."""
MAX_SHAPE: Final = 240
"""Characters of a shape."""
SHAPE_ID: Final = 12
"""Hexadecimal characters of a shape's id: 48 bits, and few will ever have a million shapes."""

# What a mask becomes. Everything else of a shape is in lower case, so no text can be taken for one. While a text is
# worked on, masks are single characters that are first taken out of it (private use, from U+E000), and so are the
# digits and dots of codes, which nothing then takes for a number.
_MASKS: Final = ("ADDRESS", "HOST", "IP", "N", "TIME", "URL", "NAME")
_ADDRESS, _HOST, _IP, _NUMBER, _TIME, _URL, _NAME = (chr(0xE000 + place) for place in range(len(_MASKS)))
_KEPT: Final = {ord(letter): chr(0xE010 + place) for place, letter in enumerate("0123456789.")}
_WORDS: Final = {0xE000 + place: word for place, word in enumerate(_MASKS)} | {
    ord(mark): chr(letter) for letter, mark in _KEPT.items()
}
_MARKS: Final = "\ue000-\ue01f"

_URLS: Final = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\bmailto:)[^\s<>\"']{1,2000}", re.IGNORECASE)
_QUOTED_LOCAL: Final = re.compile(r'"[^"]{1,128}"@')  # RFC 5321 4.1.2
# Local parts may have what stands between words elsewhere: `SRS0=ab=cd=example.org=jane@example.com`, `o'hara@...`.
_ADDRESSES: Final = re.compile(
    r"""[^\s<>()\[\]{}",;:|'`][^\s<>()\[\]{}",;:|`]{0,319}@(?:[\w-]{1,63}(?:\.[\w-]{1,63}){0,30}|\[[^\]\s]{1,64}\])"""
)
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY: Final = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?"
_CLOCK: Final = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?[ap]m)?"
_ZONE: Final = r"(?: ?(?:z|[+-]\d\d:?\d\d|gmt|utc|cet|cest|[ecmp][sd]t))?(?: \([a-z]{2,5}\))?"
_TIMES: Final = re.compile(
    r"(?<![\w.])(?:"
    rf"\d{{4}}-\d\d-\d\d(?:[t ]{_CLOCK})?{_ZONE}"  # ISO 8601, RFC 3339
    rf"|(?:{_DAY} )?\d{{1,2}}[ /-]{_MONTH}[ /-]\d{{2,4}}(?:[ :t,]{{1,2}}{_CLOCK})?{_ZONE}"  # RFC 5322, logs
    rf"|(?:{_DAY} )?{_MONTH} \d{{1,2}},? (?:{_CLOCK}{_ZONE} )?\d{{4}}"  # ctime
    rf"|\d{{1,4}}/\d{{1,2}}/\d{{2,4}}"
    rf"|{_CLOCK}{_ZONE}"
    r")(?!\w)",
    re.IGNORECASE,
)
_STATUS: Final = r"[245]\.\d{1,3}\.\d{1,3}(?!\.?\w)"  # RFC 3463 2
_CODES: Final = re.compile(rf"(?<![\w.])(?:[245]\d\d[ -]#?)?{_STATUS}")
# A reply code without a status is one where a reply begins: else `after 450 seconds` would be one.
_REPLIES: Final = re.compile(
    r"(^(?:[a-z][\w-]{0,20} ?; ?)?|\b(?:said|says|response|reply|answer|error)(?: was)?:? ?)([245]\d\d)(?=[ -]|$)",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(rf"""(["'`<])([^\s<>"'`{_MARKS}]{{1,64}})(["'>])""")
_ATOMS: Final = re.compile(rf"""[^\s<>()\[\]{{}}"'`,;=|{_MARKS}]+""")
_AROUND: Final = ".:!?*-_/\\&#~"

_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?")
_IPV6: Final = re.compile(r"(?:ipv6:)?[0-9a-f]{0,4}:[0-9a-f:.]{0,40}:[0-9a-f.]{0,15}(?:[%/]\w{1,16})?", re.IGNORECASE)
_HOSTS: Final = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,30}\.(?:[^\W\d_]{2,63}|xn--[\w-]{1,59})(?::\d{1,5})?")
_SENTENCE: Final = re.compile(r"[a-z]\.[A-Z][a-z]+$")  # `unknown.Please`: two words, and no host
_OWN_CODE: Final = re.compile(r"(?=.{3,8}$)[A-Z]{1,4}_?[0-9]{2,4}")  # IB607, OFR_417, S3140, TSS04
_HEX: Final = re.compile(r"[a-f]{8,}|[A-F]{8,}")
_LEAST_BASE64: Final = 10
_LONGEST_WORD: Final = 40
_REPEATED: Final = re.compile(rf"([{_MARKS[0]}-\ue007]|<[{_MARKS[0]}-\ue007]>)(?:[ ,;:/.+-]{{0,3}}\1)+")


def shape_of(text: str, names: Collection[str] = ()) -> str:
    """Return the shape of `text`, at most `MAX_SHAPE` characters on one line.

    `names` are words to be masked as well, whatever their case, such as the local part of the recipient's address.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_TEXT])[:MAX_TEXT]
    text = " ".join(re.sub(f"[{_MARKS}]", " ", text).split())
    text = _URLS.sub(_URL, text)
    text = _ADDRESSES.sub(_ADDRESS, _QUOTED_LOCAL.sub("x@", text))
    text = _TIMES.sub(_TIME, text)
    text = _CODES.sub(lambda found: _code(found[0]), text)
    text = _REPLIES.sub(lambda found: found[1] + _code(found[2]), text)
    text = _QUOTED.sub(_unquoted, text)
    hidden = frozenset(name.casefold() for name in names if name)
    text = _ATOMS.sub(lambda found: _masked(found[0], hidden), text)
    text = _REPEATED.sub(r"\1", text.casefold())
    return text.translate(_WORDS)[:MAX_SHAPE].strip()


def id_of(reason: str, shape: str) -> str:
    """Return the id of `shape` among what is reviewed for `reason`: `SHAPE_ID` hexadecimal characters."""
    return hashlib.sha256(f"{reason}\0{shape}".encode("utf-8", "replace")).hexdigest()[:SHAPE_ID]


def _code(text: str) -> str:
    """Return a code as nothing masks it: `550-5.1.1` of a folded reply and `550 #5.1.1` read 550 5.1.1."""
    return text.replace("-", " ").replace("#", "").translate(_KEPT)


def _unquoted(found: re.Match[str]) -> str:
    """Mask a single word in quotes or angle brackets: `user "jane" unknown` has a name there."""
    opening, word, closing = found.groups()
    if (opening == "<") != (closing == ">") or "@" in word:
        return found[0]
    return f"{opening}{_NAME}{closing}"


def _masked(atom: str, names: frozenset[str]) -> str:
    """Return `atom`, a word without white space, brackets and quotes, or its mask with the punctuation around it."""
    if _IPV6.fullmatch(atom):
        return _IP  # before its colons are taken for punctuation
    core = atom.strip(_AROUND)
    if not core:
        return atom
    begin = atom.index(core)
    return atom[:begin] + (_mask_of(core, names) or core) + atom[begin + len(core) :]


def _mask_of(word: str, names: frozenset[str]) -> str | None:
    """Return the mask of `word`; None where it stays."""
    if "@" in word:
        return _ADDRESS
    if word.casefold() in names:
        return _NAME
    if _IPV4.fullmatch(word) or _IPV6.fullmatch(word):
        return _IP
    if "." in word and _HOSTS.fullmatch(word) and not _SENTENCE.search(word):
        return _HOST
    if any(map(str.isdigit, word)):
        if _OWN_CODE.fullmatch(word):
            return None
        return _NUMBER  # of ids in hexadecimal, one in two hundred is a number
    return _NUMBER if _is_random(word) else None


def _is_random(word: str) -> bool:
    """Say whether `word`, without a digit, is no word of a language but an id: hex, base64, or simply too long."""
    if not word.isascii():
        return False
    if len(word) > _LONGEST_WORD or _HEX.fullmatch(word):
        return True
    if len(word) < _LEAST_BASE64:
        return False
    changes = sum(one.islower() != other.islower() for one, other in pairwise(word))
    return changes * 3 > len(word)  # RecipientNotFound changes 5 times in 17 letters
