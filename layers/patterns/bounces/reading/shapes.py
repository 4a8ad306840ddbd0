"""Which shape a mail has, and what it says by it.

The order is from what a standard defines to what only a person would see: feedback report, delivery status,
disposition notification, prose, automatic reply, and a bounce that someone forwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bounces.addresses import domain_of, is_address
from bounces.octets import has
from bounces.reading import auto_reply, commands, delivery_status, feedback, prose, returned, ses_notification, signs
from bounces.reading.addressees import mailed
from bounces.reading.codes import codes_in
from bounces.reading.explanation import Explanation
from bounces.reading.fields import fields
from bounces.reading.finding import Finding, Findings
from bounces.reading.limits import (
    MAX_DOUBTFUL_TEXT,
    MAX_EXPLAINED,
    MAX_FORWARDS,
    MAX_OWN,
    MAX_STATUS,
    MAX_TEXT,
)
from bounces.reading.mime import parse
from bounces.reading.part import Headers, Part
from bounces.reading.parts import Parts, sort
from bounces.reading.phrases import folded
from bounces.reading.places import is_label_of_another
from bounces.reading.wording import wording
from bounces.records import Event

_FORWARDED: Final = re.compile(r"^\s*(?:fwd?|wg|tr|rv|enc|i)\s?:|forward|uncaught bounce", re.IGNORECASE)
MAX_TOLD_FIELDS: Final = 8  # of a mail that is forwarded in a text
_AOL: Final = "aol.com"
_SEPARATED: Final = re.compile(r"[\s,]+")
# X-Original-To is none of them: dma writes the failing recipient there.
_OWN_HEADERS: Final = (
    "from",
    "to",
    "reply-to",
    "sender",
    "return-path",
    "delivered-to",
    "envelope-to",
    "errors-to",
)
_EMBEDDED_STATUS: Final = re.compile(
    r"^(?:reporting-mta|final-recipient|original-recipient)\s?:", re.IGNORECASE | re.MULTILINE
)


def read(root: Part, forwards: int = 0) -> Findings:
    """Return what the mail `root` says. `forwards` counts the mails that it was forwarded in."""
    parts = sort(root)
    found = _read(root, parts, forwards)
    found.cuts.extend(parts.cuts)
    return found


def _read(root: Part, parts: Parts, forwards: int) -> Findings:
    if parts.feedback is not None:
        found = Findings(Event.COMPLAINT, "has a feedback report (RFC 5965)", returned=parts.returned_headers())
        if parts.feedback.size > MAX_TEXT:
            parts.cuts.append("feedback")
        feedback.read(parts.feedback.text(), found.returned, _own(root), found)
        return found
    if parts.statuses:
        found = _delivery_status(parts)
        if found.recipients:
            return found
    if parts.returned and feedback.is_unmarked(parts.returned_headers()):
        found = Findings(Event.COMPLAINT, "is a complaint of Hotmail's programme", returned=parts.returned_headers())
        feedback.read("Feedback-Type: abuse\n", found.returned, _own(root), found)
        return found
    if parts.disposition is not None:
        rejected = _rejection(parts)
        if rejected is not None:
            return rejected
        return Findings(Event.OTHER, "is a disposition notification (RFC 8098)")
    notification = _ses_notification(parts)
    if notification is not None:
        return notification
    return _prose(root, parts, forwards) or _no_bounce(root, parts, forwards)


def _ses_notification(parts: Parts) -> Findings | None:
    for part in parts.texts[:1]:
        if has(part.body[:4096], b'"notificationType"'):
            return ses_notification.read(part.text())
    return None


def _no_bounce(root: Part, parts: Parts, forwards: int) -> Findings:
    """Return what a mail that is itself no bounce is: an unsubscription, an automatic reply, or a forward of one."""
    subject = root.subject
    sender = returned.addresses_in(root.headers.get("from", ()))
    if any(auto_reply.is_unsubscription(part.text(2000)) for part in parts.texts[:1] if len(part.body) < 4096):
        found = Findings(Event.COMPLAINT, "is a mail program's request to unsubscribe (RFC 2369)")
        found.recipients.append(Finding(sender[0] if sender else "", event=Event.COMPLAINT, feedback_type="opt-out"))
        return found
    sign = auto_reply.sign_of(root.headers, subject)
    if sign is not None:
        found = Findings(Event.AUTO_REPLY, f"is an automatic reply: {sign}")
        found.recipients.append(Finding(sender[0] if sender else "", event=Event.AUTO_REPLY))
        return found
    inner = parts.returned.children[0] if parts.returned and parts.returned.children else None
    if inner is not None and inner.headers and forwards < MAX_FORWARDS:
        same = subject.strip() in ("", inner.subject.strip())
        forwarded = _forwarded(inner, forwards) if same or _FORWARDED.search(subject) else None
        if forwarded is not None:
            return forwarded
    return Findings(Event.OTHER, "has too few signs of a bounce")


def _forwarded(inner: Part, forwards: int) -> Findings | None:
    """Return what the forwarded mail `inner` says, where it is a bounce or a complaint that names someone."""
    found = read(inner, forwards + 1)
    if found.kind in (Event.BOUNCE, Event.DELAY, Event.COMPLAINT) and any(f.recipient for f in found.recipients):
        found.reason += ", forwarded in another mail"
        return found
    return None


def _delivery_status(parts: Parts) -> Findings:
    found = Findings(Event.BOUNCE, "has a delivery status (RFC 3464)")
    for part in parts.statuses:
        if part.size > MAX_STATUS:
            parts.cuts.append("status")
        delivery_status.read(part.text(MAX_STATUS), found)
    if not found.recipients:
        return found
    found.returned = parts.returned_headers()
    found.kind = strongest(found)
    is_wordless = any(map(_is_wordless, found.recipients))
    shows_mail_from = any(commands.shows_mail_from(part.body) for part in parts.texts)
    if is_wordless or shows_mail_from:
        explanation = Explanation(prose.split(parts.explanation())[0])
        if shows_mail_from:
            _add_commands(found, explanation)
        if is_wordless:
            _add_words(found, explanation)
    return found


def _is_wordless(finding: Finding) -> bool:
    return finding.event is not Event.DELIVERY and not finding.has_codes


def strongest(found: Findings) -> Event:
    """Return the event for which a mail of several counts: a failure before a delay before a success."""
    events = {finding.event for finding in found.recipients}
    return next(event for event in (Event.BOUNCE, Event.DELAY, Event.DELIVERY, Event.OTHER) if event in events)


def _rejection(parts: Parts) -> Findings | None:
    """Return what a disposition notification says that is a refusal, as Dovecot's delivery agent writes one."""
    text = parts.explanation()
    if _is_by_hand(parts.disposition) or not prose.rejects(folded(text)):
        return None
    found = Findings(Event.BOUNCE, "is a refusal in the form of a disposition notification")
    found.returned = parts.returned_headers()
    explanation = Explanation(prose.split(text)[0])
    final, original = _disposed(parts.disposition)
    found.recipients = explanation.findings(
        [final] if final else explanation.named.recipients(""), Event.BOUNCE, whole=True
    )
    if final:
        found.recipients[0].original = original
    return found if found.recipients else None


