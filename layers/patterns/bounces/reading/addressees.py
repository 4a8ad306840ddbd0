"""Whom the sender mailed, of each recipient that a mail says something of.

Who failed may be a forwarding target, an alias' member, or one who was mailed beside somebody else. The address that is
marked has to be the one that is dead, or the one that leads to it: where nothing says which was mailed, it is the one
that failed, which is dead whoever was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bounces.addresses import domain_of, is_address
from bounces.reading.finding import Finding, Findings
from bounces.reading.returned import addresses_in
from bounces.records import Event

_FAILURES: Final = frozenset({Event.BOUNCE, Event.DELAY})
_XTEXT: Final = r"\+([0-9A-F]{2})"  # RFC 3461 4
# Where a message says who sends it, and over which list (RFC 2369 3.4; Mailman, Majordomo, ezmlm).
_SENDERS: Final = (
    *("from", "sender", "reply-to", "return-path", "errors-to"),
    *("list-post", "x-beenthere", "x-mailing-list", "mailing-list"),
)
# Where a host that took a message notes for whom: qmail and Gmail, Postfix, Exim.
_TAKEN_FOR: Final = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to")
MAX_RECEIVED: Final = 998
_SHORT: Final = 3  # letters of a second-level domain below which names are registered: co.uk, com.br


def addressees(findings: Findings, to: str | None, return_path: Sequence[str]) -> list[str]:
    """Return who was mailed for each of the recipients of `findings`, "" where nobody is named.

    `to` is the one address in the returned message's To, if it is one. `return_path` has what the report itself came
    to: addresses, or the header fields with them.
    """
    failed = [finding for finding in findings.recipients if finding.event in _FAILURES]
    alone = failed[0] if len(failed) == 1 else None
    fates = _fates(findings)
    found: list[str] = []
    for finding in findings.recipients:
        addressee = finding.recipient
        if finding.original:
            addressee = _original(finding, fates, to)
        elif to and finding is alone:  # of several that failed, To is not each one's
            addressee = mailed(findings, to, finding.recipient, return_path) or addressee
        found.append(addressee if is_address(addressee) else "")
    return found


def mailed(findings: Findings, to: str, recipient: str, return_path: Sequence[str]) -> str | None:
    """Return who was mailed the returned message, whose To has the one address `to`; `recipient` failed, if known.

    None where To does not tell. One that goes to many in its envelope has a list's address there, or the sender's;
    one with a Cc went to others as well, and a Bcc shows in who reports, or for whom the message was taken.
    """
    if to.lower() == recipient.lower():
        return to
    headers = findings.returned
    if addresses_in(headers.get("cc", ())) or _is_named(to, findings):
        return None
    senders = senders_of(headers, return_path)
    if to.lower() in senders:
        return None
    if not recipient:
        return to
    if is_among(to, senders):
        return to if _mailbox(to) == _mailbox(recipient) else None  # one mailbox under two names of its host
    taken_for = _taken_for(headers)
    if to.lower() in taken_for:
        return to
    is_direct = recipient.lower() in taken_for or is_among(f"@{findings.reporting_mta}", {recipient, *senders})
    return None if is_direct else to


def senders_of(headers: Mapping[str, Sequence[str]], return_path: Sequence[str]) -> set[str]:
    """Return the addresses, in lower case, of who sent the message with `headers`, and of the list it came over.

    `return_path` has what its reports came to: addresses, or the header fields with them.
    """
    values = [*return_path, *(value for name in _SENDERS for value in headers.get(name, ()))]
    return {address.lower() for address in addresses_in(values)}


def is_among(address: str, others: Iterable[str]) -> bool:
    """Say whether `address` is of an organisation that one of `others` is of."""
    return _organisation(address) in map(_organisation, others)


def _fates(findings: Findings) -> dict[str, set[tuple[Event, str]]]:
    """Return the events and statuses that `findings` have of each address, in lower case, that failed or was mailed."""
    fates: dict[str, set[tuple[Event, str]]] = {}
    if not any(finding.original for finding in findings.recipients):
        return fates  # nobody asks
    for finding in findings.recipients:
        for address in {finding.original.lower(), finding.recipient.lower()}:
            fates.setdefault(address, set()).add((finding.event, finding.status))
    return fates


def _original(finding: Finding, fates: Mapping[str, set[tuple[Event, str]]], to: str | None) -> str:
    """Return the original recipient that `finding` names, or who failed where that one is no more than a way to it.

    An alias whose other members have the mail, or may yet get it, or have failed otherwise, is alive.
    """
    original = _decoded(finding, to)
    if "." not in domain_of(original):
        return finding.recipient or original
    met = fates.get(original.lower())
    if met and (len(met) > 1 or (finding.event, finding.status) not in met):
        return finding.recipient
    return original


def _decoded(finding: Finding, to: str | None) -> str:
    """Return the original recipient, without the encoding that it has in a command (xtext) and is to have lost here.

    Told from an address with a `+` by what it is decoded: who failed, or To.
    """
    original = finding.original
    if "+" not in original:
        return original
    decoded = re.sub(_XTEXT, lambda found: chr(int(found.group(1), 16)), original)
    return decoded if decoded.lower() in (finding.recipient.lower(), (to or "").lower()) else original


def _is_named(address: str, findings: Findings) -> bool:
    """Say whether `findings` have one of `address` itself, whatever it says: who failed is then another."""
    return any(address.lower() in (f.recipient.lower(), f.original.lower()) for f in findings.recipients)


def _taken_for(headers: dict[str, list[str]]) -> set[str]:
    """Return for whom, in lower case, hosts on the way took the message with `headers` (RFC 5321 4.4)."""
    found = {address.lower() for name in _TAKEN_FOR for address in addresses_in(headers.get(name, ()))}
    for value in headers.get("received", ()):
        words = value[:MAX_RECEIVED].lower().split()
        if "for" in words[:-1]:
            found.add(words[words.index("for") + 1].strip("<>;"))
    return found


def _mailbox(address: str) -> str:
    """Return the local part of `address` without a tag."""
    return address.rpartition("@")[0].partition("+")[0].lower()


def _organisation(address: str) -> str:
    """Return what the names of one organisation end in, as far as the form of the domain of `address` tells."""
    labels = domain_of(address).split(".")
    return ".".join(labels[-3 if len(labels) > 1 and len(labels[-2]) <= _SHORT else -2 :])
