"""What SASL mechanisms send (RFC 4422): for a password, and for an OAuth 2 access token."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Final

Responder = Callable[[bytes], bytes | None]

PLAIN: Final = "PLAIN"
XOAUTH2: Final = "XOAUTH2"
OAUTHBEARER: Final = "OAUTHBEARER"


def plain(user: str, password: str) -> bytes:
    """Return PLAIN's response (RFC 4616 2)."""
    return f"\0{user}\0{password}".encode()


def xoauth2(user: str, token: str) -> bytes:
    """Return XOAUTH2's response, as Google and Microsoft describe it.

    https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
    """
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


def oauthbearer(user: str, token: str, host: str, port: int) -> bytes:
    """Return OAUTHBEARER's response (RFC 7628 3.1)."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {token}\1\1".encode()


def responder(mechanism: str, response: bytes) -> Responder:
    """Return what answers the server's challenges: `response` first, then once what has it say why it refuses.

    A refused token is answered with a challenge that holds the reason; the client sends one more response, empty for
    XOAUTH2 and %x01 for OAUTHBEARER (RFC 7628 3.2.3), and only then comes the refusal.
    """
    left = [response, b"\1" if mechanism == OAUTHBEARER else b""]
    return lambda _challenge: left.pop(0) if left else None


def without_secrets(text: str, secrets: Sequence[str | bytes]) -> str:
    """Return `text` of a server, or nothing of it where it holds one of `secrets`, as it is or in base64."""
    for secret in secrets:
        raw = secret.encode() if isinstance(secret, str) else secret
        if raw and any(form.decode("utf-8", "replace") in text for form in (raw, base64.b64encode(raw))):
            return "(it repeats what it was sent)"
    return text
