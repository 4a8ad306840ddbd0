"""The token in a return path, which says who a bounce is about: `bounces+LIST.CAMPAIGN.SUBSCRIBER.MAC@domain`.

A sender that puts the ids of list, campaign and subscriber into the return path of each mail (VERP) learns from any
bounce, however mangled, which of its mails came back. The token's last part is a message authentication code over the
ids and the address. This module reads the ids; what they claim is unproven until the code has been verified.
"""

import re
from typing import Final, NamedTuple

from bounces.addresses import MAX_ADDRESS, bare, is_address

PREFIX: Final = "bounces+"
# RFC 5321 4.5.3.1.1: a local part has at most 64 octets.
MAX_LOCAL_PART: Final = 64

_ID: Final = r"[a-z0-9_-]{0,37}"
_TOKEN: Final = re.compile(rf"({_ID})\.({_ID})\.({_ID})(?:\.([a-z2-7]{{0,32}}))?")


# What stands between the ids and the address in a feedback id.
_AFTER_IDS: Final = re.compile(r"[\s:;,<]")


class Token(NamedTuple):
    """What a return path claims. An id is None where the sender left it empty; `mac` is its base32 text."""

    list_id: str | None
    campaign: str | None
    subscriber: str | None
    mac: str | None


def read(address: str) -> Token | None:
    """Return the token in the return path `address`, or None where there is none.

    Case is folded: some mail systems change the case of a return path.
    """
    local = address.strip(" <>").rpartition("@")[0].lower()
    if not local.startswith(PREFIX) or len(local) > MAX_LOCAL_PART:
        return None
    return read_ids(local[len(PREFIX) :])


def read_ids(text: str) -> Token | None:
    """Return the token written as `LIST.CAMPAIGN.SUBSCRIBER[.MAC]`, as return paths and feedback ids have it."""
    found = _TOKEN.fullmatch(text.strip().lower())
    if found is None:
        return None
    return Token(*(part or None for part in found.groups()))


class FeedbackId(NamedTuple):
    """What a feedback id claims: a token, and the address that the message went to, None where it is left out."""

    token: Token
    address: str | None


def read_feedback_id(text: str) -> FeedbackId | None:
    """Return what the feedback id `text` (X-FBLId, Feedback-ID) claims, or None for another platform's.

    Ours is `LIST.CAMPAIGN.SUBSCRIBER.MAC`, and after it, with a space, comma, colon or semicolon between, the address:
    complaints are often redacted, and it then is the only way to know who complained.
    """
    ids, *rest = _AFTER_IDS.split(text.strip()[: 2 * MAX_ADDRESS], maxsplit=1)
    token = read_ids(ids)
    if token is None or token.mac is None:
        return None
    address = bare(rest[0].strip(" <>:;,\t")) if rest else ""
    return FeedbackId(token, address if is_address(address) else None)
