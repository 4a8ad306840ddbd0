"""Bounces written for people only: no machine-readable part, or none that names anyone.

Fifty mail systems write fifty texts, and all of them are one shape: an explanation, in it the recipients, near each
the remote's words, and after it the returned message or its header. What differs is wording, and that is data
(`prose.toml`). Recipients are taken from the strongest kind of place that has any: a line of their own, a line that a
label introduces, and only then the middle of a sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bounces.addresses import is_address
from bounces.reading.codes import codes_in
from bounces.reading.fields import header_section
from bounces.reading.finding import Finding, Findings
from bounces.reading.limits import MAX_HEADER_TEXT, MAX_RECIPIENTS
from bounces.reading.text import one_line
from bounces.records import Event

MAX_WORDS: Final = 1500
MAX_LINE: Final = 4000
MAX_LINES: Final = 4000

_ADDRESS: Final = (
    r"[^\s<>()\[\]:;,\"'`=@/|]{1,128}@[A-Za-z0-9\u0080-\U0010ffff_-][A-Za-z0-9\u0080-\U0010ffff._-]{0,254}"
)
_QUOTED: Final = r"\"[^\"<>\n]{1,64}\"@[\w.-]{1,255}"
_ANY: Final = re.compile(rf"{_QUOTED}|{_ADDRESS}")
# A line that holds nothing but an address, in whatever brackets, and at most a remark on it.
_ALONE: Final = re.compile(
    rf"[\s>*•·\-\"'(<\[]{{0,40}}(?:smtp:|mailto:|rfc822;)?\s?({_QUOTED}|{_ADDRESS})[\"'>)\].,;*\s]{{0,20}}:?\s{{0,40}}"
    r"(?:\((?:reason: )?[^\n]{0,400}|<?mailto:[^\s>]{1,300}>?|\.\.\. ?[^\n]{0,400}|on \w{3}, \d[^\n]{0,60})?$",
    re.IGNORECASE,
)
# A line that begins with an address, and says something of it.
_HEAD: Final = re.compile(
    rf"\s{{0,12}}(?:[*•-]\s{{1,3}})?[\"'\[]?<?({_QUOTED}|{_ADDRESS})"
    r"(?:>[\"']?[:,.;]?\s|[\"'\]]?(?::\s?| - |\s--\s|,\s|;\s|\.\.\.\s|\s(?=[A-Z(])))"
)
_REPLY: Final = re.compile(r"\s{0,12}(?:<<<\s?|\.{3} )?[\"']?([45]\d\d)(?:[ -][^\n]{3,900}|\s{0,20}$)")
_ON_ITS_OWN: Final = 1
_AFTER_LABEL: Final = 2
_IN_SENTENCE: Final = 3
_HEADER_LINES: Final = ("received:", "return-path:")
_MARKS: Final = " \t-=_*+#>~:.|!\u3000()[]<\u2014\u2013"


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of `prose.toml`."""

    separators: frozenset[str]
    separator_starts: tuple[str, ...]
    senders: tuple[str, ...]
    subjects: tuple[str, ...]
    explanations: tuple[str, ...]
    delays: tuple[str, ...]
    expiries: tuple[str, ...]
    timeouts: tuple[str, ...]
    labels: tuple[str, ...]
    others: frozenset[str]
    contacts: tuple[str, ...]


@cache
def wording() -> Wording:
    """Return the texts of `prose.toml`, read once."""
    lists: dict[str, list[str]] = tomllib.loads(files("bounces.reading").joinpath("prose.toml").read_text("utf-8"))
    sets: dict[str, Any] = {name: frozenset(lists.pop(name)) for name in ("separators", "others")}
    return Wording(**sets, **{name: tuple(texts) for name, texts in lists.items()})


def folded(text: str) -> str:
    """Return `text` as wordings are looked for in it: lower case, each run of white space one space."""
    return " ".join(text.lower().split())


def says(texts: tuple[str, ...], said: str) -> str | None:
    """Return the first of `texts` that `said` (folded) holds, or None."""
    for text in texts:
        if text in said:
            return text
    return None


def split(text: str) -> tuple[str, dict[str, list[str]], str]:
    """Return the explanation in `text`, the headers of the returned message that follows it, and all that follows."""
    known = wording()
    place = 0
    explained = False
    for line in text.split("\n"):
        if len(line) <= 160:
            words = line.strip(_MARKS).lower()
            if explained and words and (words in known.separators or words.startswith(known.separator_starts)):
                rest = text[place:] if words.startswith(_HEADER_LINES) else text[place + len(line) + 1 :]
                rest = rest.lstrip("\n ")
                return text[:place], header_section(rest[:MAX_HEADER_TEXT]), rest
            explained = explained or len(words) > 3
        place += len(line) + 1
    return text, {}, ""


