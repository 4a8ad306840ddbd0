"""What a request carries to prove that it may push: a bearer token, or the same token as a password of basic auth.

Pure; where the valid tokens are kept is `bounces.aws.push_tokens`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

MAX_HEADER: Final = 2_048
"""Characters of an Authorization header; ours has some 60, and whoever sends more has no token of ours."""


def presented(authorization: str | None) -> str | None:
    """Return the token in the value of an Authorization header (RFC 6750 2.1, RFC 7617 2); None where it has none.

    Of basic auth the user does not count: shippers ask for one.
    """
    if authorization is None or len(authorization) > MAX_HEADER:
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    given = rest.strip()
    if scheme.lower() == "bearer":
        return given or None
    if scheme.lower() != "basic":
        return None
    try:
        _, _, password = base64.b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return password or None


def is_one_of(token: str, valid: Iterable[str]) -> bool:
    """Say whether `token` is one of `valid`, in a time that tells nothing of them; an empty one is none."""
    given = _digest(token)
    matches = [bool(one) and hmac.compare_digest(given, _digest(one)) for one in valid]
    return any(matches)


def _digest(token: str) -> bytes:
    """Texts of any length and of any characters compare as 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