def _disposed(disposition: Part | None) -> tuple[str, str]:
    """Return final and original recipient of a disposition notification (RFC 8098 3.2), "" where one is not named: the
    reason that is given to people may name a new address.
    """
    named = dict(reversed([*fields(disposition.text())])) if disposition is not None else {}
    final, original = (delivery_status.address_in(named.get(f"{name}-recipient", "")) for name in ("final", "original"))
    return final if is_address(final) else "", original if is_address(original) else ""


def _is_by_hand(disposition: Part | None) -> bool:
    """Say whether someone saw the message (RFC 8098 3.2.6): nothing was refused, whatever the receipt quotes."""
    said = disposition.text().lower() if disposition is not None else ""
    return "manual-action" in said or "displayed" in said


def _add_words(found: Findings, explanation: Explanation) -> None:
    """Give findings whose diagnostic says little the words that the explanation has for them."""
    named = [finding.recipient for finding in found.recipients[:MAX_EXPLAINED]]
    heard = explanation.findings(named, Event.BOUNCE, whole=False)
    for finding, words in zip(found.recipients, heard, strict=False):
        if not _is_wordless(finding):
            continue
        if finding.remote_mta and not any((words.reply_code, words.status)):
            words.diagnostic = explanation.replies.ending(finding.remote_mta) or words.diagnostic
            words.reply_code, words.status = codes_in(words.diagnostic)
        if not words.diagnostic:
            continue
        if finding.diagnostic and not words.reply_code and not words.status:
            continue
        finding.diagnostic = finding.diagnostic or words.diagnostic
        finding.reply_code = finding.reply_code or words.reply_code
        finding.status = delivery_status.best_status(finding.status, words.status)


def _add_commands(found: Findings, explanation: Explanation) -> None:
    """Note the command that was refused where the explanation says so: Postfix's, Exim's and sendmail's do."""
    shown = explanation.replies.refused_command()
    if len(found.recipients) == 1:
        found.recipients[0].command = explanation.refused_command() or shown
        return
    named = [finding.recipient for finding in found.recipients[:MAX_EXPLAINED]]
    for finding, words in zip(found.recipients, explanation.findings(named, Event.BOUNCE, whole=False), strict=False):
        finding.command = commands.refused_in(words.diagnostic) or shown


