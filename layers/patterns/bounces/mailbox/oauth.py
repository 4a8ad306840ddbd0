"""OAuth 2: an access token for a mailbox, got by a refresh token (RFC 6749 6)."""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from bounces.errors import Disconnected, MailboxRefused, SettingError, shown
from bounces.mailbox.mailboxes import RefreshToken

MAX_ANSWER: Final = 64 * 1024
TIMEOUT: Final = 30.0
"""Seconds that are waited for each piece of the answer."""
MARGIN: Final = 120.0
"""Seconds before its end from which an access token is not used for another session."""
USUAL_LIFE: Final = 300.0
"""Seconds that a token is kept of which the server does not say how long it lasts (RFC 6749 5.1 lets it)."""
_TOO_MANY: Final = 429
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})

Clock = Callable[[], float]


class AccessTokens:
    """Access tokens, each kept in this process for as long as it lasts."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """Keep none yet. `clock` is in seconds."""
        self._clock = clock
        self._kept: dict[RefreshToken, tuple[str, float]] = {}

    def get(self, credential: RefreshToken) -> tuple[str, bool]:
        """Return an access token for `credential`, and whether it is new.

        Raises `MailboxRefused` where the server gives none, `Disconnected` where it cannot be asked now, and
        `SettingError` where its address is not to be used.
        """
        kept = self._kept.get(credential)
        if kept is not None and self._clock() < kept[1]:
            return kept[0], False
        began = self._clock()
        token, life = access_token(credential)
        self._kept[credential] = (token, began + life - MARGIN)
        return token, True

    def forget(self, credential: RefreshToken) -> None:
        """Keep the token of `credential` no longer: a mailbox refused it."""
        self._kept.pop(credential, None)


def access_token(credential: RefreshToken) -> tuple[str, float]:
    """Return a new access token for `credential`, and the seconds that it lasts. Raises as `AccessTokens.get`."""
    where = token_host(credential.token_url)
    request = urllib.request.Request(  # noqa: S310  # https, or http to this machine: `token_host` has looked
        credential.token_url,
        data=urllib.parse.urlencode(_fields(credential)).encode("ascii"),
        headers={"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"},
    )
    try:
        with _opener().open(request, timeout=TIMEOUT) as answer:
            return _token_in(_object_in(answer.read(MAX_ANSWER + 1)), where)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error.code, _object_in(error.read(MAX_ANSWER + 1)), where) from None
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(error, where) from None
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise _untrusted(reason, where) from None
        raise Disconnected(f"the token server {where} cannot be asked: {shown(str(reason))}") from None


def _fields(credential: RefreshToken) -> dict[str, str]:
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": credential.refresh_token,
        "client_id": credential.client_id,
    }
    if credential.client_secret:
        fields["client_secret"] = credential.client_secret
    if credential.scope:
        fields["scope"] = credential.scope
    return fields


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would send the refresh token to another host; without one, the answer is an error."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    secure = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    return urllib.request.build_opener(secure, _NoRedirects)


def token_host(url: str) -> str:
    """Return the host of `url` as a message may show it. Raises `SettingError` where others could read on the way."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        is_good = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    except ValueError:
        host, is_good = "", False
    if not host or not is_good:
        raise SettingError("oauth.token_url is no https:// URL; the refresh token would go over the network readably")
    return shown(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _object_in(body: bytes) -> dict[str, Any]:
    """Return the object of a JSON answer; an empty one for anything else."""
    if len(body) > MAX_ANSWER:
        return {}
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _token_in(answer: dict[str, Any], where: str) -> tuple[str, float]:
    token = answer.get("access_token")
    # It goes into a line of IMAP: VSCHAR alone (RFC 6749 A.12).
    if not (isinstance(token, str) and token.isascii() and token.isprintable() and token):
        raise MailboxRefused(f"the token server {where} answers without an access token; is oauth.token_url right?")
    life = answer.get("expires_in")
    if isinstance(life, str) and life.isascii() and life.isdigit():
        life = int(life[:10])
    return token, float(life) if isinstance(life, int) and not isinstance(life, bool) else USUAL_LIFE


def _refused(status: int, answer: dict[str, Any], where: str) -> MailboxRefused | Disconnected:
    """Return what HTTP `status` means (RFC 6749 5.2). Its description is not shown: it may hold a token."""
    code = answer.get("error")
    if status >= 500 or status == _TOO_MANY or code in _PASSING:
        return Disconnected(f"the token server {where} cannot answer now: HTTP {status}")
    if code == "invalid_grant":
        return MailboxRefused(
            f"the token server {where} says that the refresh token is no longer valid; make a new one: docs/mailbox.md"
        )
    if isinstance(code, str):
        return MailboxRefused(
            f"the token server {where} refuses: {shown(code)}; are client_id, client_secret, tenant and scope right?"
        )
    return MailboxRefused(f"the token server {where} answers HTTP {status}; is oauth.token_url right?")


def _untrusted(error: ssl.SSLCertVerificationError, where: str) -> MailboxRefused:
    return MailboxRefused(
        f"the certificate of the token server {where} cannot be trusted: {shown(error.verify_message)}"
    )
