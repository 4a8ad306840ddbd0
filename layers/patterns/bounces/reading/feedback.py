"""Complaints: the machine-readable part of a feedback report (RFC 5965, RFC 6591)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bounces.addresses import bare, is_address
from bounces.reading.addressees import is_among, senders_of
from bounces.reading.codes import status_in
from bounces.reading.fields import fields
from bounces.reading.finding import Finding, Findings
from bounces.reading.limits import MAX_RECIPIENTS
from bounces.reading.returned import addresses_in
from bounces.records import Event

# RFC 5965 7.3, RFC 6430, RFC 6591; `opt-out` is unregistered but seen. An unknown type is `other` (RFC 5965 3.1).
TYPES: Final = frozenset({"abuse", "fraud", "virus", "other", "not-spam", "auth-failure", "opt-out", "opt-out-list"})
ABUSE: Final = "abuse"
OTHER: Final = "other"
_REDACTED: Final = re.compile(r"redact|undisclosed|hidden|removed|x{5,}|\*{2,}|^[0-9a-f]{32,}@", re.IGNORECASE)
# Headers that say whom a message came to, the surest first.
_RECIPIENT_HEADERS: Final = (
    "x-hmxmroriginalrecipient",
    "x-original-rcpt-to",
    "x-rcpt-to",
    "x-original-to",
    "delivered-to",
)


def is_unmarked(returned: Mapping[str, Sequence[str]]) -> bool:
    """Say whether the headers of a returned message have what Hotmail's junk mail reporting programme writes in them.

    It sends the message alone, without a feedback report: https://sendersupport.olc.protection.outlook.com/snds/JMRP.aspx
    """
    return "x-hmxmroriginalrecipient" in returned


def read(text: str, returned: Mapping[str, Sequence[str]], own: str, into: Findings) -> None:
    """Add to `into` the complaint in the feedback report `text` about the message with the headers `returned`.

    Recipients are often redacted; then the finding has none, and only ids in the return path or headers tell who.
    `own` has, in lower case, the addresses of the report's own sender and addressee, who are nobody's subscribers.
    """
    group: dict[str, str] = {}
    recipients: list[str] = []
    for name, value in fields(text):
        if name in ("original-rcpt-to", "removal-recipient", "final-recipient"):
            recipients.append(value.rpartition(";")[2])
        elif name:
            group.setdefault(name, value)
    kind = group.get("feedback-type", "").split(" ")[0].lower()
    named = complainants(recipients, returned, own)
    into.reporting_mta = group.get("reporting-mta", "").rpartition(";")[2].strip()
    into.time = group.get("arrival-date") or group.get("received-date", "")
    for address in named or [""]:
        into.recipients.append(
            Finding(
                recipient=address,
                event=Event.COMPLAINT,
                feedback_type=kind if kind in TYPES else OTHER,
                diagnostic=group.get("auth-failure", ""),
                status=status_in(group.get("status", "")) or "",
                remote_mta=group.get("source-ip", ""),
            )
        )


def complainants(recipients: list[str], returned: Mapping[str, Sequence[str]], own: str = "") -> list[str]:
    """Return who complained: of `recipients`, as the report names them, else of the returned message's headers.

    The surest header counts alone. A To of several addresses names others beside who complained, and so nobody; one
    of the sender's organisation is a list's.
    """
    if named := _usable(recipients, own):
        return named
    for name in _RECIPIENT_HEADERS:
        if named := _usable(list(returned.get(name, ())), own):
            return named
    to = addresses_in(returned.get("to", ()))
    return _usable(to, own) if len(to) == 1 and not is_among(to[0], senders_of(returned, ())) else []


def is_redacted(address: str) -> bool:
    """Say whether the mail provider, or the MTA's privacy policy, put something else in the place of who it was."""
    return _REDACTED.search(address) is not None


def _usable(values: list[str], own: str) -> list[str]:
    """Return the addresses in `values` that name someone: neither redacted nor the report's own parties."""
    found: dict[str, None] = {}
    for value in values[:MAX_RECIPIENTS]:
        for address in [bare(value)] if is_address(bare(value)) else addresses_in([value]):
            if address.lower() not in own and not is_redacted(address):
                found[address] = None
    return list(found)
