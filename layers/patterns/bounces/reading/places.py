"""Where a text names addresses, and how plainly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bounces.addresses import is_address
from bounces.reading.wording import MARKS, wording

MAX_LINE: Final = 4000
MAX_LOCAL_PART: Final = 128
MAX_LABEL: Final = 60
MAX_LABEL_WORDS: Final = 5
MAX_COUNT: Final = 48  # characters of a line that may be the number of what it lists
MAX_CELL: Final = 4  # lines up from an address in which its label stands, in a table that became lines

# Kinds of place, the plainest first.
ON_ITS_OWN: Final = 1
AFTER_LABEL: Final = 2
IN_SENTENCE: Final = 3

# Letters of any script, but neither the punctuation of Chinese and Japanese texts nor full-width signs. Each range is
# looked for alone: a set of several beyond U+00FF takes milliseconds to compile.
_LETTER: Final = r"(?![\u2000-\u2bff])(?![\u3000-\u3040])(?![\ufe00-\uffff])"
_QUOTED: Final = r"\"[^\"<>\n]{1,64}\"@[\w.-]{1,255}"
_NO_LOCAL: Final = frozenset(
    "<>()[]:;,\"'`=@/|\uff08\uff09\uff1a\uff1b\uff0c\u3002\u3010\u3011\u300c\u300d\u201c\u201d\u3001"
)
_WITHOUT_SPACES: Final = "\u2e80"  # from here on scripts set no space between a word and an address
_AROUND: Final = " \t<>\"'[]"
_AND: Final = frozenset({",", ";", "and", "&", "und", "et", "y", "e"})  # between addresses that one label is for
_OR: Final = _AND | {"or", "oder", "ou", "o"}
_TO_OTHERS: Final = frozenset(
    {"write", "writing", "reply", "replies", "respond", "forward", "redirect", "resend", "moved", "changed"}
)
_ARROWS: Final = ("=> ", "-> ", "--> ", "==> ")
_COLONS: Final = (":", "\uff1a")
_SUCCESS: Final = "successful"  # of `successfully delivered`, and sendmail's `successful delivery notifications`
_SIGNATURE: Final = "-- "  # RFC 3676 4.3
_BEFORE: Final = " \t<:=\"'([`-\u201c\uff1a"

# What may follow where the line holds nothing but the address: a remark on it, or the address again.
_REMARK: Final = re.compile(
    r"[(\[]|<?mailto:[^\s>]{1,300}>?$|<[^\s<>@]{1,128}@[^\s<>@]{1,255}>$|\.\.\."
    # Exchange tells when it failed: `on Tue, 6 Oct 2009 ...`, `am 06.10.2009 ...`.
    r"|(?:on|am|le|el|il|em|op|den|d\.|på|dnia) (?:\w{2,4}[.,]{1,2} \d|\d{1,4}[/.-]\d)"
)


_COUNTED: Final = re.compile(r"\s{0,40}\(?(?:\d{1,4}|[A-Za-z])[.)]\s")


class _Grammar:
    """How addresses are written in a line: what a domain is, and a line that begins with an address."""

    __slots__ = ("domain", "first")

    def __init__(self, domain: re.Pattern[str], first: re.Pattern[str]) -> None:
        self.domain = domain
        self.first = first  # the address in whatever brackets or after a bullet


def _grammar(first: str, more: str, letter: str = "") -> _Grammar:
    domain = rf"{first}(?:{more}){{0,254}}"
    address = rf"(?:{letter}[^\s<>()\[\]:;,\"'`=@/|]){{1,128}}@{domain}"
    before = r"[\s>*•·\-\"'(<\[]{0,40}(?i:smtp:|mailto:|rfc822;)?\s?"
    return _Grammar(re.compile(domain), re.compile(rf"{before}({_QUOTED}|{address})([\"'>)\].,;*:]{{0,20}})"))


_ASCII: Final = _grammar("[A-Za-z0-9_-]", "[A-Za-z0-9_.-]")
_ANY_SCRIPT: Final = _grammar(rf"{_LETTER}[^\x00-,./:-@\[-^`{{-\xa0]", rf"{_LETTER}[^\x00-,/:-@\[-^`{{-\xa0]", _LETTER)


class Place:
    """An address, the number of its line, and the kind of place that it stands in."""

    __slots__ = ("address", "kind", "line")

    def __init__(self, line: int, address: str, kind: int) -> None:
        self.line = line
        self.address = address
        self.kind = kind


def plain_places(lines: list[str]) -> list[Place]:
    """Return where `lines` name addresses on a line of their own."""
    found: list[Place] = []
    delivered = False
    for number, line in enumerate(lines):
        if line == _SIGNATURE and found:
            break
        if "@" not in line:
            if _SUCCESS in line or delivered:
                delivered = _leads_to_delivered(line, delivered=delivered)
        elif not delivered and len(line) <= MAX_LINE:
            begins = (_ASCII if line.isascii() else _ANY_SCRIPT).first
            first = begins.match(line)
            if first is None and (")" in line[:MAX_COUNT] or ". " in line[:MAX_COUNT]):
                counted = _COUNTED.match(line)
                first = begins.match(line, counted.end()) if counted else None
            if first and _is_plain(line, first) and not _is_below_another(lines, number):
                _add(found, number, first.group(1), ON_ITS_OWN)
    return found


def places_in_words(lines: list[str], plain: list[Place], own: str) -> list[Place]:
    """Return where `lines` name addresses after a label or in a sentence, but for the lines of `plain` places.

    Addresses that `own` (lower case) has are left out.
    """
    found: list[Place] = []
    taken = {place.line for place in plain}
    for number, line in enumerate(lines):
        if "@" in line and len(line) <= MAX_LINE and number not in taken:
            _in_words(found, number, line, own)
    firsts = list({place.line: place for place in reversed(found)}.values()) if len(found) > 1 else []
    reasons = [place for place in firsts if _is_behind_reason(lines[place.line], place.address)]
    alike: dict[str, list[Place]] = {}
    for place in firsts:
        alike.setdefault(_word_behind(lines[place.line], place.address), []).append(place)
    for word, places in (*alike.items(), (":", reasons)):
        for place in places if word and len(places) > 1 else ():
            place.kind = AFTER_LABEL
    return found


def is_label_of_another(line: str) -> bool:
    """Say whether `line` is a label, and no more, of who is not the recipient."""
    return len(line) <= MAX_LABEL and _is_of_another(line.lower().strip(MARKS))


def names_another(line: str) -> bool:
    """Say whether `line` is such a label and an address, and ends with it: `Sender: Kim <kim@example.com>`."""
    words = line.split()
    if not words or "@" not in words[-1]:
        return False
    label, colon, _ = line[:MAX_LABEL].partition(":")
    return bool(colon) and _is_of_another(label.lower().strip(MARKS))


def names_recipient(line: str) -> bool:
    """Say whether `line` is the label of a recipient and an address: `Recipient: Kim <kim@example.com>`."""
    label, colon, named = line[:MAX_LINE].partition(":")
    return bool(colon) and "@" in named and label.strip(MARKS).lower() in wording().labels


def quotes_mail(line: str) -> bool:
    """Say whether `line` tells the subject or the date of the mail that was sent, in that mail's own words."""
    label, colon, _ = line[:MAX_LABEL].replace("\uff1a", ":").partition(":")
    return bool(colon) and label.strip(MARKS).lower() in wording().quoted