def read(
    text: str, own: Iterable[str], listed: Iterable[str], into: Findings, *, rest: str = "", only_near: bool = False
) -> None:
    """Add to `into` the recipients that the explanation `text` names.

    `own` are the addresses of the bounce's sender and addressee, which only a line of their own makes recipients.
    `listed` are those that are known already (Exim's X-Failed-Recipients), which need no line. `rest` is what follows
    the explanation; of several addresses in sentences, those count that it names too. With `only_near`, words that
    are not said of a recipient in particular are not taken for its diagnostic.
    """
    lines = text.split("\n")
    places = _places(lines, {a.lower() for a in own})
    listed = [a for a in listed if is_address(a)]
    if listed:
        by_address = {address.lower(): place for place, address, _ in reversed(places)}
        chosen = [(by_address.get(a.lower(), -1), a) for a in listed]
    else:
        best = min((tier for _, _, tier in places), default=0)
        chosen = list({a.lower(): (p, a) for p, a, tier in reversed(places) if tier == best}.values())[::-1]
        if best == _IN_SENTENCE and len(chosen) > 1:
            chosen = [(p, a) for p, a in chosen if a.lower() in rest.lower()] or chosen
    starts = {place for place, _ in chosen if place >= 0}
    for place, address in chosen[:MAX_RECIPIENTS]:
        words = _words(lines, place, address, starts, only_near=only_near, single=len(chosen) == 1)
        reply_code, status = codes_in(words)
        into.recipients.append(
            Finding(
                recipient=address,
                event=into.kind,
                action="delayed" if into.kind is Event.DELAY else "failed",
                diagnostic=words,
                status=status,
                reply_code=reply_code,
            )
        )
    if len(chosen) > MAX_RECIPIENTS:
        into.cuts.append("recipients")


def _places(lines: list[str], own: set[str]) -> list[tuple[int, str, int]]:
    """Return where addresses stand: (line, address, tier), the lowest tier the strongest kind of place."""
    places: list[tuple[int, str, int]] = []
    for number, line in enumerate(lines[:MAX_LINES]):
        if "@" not in line or len(line) > MAX_LINE:
            continue
        lower = line.lower()
        if lower.partition(":")[0].strip(_MARKS) in wording().others:
            continue
        found = _ALONE.match(line) or _HEAD.match(line)
        if found:
            _add(places, number, found.group(1), _ON_ITS_OWN)
            continue
        contact = says(wording().contacts, lower) is not None
        for found in _ANY.finditer(line):
            if found.group().lower() in own:
                continue
            before = lower[: found.start()].rstrip(" \t<:=\"'([`-\u201c\uff1a")
            if before.endswith(wording().labels) and not contact:
                _add(places, number, found.group(), _AFTER_LABEL)
            elif not contact:
                _add(places, number, found.group(), _IN_SENTENCE)
    return places


def _add(places: list[tuple[int, str, int]], number: int, address: str, tier: int) -> None:
    address = address.strip(".,;:'!?")
    if is_address(address) and "." in address.rpartition("@")[2]:
        places.append((number, address, tier))


def _words(lines: list[str], place: int, address: str, starts: set[int], *, only_near: bool, single: bool) -> str:
    """Return what is said of `address`, which stands in line `place`, on one line."""
    near = _near(lines, place, address, starts) if place >= 0 else ""
    replies = [line for line in lines if _REPLY.match(line)]
    remote = [line for line in replies if line.lstrip().startswith("<<<")]
    if any(codes_in(near)) and (not remote or not single or near.startswith("(reason:")):
        return near[:MAX_WORDS]
    remote = remote or replies
    of_address = [line for line in remote if address.lower() in line.lower()]
    if only_near and not single:
        remote = []
    for line in of_address or remote:
        return one_line(f"{line.lstrip('< .')} {near}")[:MAX_WORDS]
    if near or only_near:
        return near[:MAX_WORDS]
    return one_line(" ".join(line for line in lines if says(wording().contacts, line.lower()) is None))[:MAX_WORDS]


def _near(lines: list[str], place: int, address: str, starts: set[int]) -> str:
    """Return the rest of the recipient's line and what follows it, up to the next recipient or a blank line."""
    after = lines[place].partition(address)[2].strip(" >:;,\"'")
    block = [after] if after else []
    for line in lines[place + 1 :]:
        if place + len(block) + 1 in starts or len(block) > 40:
            break
        if not line.strip():
            if any(part.strip() for part in block):
                break
            continue
        block.append(line)
    words = one_line(" ".join(block))
    return "" if words == "(reason: )" else words


def is_from_mailer(sender: str) -> bool:
    """Say whether From's text `sender` is that of a mail system."""
    return says(wording().senders, sender.lower()) is not None


def is_bounce(sender: str, subject: str, explanation: str, *, standard: bool) -> bool:
    """Say whether a mail that no standard part marks is a bounce: two independent signs at least.

    `sender` is the text of From and Return-Path, `standard` whether the mail is a multipart/report.
    """
    by_sender = standard or is_from_mailer(sender)
    by_subject = says(wording().subjects, folded(subject)) is not None
    if by_subject and by_sender:
        return True
    return (by_subject or by_sender) and says(wording().explanations, folded(explanation)) is not None


def event_of(subject: str, explanation: str) -> Event:
    """Return what a bounce in prose reports: a failure, or a delay."""
    known = wording()
    said = says(known.delays, folded(subject)) or says(known.delays, folded(explanation))
    return Event.DELAY if said else Event.BOUNCE
