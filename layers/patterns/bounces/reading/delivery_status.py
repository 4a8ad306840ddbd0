"""The machine-readable part of a DSN: RFC 3464, RFC 6533 where addresses are internationalised.

What mail systems write is looser than the RFCs. Recipients stand in one block or several, blank lines stand within a
block, the type is missing or made up, Status is empty or only in the diagnostic. So the fields are read as one
stream, and a recipient begins where a field comes that the one before already has.
"""

from __future__ import annotations

import re
from typing import Final

from bounces.addresses import bare, is_address
from bounces.reading.codes import codes_in, is_vague, reply_code_in, status_in
from bounces.reading.fields import fields, typed, without_comments
from bounces.reading.finding import Finding, Findings
from bounces.reading.limits import MAX_RECIPIENTS
from bounces.reading.places import addresses
from bounces.records import Event

# RFC 3464 2.3.3. Some systems write the words of other languages or of their own.
ACTIONS: Final = {
    "failed": Event.BOUNCE,
    "failure": Event.BOUNCE,
    "fail": Event.BOUNCE,
    "expired": Event.BOUNCE,
    "rejected": Event.BOUNCE,
    "delayed": Event.DELAY,
    "deferred": Event.DELAY,
    "delayed-delivery": Event.DELAY,
    "delivered": Event.DELIVERY,
    "relayed": Event.DELIVERY,
    "expanded": Event.DELIVERY,
    "deliverable": Event.DELIVERY,
}
# RFC 3463 3: the subjects of a status that are about system, network, protocol, content and policy.
_OF_NO_ADDRESS: Final = ("3", "4", "5", "6", "7")
_NULLMAILER: Final = "nullmailer"
_MESSAGE_FIELDS: Final = frozenset(
    {"reporting-mta", "original-envelope-id", "received-from-mta", "dsn-gateway", "arrival-date"}
)
_RECIPIENT_STARTS: Final = frozenset(
    {"final-recipient", "original-recipient", "action", "status", "x-actual-recipient"}
)
_FIRST_FIELDS: Final = (
    "reporting-mta",
    "original-envelope-id",
    "final-recipient",
    "original-recipient",
    "arrival-date",
    "action:",
    "dsn-gateway",
    "x-postfix",
    "received-from-mta",
)
_NAMES: Final = frozenset({"final-recipient", "original-recipient", "x-actual-recipient"})
# Of a Diagnostic-Code; what stands before another semicolon is part of the words.
_DIAGNOSTIC_TYPES: Final = frozenset({"smtp", "lmtp", "esmtp", "dns", "local"})
# What nearly all recipient fields are; the others are taken apart.
_USUAL: Final = re.compile(
    r"(?:rfc822|RFC822)?\s{0,8};?\s{0,8}<?([A-Za-z0-9_.+=&'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})>?"
)
_PROGRAM: Final = ('"|', '"/', "|")  # a pipe or a file, to whose name some systems add their host's
_BRACKETED: Final = re.compile(r"<([^<>\s]{3,256})>")
_BEFORE_ADDRESS: Final = " \t<(:;,["  # where something else stands before it, it is the end of what is no address
_COMMENT: Final = re.compile(r"\(([^()]{3,998})\)")
# Postfix before 2.3 writes no Remote-MTA, and who refused into its own sentence.
_HOST_THAT_SAID: Final = re.compile(r"host ([\w.-]{1,255})\[[\da-fA-F.:]{2,45}\](?::\d{1,5})? (?:said|refused)\b")
_XTEXT: Final = re.compile(r"\+([0-9A-F]{2})")
_UNITEXT: Final = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_WORD: Final = re.compile(r"[A-Za-z-]+")


def starts_as_delivery_status(text: str) -> bool:
    """Say whether `text`, the start of a part, is a delivery status, whatever the part is called."""
    first = text.lstrip("\n\r ")[:40].lower()
    head = text.lower()
    return first.startswith(_FIRST_FIELDS) and "-recipient:" in head and ("action:" in head or "status:" in head)


def read(text: str, into: Findings) -> None:
    """Add to `into` what the delivery status `text` says: per-message fields, and a finding for each recipient."""
    group: dict[str, str] = {}
    first = len(into.recipients)
    gap = False
    for name, value in fields(text):
        if not name:
            gap = True
            continue
        if name in _MESSAGE_FIELDS:
            _message_field(name, value, into)
            continue
        if name in _RECIPIENT_STARTS and (name in group or (gap and name in _NAMES and "final-recipient" in group)):
            _close(group, into)
            group = {}
            if "recipients" in into.cuts:
                break
        gap = False
        if name not in group:
            group[name] = value
    _close(group, into)
    if len(into.recipients) - first > 1:
        _take_back(into.recipients[first:], unnamed=into.system == _NULLMAILER)


def _take_back(recipients: list[Finding], *, unnamed: bool) -> None:
    """Take a reply that names another recipient from those to whom it was not given; with `unnamed`, from all whom it
    does not name.

    nullmailer writes the one reply that ended a session for every recipient of the message, also for those that were
    never refused.
    """
    names = {finding.recipient.lower() for finding in recipients}
    for finding in recipients:
        words = finding.diagnostic.lower()
        if finding.event is not Event.BOUNCE or not (unnamed or "@" in words):
            continue
        named = {address.strip(".'").lower() for _, address in addresses(words)} & names
        if not named and finding.status[2:3] in _OF_NO_ADDRESS:
            continue  # who refused the message refused it for all
        its_own = finding.recipient.lower() in named or (finding.original and finding.original.lower() in words)
        if (named or unnamed) and not its_own:
            finding.diagnostic = finding.reply_code = ""
            finding.status = f"{finding.status[:1] or '5'}.0.0"
            finding.has_codes = True  # nothing that the explanation says is said of it


