"""Where a text names addresses, and how plainly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bounces.addresses import is_address
from bounces.reading.wording import MARKS, wording

MAX_LINE: Final = 4000
MAX_LOCAL_PART: Final = 128

# Kinds of place, the plainest first.
ON_ITS_OWN: Final = 1
AFTER_LABEL: Final = 2
IN_SENTENCE: Final = 3

# Letters of any script, but neither the punctuation of Chinese and Japanese texts nor full-width signs.
_LETTERS: Final = r"\u00a1-\u1fff\u2c00-\u2fff\u3041-\ufdff\U00010000-\U0010ffff"
_DOMAIN_PATTERN: Final = rf"[A-Za-z0-9_{_LETTERS}-][A-Za-z0-9_.{_LETTERS}-]{{0,254}}"
_ADDRESS: Final = rf"[^\s<>()\[\]:;,\"'`=@/|\u2000-\u2bff\u3000-\u3040\ufe00-\uffff]{{1,128}}@{_DOMAIN_PATTERN}"
_QUOTED: Final = r"\"[^\"<>\n]{1,64}\"@[\w.-]{1,255}"
_DOMAIN: Final = re.compile(_DOMAIN_PATTERN)
_NO_LOCAL: Final = frozenset(
    "<>()[]:;,\"'`=@/|\uff08\uff09\uff1a\uff1b\uff0c\u3002\u3010\u3011\u300c\u300d\u201c\u201d\u3001"
)
_WITHOUT_SPACES: Final = "\u2e80"  # from here on scripts set no space between a word and an address
_BEFORE: Final = " \t<:=\"'([`-\u201c\uff1a"

# A line that holds nothing but an address, in whatever brackets, and at most a remark on it.
_ALONE: Final = re.compile(
    rf"[\s>*•·\-\"'(<\[]{{0,40}}(?i:smtp:|mailto:|rfc822;)?\s?({_QUOTED}|{_ADDRESS})[\"'>)\].,;*\s]{{0,20}}:?\s{{0,40}}"
    r"(?:\((?:reason: )?[^\n]{0,400}|<?mailto:[^\s>]{1,300}>?|<[^\s<>@]{1,128}@[^\s<>@]{1,255}>"
    r"|\.\.\. ?[^\n]{0,400}|on \w{3}, \d[^\n]{0,60})?$"
)
# A line that begins with an address, and says something of it.
_HEAD: Final = re.compile(
    rf"\s{{0,12}}(?:[*•-]\s{{1,3}})?[\"'\[]?<?({_QUOTED}|{_ADDRESS})"
    r"(?:>[\"']?[:,.;]?\s|[\"'\]]{1,2}\s?:?\s|(?::\s?| - |\s--\s|,\s|;\s|\.\.\.\s|\s(?=[A-Z(])|\son\s(?=\d)))"
)


@dataclass(frozen=True, slots=True)
class Place:
    """An address, the number of its line, and the kind of place that it stands in."""

    line: int
    address: str
    kind: int


def places(lines: list[str], own: str) -> list[Place]:
    """Return where `lines` name addresses. Those that `own` (lower case) has count on a line of their own only."""
    found: list[Place] = []
    for number, line in enumerate(lines):
        if "@" in line and len(line) <= MAX_LINE:
            found.extend(_in_line(number, line, own))
    return found


def _in_line(number: int, line: str, own: str) -> Iterator[Place]:
    known = wording()
    lower = line.lower()
    if lower.partition(":")[0].strip(MARKS) in known.others:
        return
    plain = _ALONE.match(line) or _HEAD.match(line)
    if plain:
        yield from _place(number, plain.group(1), ON_ITS_OWN)
        return
    others = [(start, address) for start, address in addresses(line) if address.lower() not in own]
    if not others or known.contacts.first_in(lower) is not None:
        return
    for start, address in others:
        labelled = lower[:start].rstrip(_BEFORE).endswith(known.labels)
        yield from _place(number, address, AFTER_LABEL if labelled else IN_SENTENCE)


def _place(number: int, address: str, kind: int) -> Iterator[Place]:
    address = address.strip(".,;:'!?")
    if is_address(address) and "." in address.rpartition("@")[2]:
        yield Place(number, address, kind)


def addresses(line: str) -> Iterator[tuple[int, str]]:
    """Yield each address in `line` with its place. From each @ outwards, so that the cost is that of the addresses."""
    at = line.find("@")
    while at >= 0:
        start, first = at, max(0, at - MAX_LOCAL_PART)
        latin = at > 0 and line[at - 1] < _WITHOUT_SPACES
        while start > first:
            character = line[start - 1]
            if character in _NO_LOCAL or character.isspace() or (latin and character >= _WITHOUT_SPACES):
                break
            start -= 1
        domain = _DOMAIN.match(line, at + 1)
        if domain and start < at:
            host = domain.group()
            if host[0] < _WITHOUT_SPACES:
                host = _until_another_script(host)
            yield start, line[start : at + 1] + host
        at = line.find("@", at + 1)


def _until_another_script(host: str) -> str:
    return next((host[:place] for place, letter in enumerate(host) if letter >= _WITHOUT_SPACES), host)