def _is_plain(line: str, first: re.Match[str]) -> bool:
    """Say whether the address that begins a line is what the line is about, not the first word of a sentence."""
    after = line[first.end() :]
    said = after.strip()
    if not said or _REMARK.match(said):
        return True
    marks = first.group(2)
    if marks.endswith((":", ",", ";", ">", "]", ">.", "'", '"')) and (after[0].isspace() or marks[-1] == ":"):
        return True
    if said.startswith(_ARROWS) or after[0] == "\t":
        return "@" not in said.partition(" ")[2].lstrip().partition(" ")[0]
    return after[0].isspace() and (said.startswith(("- ", "-- ")) or said[0].isupper() or said[0] == "(")


def _leads_to_delivered(line: str, *, delivered: bool) -> bool:
    """Say whether what is below `line` are recipients to whom the mail was delivered, as those above are or not.

    A list of them ends at the next line that leads to one: `Your message could not be delivered to:`.
    """
    words = line.strip()
    if not words.endswith((":", "\uff1a", "-----")):
        return delivered
    return _SUCCESS in words


def _is_below_another(lines: list[str], number: int) -> bool:
    """Say whether the line above, but for blank ones, is such a label, since a table's cells are lines of their own, or
    leads to whom to ask.
    """
    above = number - 1
    while above > number - MAX_CELL and above >= 0 and not lines[above].strip():
        above -= 1
    if above < 0:
        return False
    line = lines[above]
    leads_on = "@" not in line and line.rstrip().endswith(":")
    return is_label_of_another(line) or (leads_on and wording().contacts.first_in(line[:MAX_LINE].lower()) is not None)