def _message_field(name: str, value: str, into: Findings) -> None:
    if name == "reporting-mta" and not into.reporting_mta:
        if typed(value)[0] == "x-local-hostname":
            into.system = _NULLMAILER
        into.reporting_mta = host_in(value)
    elif name == "arrival-date" and not into.time:
        into.time = into.arrival = value


def _close(group: dict[str, str], into: Findings) -> None:
    """Make a finding of the fields of one recipient."""
    if _NAMES.isdisjoint(group):
        return
    if len(into.recipients) >= MAX_RECIPIENTS:
        if "recipients" not in into.cuts:
            into.cuts.append("recipients")
        return
    final = address_in(group.get("final-recipient", ""))
    original = address_in(group.get("original-recipient", ""))
    actual = address_in(group.get("x-actual-recipient", ""))
    if "." not in final.rpartition("@")[2] or not is_address(final) or final.startswith(_PROGRAM):
        # A program, a file, or a name that only the last host understands.
        final = next((a for a in (original, actual) if is_address(a)), final)
    diagnostic = _diagnostic(group)
    status_field = group.get("status", "")
    reply_code, said = codes_in(diagnostic)
    action = _WORD.search(without_comments(group.get("action", "")))
    finding = Finding(
        recipient=final,
        original=original if is_address(original) else "",
        action=action.group().lower() if action else "",
        status=best_status(status_field, said),
        reply_code=reply_code or reply_code_in(status_field) or "",
        diagnostic=diagnostic,
        remote_mta=host_in(group.get("remote-mta", "")) or _host_that_said(diagnostic),
        time=group.get("last-attempt-date", ""),
        has_codes=bool(reply_code or said),
    )
    finding.event = _event(finding)
    if finding.reply_code.startswith("2") and finding.event is Event.BOUNCE:
        _forget_success(finding)
    into.recipients.append(finding)


def _host_that_said(diagnostic: str) -> str:
    said = _HOST_THAT_SAID.match(diagnostic) if diagnostic.startswith("host ") else None
    return said.group(1) if said else ""


def _forget_success(finding: Finding) -> None:
    """Take a success from a failure: it answered another command, and what was refused stands in the explanation."""
    finding.diagnostic = finding.reply_code = ""
    finding.has_codes = False
    if finding.status.startswith("2"):
        finding.status = ""


def _event(finding: Finding) -> Event:
    known = ACTIONS.get(finding.action)
    if known is not None:
        return known
    if finding.status.startswith("2"):
        return Event.DELIVERY
    return Event.BOUNCE


def _diagnostic(group: dict[str, str]) -> str:
    return diagnostic_of(
        group.get("diagnostic-code", ""), group.get("status", ""), group.get("x-supplementary-info", "")
    )


def diagnostic_of(value: str, status: str, supplement: str = "") -> str:
    """Return the remote's own words: a Diagnostic-Code without its type (RFC 3464 2.3.6), else `supplement`, else the
    comment in the Status field.
    """
    if value:
        kind, words = typed(value)
        if kind[:2] == "x-" or kind in _DIAGNOSTIC_TYPES:
            value = words
        if value.strip():
            return value.strip()
    comment = _COMMENT.search(status)
    return supplement.strip("<> ") or (comment.group(1) if comment else "")


def best_status(field: str, said: str) -> str:
    """Return the enhanced status code that says most: the remote's own, else the Status field's.

    `field` is the Status field as it stands, `said` the code in the remote's words, "" where there is none. A
    reporting MTA writes into Status what it made of the reply, which is less than the reply said.
    """
    stated = status_in(field) or ""
    if said and not is_vague(said):
        return said
    return stated if stated and not (is_vague(stated) and said) else said or stated


def address_in(value: str) -> str:
    """Return the address in a recipient field (RFC 3464 2.3.1, 2.3.2; RFC 6533 3), or the field's text without type."""
    if not value:
        return ""
    usual = _USUAL.fullmatch(value)
    if usual:
        return usual.group(1)
    kind, text = typed(value)
    text = without_comments(text) if "(" in text else text.strip()
    if kind == "utf-8":
        text = _UNITEXT.sub(_character, text)
    found = _BRACKETED.search(text)
    if found:
        text = found.group(1)
    text = bare(text.strip())
    if text[:1] in "'\"" and text[-1:] == text[:1]:
        text = bare(text[1:-1])
    if not is_address(text):
        if "@" not in text and "+40" in text:
            text = _XTEXT.sub(lambda m: chr(int(m.group(1), 16)), text)
        for start, candidate in addresses(text):
            before = text[:start].rstrip("\"'")
            if is_address(candidate.strip(".'")) and (not before or before[-1] in _BEFORE_ADDRESS):
                return candidate.strip(".'")
    return text


def _character(found: re.Match[str]) -> str:
    point = int(found.group(1), 16)
    return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"


def host_in(value: str) -> str:
    """Return the host in an MTA-name field (RFC 3464 2.2.2) such as `dns; mx.example.com (192.0.2.1)`."""
    words = without_comments(typed(value)[1]).split() if value else ()
    return words[0].strip("<>[],;").rstrip(".") if words else ""
