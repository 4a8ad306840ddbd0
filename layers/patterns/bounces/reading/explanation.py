"""The explanation of a bounce in prose, and what it says of each of those whom it names (`named`)."""

from __future__ import annotations

import re
from typing import Final

from bounces.addresses import domain_of
from bounces.reading import commands
from bounces.reading.codes import codes_in
from bounces.reading.finding import Finding
from bounces.reading.named import MAX_BLOCK, Named, is_footer
from bounces.reading.places import (
    AFTER_LABEL,
    IN_SENTENCE,
    MAX_LINE,
    ON_ITS_OWN,
    Place,
    is_label_of_another,
    names_another,
    names_recipient,
    quotes_mail,
)
from bounces.reading.places import addresses as addresses_in
from bounces.reading.replies import NEXT_HOST, Replies, unprompted
from bounces.reading.text import one_line
from bounces.reading.wording import EXPLANATIONS, MARKS, wording
from bounces.records import Event

MAX_WORDS: Final = 1500
MAX_LINES: Final = 4000
MAX_SPOTS: Final = 4
MAX_BEGUN: Final = 200  # characters of a line above an address
MAX_CALLED: Final = 4  # words that an address is called by, such as `there is no user`
MAX_LABEL: Final = 80  # characters of a line that may be one such as `Reason:`
MAX_BLANK: Final = 2  # lines between an address and what is said of it; what stands further off is said of nobody

# What stands before the name of the host that a system spoke with: Postfix, Exim and GMX; sendmail; Exchange; Gmail.
_BEFORE_HOST: Final = ("host ", "host: ", "while talking to ", "remote server at ", " by ", "server ")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_RULE: Final = "-----"
_UNDERLINE: Final = "====="
_SAID: Final = "(reason: "  # sendmail, which knows which of a session's replies was the one
_REASON: Final = re.compile(r"\(reason:\s*(.*?)\)?(?:\s\((?:expanded|generated) from:? .*)?$")
_WIDE_COLON: Final = "\uff1a"
_LEADS_ON: Final = (":", _WIDE_COLON)  # `because:`, and the reason in a paragraph of its own
_MARKS: Final = MARKS + "".join(_LEADS_ON)
# How sendmail reports that its own mailer failed; what that wrote (`mail.local: unknown user: kai`) stands before it.
_MAILER_FAILED: Final = re.compile(r"5\d\d .*\.\.\. (?:service unavailable|unknown mailer error \d+)$", re.IGNORECASE)
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


