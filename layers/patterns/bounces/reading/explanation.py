"""The explanation of a bounce in prose: whom it names, and what it says of each.

Recipients are taken from the plainest kind of place that names any: a line of their own, a line that a label
introduces, and only then the middle of a sentence.
"""

from __future__ import annotations

import re
from typing import Final

from bounces.addresses import domain_of, is_address
from bounces.reading import commands
from bounces.reading.codes import codes_in
from bounces.reading.finding import Finding
from bounces.reading.places import (
    AFTER_LABEL,
    IN_SENTENCE,
    MAX_LINE,
    ON_ITS_OWN,
    Place,
    is_label_of_another,
    joins,
    names_another,
    places_in_words,
    plain_places,
    quotes_mail,
)
from bounces.reading.places import addresses as addresses_in
from bounces.reading.replies import NEXT_HOST, Replies, unprompted
from bounces.reading.text import one_line
from bounces.reading.wording import EXPLANATIONS, MARKS, wording
from bounces.records import Event

MAX_WORDS: Final = 1500
MAX_LINES: Final = 4000
MAX_BLOCK: Final = 40
MAX_SPOTS: Final = 4
MAX_LABEL: Final = 80  # characters of a line that may be one such as `Reason:`
MAX_BLANK: Final = 2  # lines between an address and what is said of it; what stands further off is said of nobody

_ORIGIN: Final = re.compile(
    r"\((?:ultimately )?(?:generated|expanded) from:? <?([^\s<>()@]{1,128}@[^\s<>()@]{1,255})>?\)", re.IGNORECASE
)
# What stands before the name of the host that a system spoke with: Postfix, Exim and GMX; sendmail; Exchange; Gmail.
_BEFORE_HOST: Final = ("host ", "host: ", "while talking to ", "remote server at ", " by ", "server ")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_RULE: Final = "-----"
_UNDERLINE: Final = "====="
_FOOTER: Final = re.compile(r"\s{0,8}(?:_{8,}\s{0,8}$|--\s?$)")  # what a gateway or a person sets under any text
_SAID: Final = "(reason: "  # sendmail, which knows which of a session's replies was the one
_REASON: Final = re.compile(r"\(reason:\s*(.*?)\)?(?:\s\((?:expanded|generated) from:? .*)?$")
_WIDE_COLON: Final = "\uff1a"
_LEADS_ON: Final = (":", _WIDE_COLON)  # `because:`, and the reason in a paragraph of its own
_ORIGINAL: Final = "original address:"
_USER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")
_MARKS: Final = MARKS + "".join(_LEADS_ON)
# How sendmail reports that its own mailer failed; what that wrote (`mail.local: unknown user: kai`) stands before it.
_MAILER_FAILED: Final = re.compile(r"5\d\d .*\.\.\. (?:service unavailable|unknown mailer error \d+)$", re.IGNORECASE)
_CLOSING: Final = "> \"'"
_LEADING: Final = " >:;,.\"')]-"