def _prose(root: Part, parts: Parts, forwards: int) -> Findings | None:
    """Return what the mail says to people, or None where it has too few signs of a bounce."""
    failed = _failed_header(root)
    weight = signs.ENOUGH if failed else signs.of(root)
    if not weight:
        return None
    text = parts.explanation(MAX_TEXT if weight > signs.ANYONE else MAX_DOUBTFUL_TEXT)
    before, headers, rest = prose.split(text)
    if weight < signs.FROM_MAILER and "\n>" in before and not _FORWARDED.search(root.subject):
        before = prose.unquoted(before)
    told = wording().told.lists_in_explanation(before)
    if weight == signs.DOUBTED and not codes_in(before)[0]:
        return None
    if not signs.tells_why(weight, told, before):
        if _FORWARDED.search(root.header("subject")) is None:
            return None
        return _embedded_bounce(parts, headers, rest, forwards) or _told_bounce(root, parts, rest, forwards)
    explanation = Explanation(before, _own(root))
    found = Findings(prose.event_of(root.subject, told), "is a bounce in prose", in_prose=True, told=told)
    if explanation.is_cut:
        parts.cuts.append("lines")
    found.returned = parts.returned_headers() or headers
    if "inal-" in text and _embedded_status(text, found):
        return found
    if weight <= signs.ANYONE and not found.returned and not explanation.named.names_plainly:
        return None  # speaks of failures and of addresses, and returns nothing
    if weight >= signs.ANYONE and not found.returned and not failed and not signs.is_of_a_mail(root, before):
        return None
    named = (
        explanation.named.listed(failed)
        if failed
        else _own_users(root, explanation) or explanation.named.recipients(rest)
    )
    found.recipients = explanation.findings(named, found.kind, whole=True)
    if found.recipients:
        shown = explanation.replies.refused_command() if ">>> " in before else ""
        for finding in found.recipients:
            finding.command = shown
            if finding.status.startswith("2") and not finding.reply_code:
                finding.event, finding.action = Event.DELIVERY, "delivered"
        found.kind = strongest(found)
        return found
    nested = _embedded_bounce(parts, headers, rest, forwards)
    if nested is not None:
        return nested
    if not found.returned and weight < signs.FROM_MAILER:
        return None  # names nobody, returns nothing, and comes from anyone
    return _unnamed(found, explanation, root.headers.get("to", ()))


def _own_users(root: Part, explanation: Explanation) -> list[str]:
    """Return whom AOL names without a domain, which is its own for all of its hosts."""
    mailer = returned.addresses_in(root.headers.get("from", ()))
    domain = domain_of(mailer[0]) if mailer else ""
    return explanation.named.own_users(_AOL) if domain == _AOL or domain.endswith(f".{_AOL}") else []


def _failed_header(root: Part) -> list[str]:
    """Return the addresses of X-Failed-Recipients, which Exim writes, and Google."""
    values = root.headers.get("x-failed-recipients")
    if not values:
        return []
    listed = (address for value in values for address in _SEPARATED.split(value))
    return [address for address in listed if is_address(address)]


def _embedded_status(text: str, found: Findings) -> bool:
    """Add to `found` what a delivery status says that stands in the text itself; say whether there is one."""
    start = _EMBEDDED_STATUS.search(text)
    if start is None:
        return False
    delivery_status.read(text[start.start() :], found)
    if not found.recipients:
        return False
    found.kind = strongest(found)
    _add_words(found, Explanation(text[: start.start()]))
    return True


def _embedded_bounce(parts: Parts, headers: Headers, rest: str, forwards: int) -> Findings | None:
    """Return what the bounce says that a bounce without a recipient returns, as gateways wrap one in another."""
    inner = parts.returned.children[0] if parts.returned and parts.returned.children else None
    if inner is None and rest and signs.is_from_mailer(" ".join(headers.get("from", ()))):
        inner = parse(rest.encode("utf-8", "replace"), parts.cuts)
    return _forwarded(inner, forwards) if inner is not None and forwards < MAX_FORWARDS else None


def _told_bounce(root: Part, parts: Parts, rest: str, forwards: int) -> Findings | None:
    """Return what the bounce says that a person forwards in a text, quoted or below the few fields that a mail program
    tells of it in its user's language; None where `rest` is no mail system's.
    """
    head, _, body = prose.dequoted(rest).lstrip("\n ").partition("\n\n")
    for line in head.split("\n", MAX_TOLD_FIELDS)[:MAX_TOLD_FIELDS]:
        label, _, sender = line.partition(":")
        if is_label_of_another(label) and signs.is_surely_from_mailer(sender) and forwards < MAX_FORWARDS:
            mail = f"From: {sender.strip()}\nSubject: {root.header('subject')}\n\n{body}"
            return _forwarded(parse(mail.encode("utf-8", "replace"), parts.cuts), forwards)
    return None


def _unnamed(found: Findings, explanation: Explanation, return_path: Sequence[str]) -> Findings:
    """Return `found` with the one recipient of the returned message, or with none where To does not tell."""
    to = returned.only_address(found.returned)
    only = mailed(found, to, "", return_path) if to else None
    if only is None:
        found.note = "names no recipient"
        found.recipients = explanation.findings([""], found.kind, whole=True)
    else:
        found.note = "names no recipient; the returned message's To does"
        found.recipients = explanation.findings([only], found.kind, whole=True)
    return found


def _own(root: Part) -> str:
    """Return the headers, in lower case, that have the addresses that the bounce itself is from and to."""
    return " ".join(root.header(name)[:MAX_OWN] for name in _OWN_HEADERS).lower()