def _is_of_another(label: str) -> bool:
    """Say whether `label`, in lower case, is of who is not the recipient, in any of the languages that it is in."""
    others = wording().others
    return label in others or ("/" in label and any(word.strip() in others for word in label.split("/")))


def _in_words(found: list[Place], number: int, line: str, own: str) -> None:
    known = wording()
    lower = line.lower()
    label, colon, _ = lower.partition(":")
    label = label.strip(MARKS)
    if colon and _is_of_another(label):
        return
    others = [(start, address) for start, address in addresses(line) if _stripped(address).lower() not in own]
    if not others or known.contacts.first_in(lower) is not None:
        return
    if label == "to" and len(others) > 1:
        return  # whom the message was for, of whom nobody says that all failed
    end, labelled = 0, False
    for start, address in others:
        # `To:` at the start of a line is the returned message's, told among others of its headers.
        between = lower[end:start]
        if end and "(" in between and ")" not in between:
            continue  # a remark on the one before: `550 <kim@...>: unknown (relayed for ...)`
        is_next = labelled and joins(between)
        labelled = is_next or (label != "to" and _is_labelled(lower[:start]))
        end = start + len(address)
        _add(found, number, address, AFTER_LABEL if labelled else IN_SENTENCE)


def joins(between: str) -> bool:
    """Say whether what stands `between` two addresses makes a list of them, for which one label stands."""
    return between.strip(_AROUND).lower() in _AND


def _is_behind_reason(line: str, address: str) -> bool:
    """Say whether `line` has why something failed, a colon, and then `address`: `mailbox does not exist: kim@...`."""
    before = line.partition(address)[0].rstrip(_AROUND).lower()
    return before.endswith(_COLONS) and bool(wording().told.lists_in(before[-MAX_LABEL:]))


def _word_behind(line: str, address: str) -> str:
    """Return the word behind the `address` that begins a `line`: of a list, `failed` or `|`; "" where that is none."""
    before, _, after = line.partition(address)
    word = "" if before.strip(MARKS) else after.lstrip(_AROUND).partition(" ")[0].lower()
    return "" if word in _OR or "@" in word else word


def _is_labelled(before: str) -> bool:
    """Say whether the words `before` an address (lower case) end in one that names it as the recipient."""
    words = before.rstrip(_BEFORE)[-MAX_LABEL:].split()
    if len(words) > 1 and words[-1] == "to" and words[-2] in _TO_OTHERS:
        return False
    labels = wording().labels
    return any(" ".join(words[-count:]) in labels for count in range(1, min(len(words), MAX_LABEL_WORDS) + 1))


def _add(found: list[Place], number: int, address: str, kind: int) -> None:
    address = _stripped(address)
    if "." in address.rpartition("@")[2] and is_address(address):
        found.append(Place(number, address, kind))


def _stripped(address: str) -> str:
    """Return `address` without the marks of the sentence around it."""
    return address.strip(".,;:'!?")


def addresses(line: str) -> Iterator[tuple[int, str]]:
    """Yield each address in `line` with its place. From each @ outwards, so that the cost is that of the addresses."""
    at = line.find("@")
    known = _ASCII if line.isascii() else _ANY_SCRIPT
    while at >= 0:
        domain = known.domain.match(line, at + 1)
        if domain:
            start = _start_of_local_part(line, at)
            if start < at:
                host = domain.group()
                if host[0] < _WITHOUT_SPACES:
                    host = _until_another_script(host)
                yield start, line[start : at + 1] + host
        at = line.find("@", at + 1)


def _start_of_local_part(line: str, at: int) -> int:
    """Return where the local part before the @ at `at` begins; `at` where there is none."""
    start, first = at, max(0, at - MAX_LOCAL_PART)
    latin = at > 0 and line[at - 1] < _WITHOUT_SPACES
    while start > first:
        character = line[start - 1]
        if character in _NO_LOCAL or character.isspace() or (latin and character >= _WITHOUT_SPACES):
            break
        start -= 1
    return start


def _until_another_script(host: str) -> str:
    return next((host[:place] for place, letter in enumerate(host) if letter >= _WITHOUT_SPACES), host)
