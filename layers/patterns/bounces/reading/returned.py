"""What a returned message's own headers say: who it was for, which it was, and whose ids it carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bounces.addresses import is_address
from bounces.reading.limits import MAX_MAILBOXES, MAX_STATUS_FIELD
from bounces.reading.places import addresses
from bounces.verp import Token, read_feedback_id

# The headers in which sending platforms put their ids, as their documentation names them. X-FBLId is what this
# project's PowerMTA configuration logs; Feedback-ID is Google's.
ID_HEADERS: Final = (
    "x-fblid",
    "feedback-id",
    "x-feedback-id",
    "list-id",
    "list-unsubscribe",
    "x-campaign",
    "x-campaign-id",
    "x-campaignid",
    "x-subscriber-id",
    "x-list-id",
    "x-job",
    "x-jobid",
    "x-mailer-id",
    "x-message-id",
)

_LIST_ID: Final = re.compile(r"<\s*([^<>\s]{1,255})\s*>\s*$")


def addresses_in(values: Sequence[str]) -> list[str]:
    """Return the addresses in the values of an address header (RFC 5322 3.4), at most `MAX_MAILBOXES`."""
    found: dict[str, None] = {}
    for value in values:
        for _, text in addresses(value[:MAX_STATUS_FIELD]):
            address = text.strip(".'")
            if is_address(address):
                found[address] = None
            if len(found) >= MAX_MAILBOXES:
                return list(found)
    return list(found)


def only_address(headers: dict[str, list[str]]) -> str | None:
    """Return who the returned message was for, where its To names exactly one address."""
    values = headers.get("to", ())
    if len(values) == 1 and is_address(values[0]):
        return values[0]
    found = addresses_in(values)
    return found[0] if len(found) == 1 else None


def list_label(value: str) -> str | None:
    """Return the label of a List-Id (RFC 2919 2), the part before its first dot: what a platform calls the list."""
    found = _LIST_ID.search(value)
    identifier = found.group(1) if found else value.strip()
    label = identifier.partition(".")[0].strip().lower()
    return label if label and not label.isspace() and " " not in label else None


def token_in(feedback_id: str) -> Token | None:
    """Return the ids in a feedback id of ours (`verp.read_feedback_id`), or None for another's."""
    said = read_feedback_id(feedback_id)
    return said.token if said else None


def id_headers(headers: dict[str, list[str]]) -> dict[str, str]:
    """Return the first value of each header of `headers` that carries a platform's ids."""
    if headers.keys().isdisjoint(ID_HEADERS):
        return {}
    return {name: headers[name][0] for name in ID_HEADERS if name in headers}