class Explanation:
    """What a bounce says to people, up to the returned message. `replies` has those of receivers that it shows."""

    __slots__ = (
        "_has_origins",
        "_lines",
        "_own",
        "_plain_places",
        "_worded",
        "is_cut",
        "replies",
    )

    def __init__(self, text: str, own: str = "") -> None:
        """Read the explanation `text`; `own` has, in lower case, the addresses that the bounce is from and to."""
        self._lines = text.split("\n", MAX_LINES)
        self._own = own
        self._plain_places: list[Place] | None = None
        self._worded: list[Place] | None = None
        self.is_cut = len(self._lines) > MAX_LINES or any(len(line) > MAX_LINE and "@" in line for line in self._lines)
        self._has_origins = "ed from" in text
        self.replies = Replies(text, self._lines)

    @property
    def _plain(self) -> list[Place]:
        if self._plain_places is None:
            self._plain_places = plain_places(self._lines)
        return self._plain_places

    @property
    def names_plainly(self) -> bool:
        """Whether an address stands elsewhere than in the middle of a sentence."""
        return bool(self._plain) or any(place.kind != IN_SENTENCE for place in self._in_words())

    def _in_words(self) -> list[Place]:
        """Return the places of addresses in words, which few explanations need: most set recipients off."""
        if self._worded is None:
            self._worded = places_in_words(self._lines, self._plain, self._own)
        return self._worded

    def recipients(self, rest: str) -> list[str]:
        """Return the addresses that the plainest kind of place names, in their order.

        `rest` is what follows the explanation: of several addresses in sentences, those count that it has too, else
        the first.
        """
        if self._plain:
            plain = {place.address.lower(): place.address for place in self._plain}
            return [plain[address] for address in plain if address not in self._own] or list(plain.values())
        best = min((place.kind for place in self._in_words()), default=0)
        found = list({p.address.lower(): p.address for p in self._in_words() if p.kind == best}.values())
        if best == IN_SENTENCE:
            found = self._above_footer(found)
        if best == IN_SENTENCE and len(found) > 1:
            lower = rest.lower()
            found = [address for address in found if address.lower() in lower] or self._first_named()
        return found or self._originals()

    def _originals(self) -> list[str]:
        """Return the addresses behind the label of one whose final form no other host knows: PMDF's and iPlanet's."""
        lines = [line for line in self._lines if line.lstrip()[: len(_ORIGINAL)].lower() == _ORIGINAL]
        return list(
            dict.fromkeys(address for line in lines for _, address in addresses_in(line) if is_address(address))
        )

    def _above_footer(self, found: list[str]) -> list[str]:
        """Return those of the addresses `found` in sentences that do not stand in a footer only."""
        footer = self._footer()
        above = {place.address.lower() for place in self._in_words() if place.line < footer}
        return [address for address in found if address.lower() in above]

    def _footer(self) -> int:
        """Return the number of the line that a footer begins with, which is below words of a failure; else of the end.

        A line of underscores may as well be an ornament in the midst of what a mail system writes.
        """
        for number, line in enumerate(self._lines):
            if _FOOTER.match(line):
                above = "\n".join(self._lines[:number])
                return number if EXPLANATIONS in wording().told.lists_in_explanation(above) else len(self._lines)
        return len(self._lines)

    def _first_named(self) -> list[str]:
        """Return the first address in a sentence, and those that a comma or `and` joins to it."""
        first = self._in_words()[0]
        line, found = self._lines[first.line], [first.address]
        for place in self._in_words()[1:]:
            between = line.partition(found[-1])[2].partition(place.address)[0]
            if place.line != first.line or not joins(between):
                break  # it may be a stranger's
            found.append(place.address)
        return list({address.lower(): address for address in found}.values())

    def own_users(self, domain: str) -> list[str]:
        """Return addresses in `domain` of the users whom a mail system names without it, each on a line of its own."""
        known = wording().own_users
        for number, line in enumerate(self._lines, 1):
            if not line.rstrip().endswith(":") or known.first_in(line[:MAX_LINE].lower()) is None:
                continue
            found: list[str] = []
            for name in self._lines[number : number + MAX_BLOCK]:
                if name.strip() and _USER_NAME.fullmatch(name.strip()) is None:
                    break
                if name.strip():
                    found.append(f"{name.strip()}@{domain}")
            return found
        return []

    def listed(self, failed: list[str]) -> list[str]:
        """Return the recipients, where Exim's X-Failed-Recipients lists `failed`.

        Exim lists who was mailed, and names in the text whom that led to: `fritz@... (generated from office@...)`.
        """
        origins = {place.address.lower(): self._origin(place) for place in self._plain}
        wanted = {address.lower() for address in failed}
        found = {
            p.address.lower(): p.address
            for p in self._plain
            if {p.address.lower(), origins[p.address.lower()]} & wanted
        }
        told = found.keys() | {origins[address] for address in found}
        found.update((address.lower(), address) for address in failed if address.lower() not in told)
        return list(found.values())

    def _origin(self, place: Place) -> str:
        """Return the address, in lower case, that the one at `place` was made from; "" where none is named."""
        if not self._has_origins:
            return ""
        for line in self._lines[place.line : place.line + 3]:
            found = _ORIGIN.search(line)
            if found:
                return found.group(1).lower()
        return ""

    def findings(self, addresses: list[str], event: Event, *, whole: bool) -> list[Finding]:
        """Return a finding for each of `addresses` with what is said of it.

        Where nothing is said of an address in particular and it is the only one, the replies of a session count, and
        with `whole` then all that the explanation says.
        """
        spots: dict[str, list[Place]] = {address.lower(): [] for address in addresses}
        several = len(addresses) > 1
        for place in (*self._plain, *self._in_words()) if several or not self._plain else self._plain:
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
                    original=self._origin(found[0]) if found else "",
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
        if alone and not any(codes) and self._plain:
            worded = [place for place in self._in_words() if place.address.lower() == address.lower()]
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
        before, _, after = self._lines[place.line].partition(place.address)
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
            if not line.strip():
                blank += 1
                if not block[-1].rstrip().endswith(_LEADS_ON) if block else blank > MAX_BLANK:
                    break
                continue
            if not block and (_FOOTER.match(line) or is_label_of_another(line) or self._is_heading(number)):
                break
            if not (line.lstrip().startswith(_RULE) or ("@" in line and names_another(line)) or quotes_mail(line)):
                block.append(line)
        if place.kind != ON_ITS_OWN and (not block or (place.kind == AFTER_LABEL and _says_why(before))):
            block.insert(0, before.strip(_LEADING + "<"))  # `unknown user: kaspar@...`
        words = one_line(" ".join(block))
        return "" if _is_only_help(block) and not any(codes_in(words)) else words

    def _is_heading(self, number: int) -> bool:
        """Say whether the line `number` is underlined: what follows is of another matter (MailMarshal's details)."""
        below = self._lines[number + 1] if number + 1 < len(self._lines) else ""
        return below.startswith(_UNDERLINE)

    def _reason(self) -> str:
        """Return what a label such as `Reason:` leads to, beside it or in the paragraph below; "" where none is.

        Of the first few, the first with a code.
        """
        known = wording().reasons
        found: list[str] = []
        for number, line in enumerate(self._lines, 1):
            label, colon, beside = line.replace(_WIDE_COLON, ":").partition(":")
            if not colon or len(label) > MAX_LABEL or label.strip(_MARKS).lower() not in known:
                continue
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
        lines = self._lines[: self._footer()]
        told = (line for line in lines if _RULE not in line and contacts.first_in(line.lower()) is None)
        return one_line(" ".join(line for line in told if not quotes_mail(line)))


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
        if words and not words.startswith(_RULE):
            found.extend(() if quotes_mail(words) else (words,))
        elif found:
            break
    return one_line(" ".join(found))


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
