"""The explanation of a bounce in prose, and what of it counts for each of those whom it names (`named`): what stands
beside the address (`beside`), a reason behind a label, or a receiver's reply (`replies`).
"""

from __future__ import annotations

import re
from typing import Final

from bounces.addresses import domain_of
from bounces.reading import commands
from bounces.reading.beside import LEADS_ON, MAX_LABEL, RULE, WIDE_COLON, words_beside
from bounces.reading.codes import codes_in
from bounces.reading.finding import Finding
from bounces.reading.named import MAX_BLOCK, Named
from bounces.reading.places import (
    MAX_LINE,
    Place,
    names_recipient,
    quotes_mail,
)
from bounces.reading.places import addresses as addresses_in
from bounces.reading.replies import Replies, unprompted
from bounces.reading.text import one_line
from bounces.reading.wording import MARKS, wording
from bounces.records import Event

MAX_WORDS: Final = 1500
MAX_LINES: Final = 4000
MAX_SPOTS: Final = 4

# What stands before the name of the host that a system spoke with: Postfix, Exim and GMX; sendmail; Exchange; Gmail.
_BEFORE_HOST: Final = ("host ", "host: ", "while talking to ", "remote server at ", " by ", "server ")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_SAID: Final = "(reason: "  # sendmail, which knows which of a session's replies was the one
_REASON: Final = re.compile(r"\(reason:\s*(.*?)\)?(?:\s\((?:expanded|generated) from:? .*)?$")
_MARKS: Final = MARKS + "".join(LEADS_ON)
# How sendmail reports that its own mailer failed; what that wrote (`mail.local: unknown user: kai`) stands before it.
_MAILER_FAILED: Final = re.compile(r"5\d\d .*\.\.\. (?:service unavailable|unknown mailer error \d+)$", re.IGNORECASE)


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
            block = words_beside(self._lines, place, owners)
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

    def _reason(self) -> str:
        """Return what a label such as `Reason:` leads to, beside it or in the paragraph below; "" where none is.

        Of the first few, the first with a code.
        """
        found: list[str] = []
        for number, line in enumerate(self._lines, 1):
            if (":" not in line and WIDE_COLON not in line) or not _gives_reason(line):
                continue
            beside = line.replace(WIDE_COLON, ":").partition(":")[2]
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
        told = (line for line in lines if RULE not in line and contacts.first_in(line.lower()) is None)
        return one_line(" ".join(line for line in told if not quotes_mail(line)))


def _paragraph(lines: list[str]) -> str:
    """Return the first paragraph of `lines`, without rules, on one line."""
    found: list[str] = []
    for line in lines:
        words = line.strip()
        if found and (not words or words.startswith(RULE) or names_recipient(words) or _gives_reason(words)):
            break
        if words and not words.startswith(RULE) and not quotes_mail(words):
            found.append(words)
    return one_line(" ".join(found))


def _gives_reason(line: str) -> bool:
    """Say whether `line` begins with a label that leads to a reason."""
    label, colon, _ = line[:MAX_LABEL].replace(WIDE_COLON, ":").partition(":")
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