class Explanation:
    """What a bounce says to people, up to the returned message.

    `named` has whom it names, `replies` those of receivers that it shows; `is_cut` says whether it is longer than what
    is read.
    """

    __slots__ = ("_lines", "is_cut", "named", "replies")

    def __init__(self, text: str, own: str = "") -> None:
        """Read the explanation `text`; `own` has, in lower case, the addresses that the bounce is from and to."""
        self._lines = text.split("\n", MAX_LINES)
        self.is_cut = len(self._lines) > MAX_LINES or any(len(line) > MAX_LINE and "@" in line for line in self._lines)
        self.named = Named(text, self._lines, own)
        self.replies = Replies(text, self._lines)

    def findings(self, addresses: list[str], event: Event, *, whole: bool) -> list[Finding]:
        """Return a finding for each of `addresses` with what is said of it.

        Where nothing is said of an address in particular and it is the only one, the replies of a session count, and
        with `whole` then all that the explanation says.
        """
        spots: dict[str, list[Place]] = {address.lower(): [] for address in addresses}
        several = len(addresses) > 1
        for place in (
            (*self.named.plain, *self.named.in_words()) if several or not self.named.plain else self.named.plain
        ):
            if place.address.lower() in spots:
                spots[place.address.lower()].append(place)
        owners: dict[int, set[str]] = {}
        for address, found in spots.items():
            found.sort(key=lambda place: place.kind)
            for place in found:
                owners.setdefault(place.line, set()).add(address)
        action = "delayed" if event is Event.DELAY else "failed"
        findings: list[Finding] = []
        for address in addresses:
            words, codes = self._words(address, spots[address.lower()], owners, alone=not several, whole=whole)
            reply_code, status = codes or codes_in(words)
            found = spots[address.lower()]
            findings.append(
                Finding(
                    recipient=address,
                    original=self.named.origin(found[0]) if found else "",
                    remote_mta=remote_host_in(words),
                    event=event,
                    action=action,
                    diagnostic=words,
                    status=status,
                    reply_code=reply_code,
                )
            )
        if several:
            _hand_over(findings)
        return findings

    def _words(
        self, address: str, spots: list[Place], owners: dict[int, set[str]], *, alone: bool, whole: bool
    ) -> tuple[str, tuple[str, str] | None]:
        """Return what is said of `address`, on one line, and the codes in it where they are known already."""
        near, codes = self._nearest(spots, owners)
        if alone and not any(codes) and self.named.plain:
            worded = [place for place in self.named.in_words() if place.address.lower() == address.lower()]
            other, other_codes = self._nearest(worded, owners)
            if any(other_codes) or not near:
                near, codes = other, other_codes
        reason = self._reason() if alone and not any(codes) else ""
        if any(codes_in(reason)):
            near, codes = reason, codes_in(reason)
        if any(codes) and (near.startswith(_SAID) or not (alone and self.replies.shows_session)):
            told = "" if codes[0] or not whole else self.replies.told() if alone else self.replies.told_of(address)
            reply_code, status = codes_in(told)
            if reply_code:  # what the receiver answered, which the words by the address were made of
                return _bare(told), (reply_code, status or codes[1])
            return _bare(near), codes
        replies, remote = self.replies.shown()
        if not remote and any(codes):
            return _bare(near), codes
        said = self.replies.naming(address) or next(iter(remote or replies if alone else ()), "")
        if not said and near and alone and whole:
            said = self.replies.told()
        if said:
            words = unprompted(said).lstrip(". ")
            before = near.partition(words)[0].rstrip()
            if before and words in near and _MAILER_FAILED.match(words):
                return _bare(f"{words} ({before})"), None
            return _bare(words if near in words or words in near else f"{words} {near}"), None
        if not near and whole and not alone:
            return _bare(self.replies.ending(domain_of(address))), None
        if near or not whole:
            return _bare(f"{near} {reason}" if near and reason not in near else near), codes
        return self._all()[:MAX_WORDS], None

    def _nearest(self, spots: list[Place], owners: dict[int, set[str]]) -> tuple[str, tuple[str, str]]:
        """Return what stands at the first of `spots` with codes, else at the first with words; and its codes."""
        near, codes = "", ("", "")
        for place in spots[:MAX_SPOTS]:
            block = self._block(place, owners)
            if block:
                found = codes_in(block)
                if not near or any(found):
                    near, codes = block, found
                if any(found):
                    break
        return near, codes

    def refused_command(self) -> str:
        """Return the SMTP command before RCPT TO, in upper case, that words here say was refused; else ""."""
        return commands.refused_in(one_line(" ".join(self._lines)))

    def _block(self, place: Place, owners: dict[int, set[str]]) -> str:
        """Return the rest of an address's line and what follows it, up to the next recipient or a blank line."""
        own = place.address.lower()
        before, _, rest = self._lines[place.line].partition(place.address)
        after = rest
        if after.lstrip(_CLOSING).startswith("... "):
            return one_line(after.lstrip(_LEADING))  # sendmail's transcript, where the next line is another's
        after = after.lstrip(_LEADING)
        block = [after] if after and "@" not in after.partition(" ")[0] else []
        if place.kind == IN_SENTENCE and any(codes_in(before)):
            block = [self._lines[place.line].strip()]  # `The error was: 550 5.1.1 <kaspar@...>: ...`
        blank = 0
        for number, line in enumerate(self._lines[place.line + 1 : place.line + MAX_BLOCK], place.line + 1):
            if (number in owners and own not in owners[number]) or NEXT_HOST in line:
                break
            if "@" in line and place.address not in line and _is_next_of_list(line, place, before, rest):
                break
            if line.rstrip().endswith(_LEADS_ON) and self._is_above_another(number, own, owners):
                break
            if not line.strip():
                blank += 1
                if not block[-1].rstrip().endswith(_LEADS_ON) if block else blank > MAX_BLANK:
                    break
                continue
            if not block and (is_footer(line) or is_label_of_another(line) or self._is_heading(number)):
                break
            if not (line.lstrip().startswith(_RULE) or ("@" in line and names_another(line)) or quotes_mail(line)):
                block.append(line)
        if place.kind != ON_ITS_OWN and (not block or place.kind == AFTER_LABEL):
            label = _QUOTED.sub(" ", before)
            if not block or _says_why(label):
                block.insert(0, label.strip(_LEADING + "<"))  # `unknown user: kaspar@...`
        words = one_line(" ".join(block))
        if words.startswith(wording().continuations):
            words = f"{self._begun(place, before.strip(_OPENING))} {words}".lstrip()
        return "" if _is_only_help(block) and not any(codes_in(words)) else words

    def _is_above_another(self, number: int, own: str, owners: dict[int, set[str]]) -> bool:
        """Say whether another recipient than `own` stands right below the line `number`, such as `mailbox full:`."""
        below = number + 1 if any(map(str.strip, self._lines[number + 1 : number + 2])) else number + 2
        return own not in owners.get(below, own)

    def _begun(self, place: Place, before: str) -> str:
        """Return how the sentence begins that goes on behind the address at `place`: with that, or what it is called.

        Other words `before` it, or in the line above, may tell what the mail itself said, and are left out.
        """
        above = [line.strip() for line in reversed(self._lines[max(0, place.line - 2) : place.line])]
        begun = next(filter(None, [before] if before else above), "")
        words = _SENTENCE_END.split(begun[-MAX_BEGUN:])[-1].split()
        if not words or quotes_mail(begun):
            return place.address
        called = _ELIDED.split(words[-1].strip(_COMMAS).lower())[-1]  # `l'adresse`
        return " ".join(words[-MAX_CALLED:]) if called in wording().appositions else ""

    def _is_heading(self, number: int) -> bool:
        """Say whether the line `number` is underlined: what follows is of another matter (MailMarshal's details)."""
        below = self._lines[number + 1] if number + 1 < len(self._lines) else ""
        return below.startswith(_UNDERLINE)

    def _reason(self) -> str:
        """Return what a label such as `Reason:` leads to, beside it or in the paragraph below; "" where none is.

        Of the first few, the first with a code.
        """
        found: list[str] = []
        for number, line in enumerate(self._lines, 1):
            if (":" not in line and _WIDE_COLON not in line) or not _gives_reason(line):
                continue
            beside = line.replace(_WIDE_COLON, ":").partition(":")[2]
            reason = _paragraph([beside, *self._lines[number : number + MAX_BLOCK]])
            if any(codes_in(reason)):
                return reason
            found.append(reason)
            if len(found) == MAX_SPOTS:
                break
        return next(filter(None, found), "")

    def _all(self) -> str:
        """Return all that the explanation says, but for rules, whom to ask, what the mail itself said, and a footer."""
        contacts = wording().contacts
        lines = self._lines[: self.named.footer()]
        told = (line for line in lines if _RULE not in line and contacts.first_in(line.lower()) is None)
        return one_line(" ".join(line for line in told if not quotes_mail(line)))


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


