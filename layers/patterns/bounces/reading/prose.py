"""Bounces written for people only: no machine-readable part, or none that names anyone.

Fifty mail systems write fifty texts, and all of them are one shape: an explanation, in it the recipients, near each
the remote's words, and after it the returned message or its header. What differs is wording, and that is data
(`prose.toml`). Recipients are taken from the strongest kind of place that has any: a line of their own, a line that a
label introduces, and only then the middle of a sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bounces.addresses import is_address
from bounces.reading.codes import codes_in
from bounces.reading.fields import header_section
from bounces.reading.finding import Finding
from bounces.reading.limits import MAX_HEADER_TEXT
from bounces.reading.phrases import Phrases, folded
from bounces.reading.text import one_line
from bounces.records import Event

MAX_WORDS: Final = 1500
MAX_LINE: Final = 4000
MAX_LINES: Final = 4000
MAX_BLOCK: Final = 40
MAX_LOCAL_PART: Final = 128

_ADDRESS: Final = (
    r"[^\s<>()\[\]:;,\"'`=@/|]{1,128}@[A-Za-z0-9\u0080-\U0010ffff_-][A-Za-z0-9\u0080-\U0010ffff._-]{0,254}"
)
_QUOTED: Final = r"\"[^\"<>\n]{1,64}\"@[\w.-]{1,255}"
_NO_LOCAL: Final = frozenset("<>()[]:;,\"'`=@/|")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff_-][A-Za-z0-9\u0080-\U0010ffff._-]{0,254}")
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
# Kinds of place, the strongest first.
_ON_ITS_OWN: Final = 1
_AFTER_LABEL: Final = 2
_IN_SENTENCE: Final = 3
_PREFIX: Final = 4
_RULE: Final = "-----"
_DECORATION: Final = "-=_*+#~>|"
_HEADER_LINES: Final = ("received:", "return-path:")
_BEFORE: Final = " \t<:=\"'([`-\u201c\uff1a"
_MARKS: Final = " \t-=_*+#>~:.|!\u3000()[]<\u2014\u2013"


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of `prose.toml`."""

    separators: frozenset[str]
    separator_starts: tuple[str, ...]
    separator_line: re.Pattern[str]
    senders: Phrases
    senders_of_much: Phrases
    subjects: Phrases
    explanations: Phrases
    delays: Phrases
    expiries: Phrases
    timeouts: Phrases
    labels: tuple[str, ...]
    others: frozenset[str]
    contacts: Phrases


@cache
def wording() -> Wording:
    """Return the texts of `prose.toml`, read once."""
    lists: dict[str, list[str]] = tomllib.loads(files("bounces.reading").joinpath("prose.toml").read_text("utf-8"))
    as_is: dict[str, Any] = {
        "separators": frozenset(lists["separators"]),
        "separator_starts": tuple(lists["separator_starts"]),
        "separator_line": _lines_that_begin_like([*lists["separators"], *lists["separator_starts"]]),
        "labels": tuple(lists["labels"]),
        "others": frozenset(lists["others"]),
    }
    phrases: dict[str, Any] = {name: Phrases(texts) for name, texts in lists.items() if name not in as_is}
    return Wording(**as_is, **phrases)


def _lines_that_begin_like(texts: list[str]) -> re.Pattern[str]:
    """Return what matches the start of a line that may be one of `texts`: few lines do, and only they are looked at."""
    starts = "|".join(sorted({re.escape(text[:_PREFIX]) for text in texts}))
    return re.compile(rf"^[{re.escape(_MARKS)}]{{0,80}}(?={starts})", re.MULTILINE)


def split(text: str) -> tuple[str, dict[str, list[str]], str]:
    """Return the explanation in `text`, the headers of the returned message that follows it, and all that follows."""
    known = wording()
    lower = text.lower()
    if len(lower) != len(text):
        lower = text  # a few letters are longer in lower case, and places must be those of the text
    for found in known.separator_line.finditer(lower):
        start = found.start()
        end = lower.find("\n", start)
        line = lower[start : end if end >= 0 else len(lower)]
        words = line[:160].strip(_MARKS)
        if words in known.separators:
            before = lower[:start].rstrip(" \t")
            if line[:1] not in _DECORATION and not before.endswith("\n\n"):
                continue  # the end of a sentence
        elif not words.startswith(known.separator_starts):
            continue
        if len(lower[:start].strip()) > 3:
            rest = text[start + (0 if words.startswith(_HEADER_LINES) else len(line) + 1) :].lstrip("\n ")
            return text[:start], header_section(rest[:MAX_HEADER_TEXT]), rest
    return text, {}, ""


