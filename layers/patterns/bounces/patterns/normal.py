"""The one form in which diagnostics and patterns are compared.

White space runs are one space, typographic letters their plain ones, and the reply codes that a folded SMTP reply
(`550-5.1.1 ...` / `550 5.1.1 ...`, RFC 5321 4.2.1) repeats on each of its lines stand once, in front.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from bounces.patterns.codes import reply_start

# The apostrophe of "doesn't" comes in many shapes; zero-width characters and soft hyphens show nothing.
_ALIKE: Final = (
    *(("\u2018", "'"), ("\u2019", "'"), ("\u00b4", "'")),
    *(("\u201c", '"'), ("\u201d", '"'), ("\u201e", '"'), ("\u00ab", '"'), ("\u00bb", '"')),
    *((sign, "") for sign in "\u200b\u200c\u200d\u2060\ufeff\u00ad"),
)
# A hyphen before a digit joins a number, unless an enhanced status code follows it.
# The look behind stands after the first digit, so that the search is for a digit.
_REPLY: Final = re.compile(r"([245](?<![\w.@#-].)[0-5]\d)(?:([- ])([245]\.\d{1,3}\.\d{1,3})(?![\w.]) ?|(-)(?!\d)| )")
_ADDRESS_ENDS: Final = " <>()[]\"',;:、。「」【】"
_TO_ADDRESS_END: Final = re.compile(f"[^{re.escape(_ADDRESS_ENDS)}]*")


class Text:
    """A diagnostic in the form to be matched: as it reads, with its case folded, and that in UTF-8 for RE2.

    The receiver's answer begins at `answer` of `folded`; before it are the sending system's own words. Written out, as
    what else is made for each mail: mypyc has the attributes of a named tuple looked up by name each time.
    """

    __slots__ = ("answer", "folded", "raw", "shown")

    def __init__(self, shown: str, folded: str, raw: bytes, answer: int) -> None:
        self.shown = shown
        self.folded = folded
        self.raw = raw
        self.answer = answer

    def part(self, start: int, end: int) -> str:
        """Return what stands at a place of `folded`, as it reads where that place is known in `shown`."""
        return (self.shown if len(self.shown) == len(self.folded) else self.folded)[start:end]


def text_of(diagnostic: str) -> Text:
    """Return `diagnostic` in the form to be matched."""
    shown = normal(diagnostic)
    folded_text = shown.casefold()
    return Text(shown, folded_text, folded_text.encode(), reply_start(folded_text))


def normal(text: str) -> str:
    """Return `text` with one space for each run of white space (any of Unicode's) and the codes of its lines once."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        for sign, plain in _ALIKE:  # of which a text has few: looking up each of its letters takes longer
            if sign in text:
                text = text.replace(sign, plain)
    return _unrepeated(" ".join(text.split())).strip()


def folded(text: str) -> str:
    """Return a literal pattern in the form in which it is looked for in `Text.folded`."""
    return normal(text).casefold()


def is_in_address(text: str, start: int, end: int) -> bool:
    """Say whether this place in `text` lies within a mail address: its words are a name, and say nothing of why a
    mail failed.
    """
    if " " in text[start:end] or "@" not in text:
        return False
    last = _TO_ADDRESS_END.match(text, start)
    if last is None or last.end() < end:
        return False
    first = max(text.rfind(sign, 0, start) for sign in _ADDRESS_ENDS) + 1
    return "@" in text[first : last.end()]


def _unrepeated(text: str) -> str:
    seen: set[tuple[str, str | None]] = set()
    folded_replies: set[str] = set()

    def once(found: re.Match[str]) -> str:
        code, sign, status, hyphen = found.groups()
        line = (code, status)
        if status is None and hyphen is None:
            return "" if code in folded_replies else found.group()
        if line in seen:
            return ""
        seen.add(line)
        if "-" in (sign, hyphen):
            folded_replies.add(code)
        return f"{code} {status} " if status else f"{code} "

    return _REPLY.sub(once, text)