def _paragraph(lines: list[str]) -> str:
    """Return the first paragraph of `lines`, without rules, on one line."""
    found: list[str] = []
    for line in lines:
        words = line.strip()
        if found and (not words or words.startswith(_RULE) or names_recipient(words) or _gives_reason(words)):
            break
        if words and not words.startswith(_RULE) and not quotes_mail(words):
            found.append(words)
    return one_line(" ".join(found))


def _gives_reason(line: str) -> bool:
    """Say whether `line` begins with a label that leads to a reason."""
    label, colon, _ = line[:MAX_LABEL].replace(_WIDE_COLON, ":").partition(":")
    return bool(colon) and label.strip(_MARKS).lower() in wording().reasons


def _hand_over(findings: list[Finding]) -> None:
    """Give words that name another of the recipients, and not the one that they stand by, to that one.

    What follows a list of recipients is said of the one that it names, not of the last.
    """
    by_address = {finding.recipient.lower(): finding for finding in findings}
    for finding in findings:
        words = finding.diagnostic.lower()
        if "@" not in words:
            continue
        named = {address.strip(".'") for _, address in addresses_in(words)} & by_address.keys()
        if not named or finding.recipient.lower() in named or finding.original.lower() in named:
            continue
        for address in named:
            other = by_address[address]
            if not other.reply_code and not other.status:
                other.diagnostic, other.remote_mta = finding.diagnostic, finding.remote_mta
                other.reply_code, other.status = finding.reply_code, finding.status
        finding.diagnostic = finding.remote_mta = finding.reply_code = finding.status = ""


def remote_host_in(words: str) -> str:
    """Return the host that refused, where `words` name it in a way that mail systems name one; else ""."""
    for mark in _BEFORE_HOST:
        place = words.find(mark)
        found = _HOST_NAME.match(words, place + len(mark)) if place >= 0 else None
        if found and not found.group().replace(".", "").isdigit():
            return found.group()
    return ""


def _bare(words: str) -> str:
    """Return `words` without sendmail's `(reason: ...)` around them, at most `MAX_WORDS` long."""
    if words.startswith("(reason:"):
        found = _REASON.match(words)
        words = found.group(1) if found else words
    return words[:MAX_WORDS]
