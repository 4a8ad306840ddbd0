"""What a bounce in prose says beside an address: behind it and below, up to the next recipient."""

from __future__ import annotations

import re
from typing import Final

from bounces.reading.codes import codes_in
from bounces.reading.named import MAX_BLOCK, is_footer
from bounces.reading.places import (
    AFTER_LABEL,
    IN_SENTENCE,
    ON_ITS_OWN,
    Place,
    is_label_of_another,
    names_another,
    quotes_mail,
)
from bounces.reading.replies import NEXT_HOST
from bounces.reading.text import one_line
from bounces.reading.wording import EXPLANATIONS, MARKS, wording

MAX_LABEL: Final = 80  # characters of a line that may be one such as `Reason:`
MAX_BLANK: Final = 2  # lines between an address and what is said of it; what stands further off is said of nobody
MAX_CALLED: Final = 4  # words that an address is called by, such as `there is no user`
MAX_BEGUN: Final = 200  # characters of a line above an address

RULE: Final = "-----"
WIDE_COLON: Final = "\uff1a"
LEADS_ON: Final = (":", WIDE_COLON)  # `because:`, and the reason in a paragraph of its own
_UNDERLINE: Final = "====="
# What a system quotes within a line, as the subject of the mail.
_QUOTED: Final = re.compile(
    "\"[^\"]{0,200}\"|\\B'[^']{0,200}'\\B|\u201c[^\u201d]{0,200}\u201d|\u201e[^\u201c]{0,200}\u201c|\u00ab[^\u00bb]{0,200}\u00bb"
)
_SENTENCE_END: Final = re.compile(r"[.:;!?@\"\u201c-\u201f\u00ab\u00bb\uff1a\u3002]|\B'|'\B")
_ELIDED: Final = re.compile(r"['\u2019]")
_COMMAS: Final = ",'\u2018\u2019<("
_OPENING: Final = "< \"'"
_CLOSING: Final = "> \"'"
_CLOSED: Final = _CLOSING + ".)]:"
_LEADING: Final = " >:;,.\"')]-="


def words_beside(lines: list[str], place: Place, owners: dict[int, set[str]]) -> str:
    """Return what `lines` say of the address at `place`, on one line: the rest of its line and what follows that, up to
    the next recipient, of whom `owners` tells which lines are whose, or a blank line.

    Where that goes on a sentence, with what the address is called before it; else with a label that says why.
    """
    own = place.address.lower()
    before, _, rest = lines[place.line].partition(place.address)
    after = rest.lstrip(_LEADING)
    if rest.lstrip(_CLOSING).startswith("... "):
        return one_line(after)  # sendmail's transcript, where the next line is another's
    block = [after] if after and "@" not in after.partition(" ")[0] else []
    if place.kind == IN_SENTENCE and any(codes_in(before)):
        block = [lines[place.line].strip()]  # `The error was: 550 5.1.1 <kaspar@...>: ...`
    blank = 0
    for number, line in enumerate(lines[place.line + 1 : place.line + MAX_BLOCK], place.line + 1):
        if (number in owners and own not in owners[number]) or NEXT_HOST in line:
            break
        if "@" in line and place.address not in line and _is_next_of_list(line, place, before, rest):
            break
        if line.rstrip().endswith(LEADS_ON) and _is_above_another(lines, number, own, owners):
            break
        if not line.strip():
            blank += 1
            if not block[-1].rstrip().endswith(LEADS_ON) if block else blank > MAX_BLANK:
                break
            continue
        if not block and (is_footer(line) or is_label_of_another(line) or _is_heading(lines, number)):
            break
        if not (line.lstrip().startswith(RULE) or ("@" in line and names_another(line)) or quotes_mail(line)):
            block.append(line)
    if place.kind != ON_ITS_OWN and (not block or place.kind == AFTER_LABEL):
        label = _QUOTED.sub(" ", before)
        if not block or _says_why(label):
            block.insert(0, label.strip(_LEADING + "<"))  # `unknown user: kaspar@...`
    words = one_line(" ".join(block))
    if words.startswith(wording().continuations):
        words = f"{_begun(lines, place, before.strip(_OPENING))} {words}".lstrip()
    return "" if _is_only_help(block) and not any(codes_in(words)) else words


def _is_above_another(lines: list[str], number: int, own: str, owners: dict[int, set[str]]) -> bool:
    """Say whether another recipient than `own` stands right below the line `number`, such as `mailbox full:`."""
    below = number + 1 if any(map(str.strip, lines[number + 1 : number + 2])) else number + 2
    return own not in owners.get(below, own)


def _begun(lines: list[str], place: Place, before: str) -> str:
    """Return how the sentence begins that goes on behind the address at `place`: with that, or what it is called.

    Other words `before` it, or in the line above, may tell what the mail itself said, and are left out.
    """
    above = [line.strip() for line in reversed(lines[max(0, place.line - 2) : place.line])]
    begun = next(filter(None, [before] if before else above), "")
    words = _SENTENCE_END.split(begun[-MAX_BEGUN:])[-1].split()
    if not words or quotes_mail(begun):
        return place.address
    called = _ELIDED.split(words[-1].strip(_COMMAS).lower())[-1]  # `l'adresse`
    return " ".join(words[-MAX_CALLED:]) if called in wording().appositions else ""


def _is_heading(lines: list[str], number: int) -> bool:
    """Say whether the line `number` is underlined: what follows is of another matter (MailMarshal's details)."""
    below = lines[number + 1] if number + 1 < len(lines) else ""
    return below.startswith(_UNDERLINE)


def _is_next_of_list(line: str, place: Place, before: str, after: str) -> bool:
    """Say whether `line`, with another address, is the next of a list, if that of `place` has words around its own.

    It has the same label (`To: kaspar@...`), or its address too at its end or its beginning, in words.
    """
    label, colon, _ = before.partition(":")
    own = label.strip(MARKS).lower() if colon else ""
    if own and line[:MAX_LABEL].partition(":")[0].strip(MARKS).lower() == own:
        return True
    words = line.strip(MARKS).split()
    if len(words) < 2:
        return False
    if before.strip(MARKS):
        is_alike = "@" in words[-1] and not after.strip(_CLOSED)
    else:
        is_alike = "@" in words[0] and place.kind != ON_ITS_OWN and bool(after.strip())
    if not is_alike or names_another(line) or _is_only_help([line]):
        return False
    return not any(codes_in(line)) or any(codes_in(before)) or any(codes_in(after))


def _is_only_help(block: list[str]) -> bool:
    """Say whether each line of `block` says whom to ask: `Please reply to postmaster@...`, `if you feel that ...`."""
    contacts = wording().contacts
    return all(contacts.first_in(line.lower()) is not None for line in block)


def _says_why(label: str) -> bool:
    """Say whether a `label` before an address is why it failed: `User's mailbox is full: <kaspar@...>`."""
    words = label.lower().rstrip(_LEADING + "<")
    return not words.endswith(" to") and EXPLANATIONS in wording().told.lists_in(words)