class Explanation:
    """What a bounce says to people, up to the returned message: whom it names, and what it says of each."""

    __slots__ = ("_lines", "_places", "_session", "folded")

    def __init__(self, text: str, own: str = "") -> None:
        """Read the explanation `text`; `own` has, in lower case, the addresses that the bounce is from and to."""
        self.folded = folded(text)
        self._lines = text.split("\n", MAX_LINES)
        self._places = _places(self._lines, own)
        self._session: tuple[list[str], list[str]] | None = None

    @property
    def names_plainly(self) -> bool:
        """Whether an address stands elsewhere than in the middle of a sentence."""
        return any(kind != _IN_SENTENCE for _, _, kind in self._places)

    def recipients(self, rest: str) -> list[str]:
        """Return the addresses that the strongest kind of place names, in their order.

        `rest` is what follows the explanation: of several addresses in sentences, those count that it has too.
        """
        best = min((kind for _, _, kind in self._places), default=0)
        found = list({address.lower(): address for _, address, kind in self._places if kind == best}.values())
        if best == _IN_SENTENCE and len(found) > 1:
            lower = rest.lower()
            found = [address for address in found if address.lower() in lower] or found
        return found

    def findings(self, addresses: list[str], event: Event, *, whole: bool) -> list[Finding]:
        """Return a finding for each of `addresses` with what is said of it.

        Where nothing is said of an address in particular and it is the only one, the replies of a session count, and
        with `whole` then all that the explanation says.
        """
        places: dict[str, int] = {}
        for place, address, _ in self._places:
            places.setdefault(address.lower(), place)
        starts = {places[address.lower()] for address in addresses if address.lower() in places}
        action = "delayed" if event is Event.DELAY else "failed"
        found: list[Finding] = []
        for address in addresses:
            near = self._near(places.get(address.lower()), address, starts)
            words = self._words(near, address, alone=len(addresses) == 1, whole=whole)
            reply_code, status = codes_in(words)
            found.append(
                Finding(
                    recipient=address,
                    event=event,
                    action=action,
                    diagnostic=words,
                    status=status,
                    reply_code=reply_code,
                )
            )
        return found

    def _words(self, near: str, address: str, *, alone: bool, whole: bool) -> str:
        replies, remote = self._replies()
        if any(codes_in(near)) and (not remote or not alone or near.startswith("(reason:")):
            return near[:MAX_WORDS]
        said = [line for line in remote or replies if address.lower() in line.lower()]
        if not said and alone:
            said = remote or replies
        if said:
            return one_line(f"{said[0].lstrip('< .')} {near}")[:MAX_WORDS]
        if near or not whole:
            return near[:MAX_WORDS]
        contacts = wording().contacts
        lines = (line for line in self._lines if _RULE not in line and contacts.first_in(line.lower()) is None)
        return one_line(" ".join(lines))[:MAX_WORDS]

    def _replies(self) -> tuple[list[str], list[str]]:
        """Return the lines that are replies of a session, and those of them that the remote is said to have sent."""
        if self._session is None:
            replies = [line for line in self._lines if _REPLY.match(line)]
            self._session = replies, [line for line in replies if line.lstrip().startswith("<<<")]
        return self._session

    def _near(self, place: int | None, address: str, starts: set[int]) -> str:
        """Return the rest of the address's line and what follows it, up to the next recipient or a blank line."""
        if place is None:
            return ""
        after = self._lines[place].partition(address)[2].lstrip(" >:;,.\"')]")
        block = [after] if after else []
        for number, line in enumerate(self._lines[place + 1 : place + MAX_BLOCK], place + 1):
            if number in starts:
                break
            if not line.strip():
                if block:
                    break
                continue
            if not line.lstrip().startswith(_RULE):
                block.append(line)
        words = one_line(" ".join(block))
        return "" if words == "(reason: )" else words


def _places(lines: list[str], own: str) -> list[tuple[int, str, int]]:
    """Return where addresses stand: (line, address, kind), the lowest kind the strongest.

    Those of `own` count on a line of their own only.
    """
    places: list[tuple[int, str, int]] = []
    known = wording()
    for number, line in enumerate(lines):
        if "@" not in line or len(line) > MAX_LINE:
            continue
        lower = line.lower()
        if lower.partition(":")[0].strip(_MARKS) in known.others:
            continue
        found = _ALONE.match(line) or _HEAD.match(line)
        if found:
            _add(places, number, found.group(1), _ON_ITS_OWN)
            continue
        others = [(place, address) for place, address in _addresses(line) if address.lower() not in own]
        if not others or known.contacts.first_in(lower) is not None:
            continue
        for place, address in others:
            before = lower[:place].rstrip(_BEFORE)
            _add(places, number, address, _AFTER_LABEL if before.endswith(known.labels) else _IN_SENTENCE)
    return places


def _addresses(line: str) -> Iterator[tuple[int, str]]:
    """Yield each address in `line` with its place. From each @ outwards, so that the cost is that of the addresses."""
    at = line.find("@")
    while at >= 0:
        place = at
        while (
            place and at - place < MAX_LOCAL_PART and line[place - 1] not in _NO_LOCAL and not line[place - 1].isspace()
        ):
            place -= 1
        domain = _DOMAIN.match(line, at + 1)
        if domain and place < at:
            yield place, line[place : domain.end()]
        at = line.find("@", at + 1)


def _add(places: list[tuple[int, str, int]], number: int, address: str, kind: int) -> None:
    address = address.strip(".,;:'!?")
    if is_address(address) and "." in address.rpartition("@")[2]:
        places.append((number, address, kind))


def is_from_mailer(sender: str) -> bool:
    """Say whether From's text `sender` is that of a mail system, which writes bounces and little else."""
    return wording().senders.first_in(sender.lower()) is not None


def signs(sender: str, subject: str, *, standard: bool, person: bool) -> int:
    """Weigh the signs of a bounce that a mail shows before its text is looked at: 0 none, 3 enough by themselves.

    `sender` is From's text; `standard` says whether the mail is a multipart/report, `person` whether it is an answer
    or came over a list, so that its subject may be another mail's.
    """
    known = wording()
    said = folded(subject)
    if standard or is_from_mailer(sender):
        return 2 + (known.subjects.first_in(said) is not None)
    if person or known.subjects.first_in(said) is None:
        return 1 if known.senders_of_much.first_in(sender.lower()) else 0
    return 1 + (known.senders_of_much.first_in(sender.lower()) is not None)


def explains(explanation: str) -> bool:
    """Say whether the folded `explanation` says of a mail that it was not delivered."""
    return wording().explanations.first_in(explanation) is not None


def event_of(subject: str, explanation: str) -> Event:
    """Return what a bounce in prose with the folded `explanation` reports: a failure, or a delay."""
    known = wording()
    said = known.delays.first_in(folded(subject)) or known.delays.first_in(explanation)
    return Event.DELAY if said else Event.BOUNCE
