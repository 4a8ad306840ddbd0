"""The tokens that may push, in a secret of Secrets Manager.

The secret is a JSON object, `{"current": TOKEN, "previous": TOKEN}`, and both are valid. The stack makes it with a
generated `current` and an empty `previous`, which is none. To rotate without a gap, one write moves `current` to
`previous` and puts a new token in its place; once every shipper has that one, `previous` may be emptied.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

from bounces.aws import clients
from bounces.aws.telemetry import logger
from bounces.credentials import is_one_of, presented
from bounces.errors import CredentialError, SettingError

NAMES: Final = ("current", "previous")
KEPT_SECONDS: Final = 300
"""How long tokens are used without a look at the secret: how long one that was taken out may still be valid."""
AGAIN_SECONDS: Final = 5
"""How long after a look the next one is, at the soonest: what a wrong token may cost."""

Clock = Callable[[], float]


def read(text: str) -> tuple[str, ...]:
    """Return the tokens in the secret's `text`. Raises `SettingError` where it has none."""
    try:
        secret = json.loads(text)
    except (ValueError, RecursionError):
        secret = None
    found = [secret.get(name) for name in NAMES] if isinstance(secret, dict) else []
    tokens = tuple(token for token in found if isinstance(token, str) and token)
    if not tokens:
        raise SettingError('the push secret holds no token; it is a JSON object {"current": TOKEN, "previous": TOKEN}')
    return tokens


def fetch(secret_id: str) -> tuple[str, ...]:
    """Return the tokens in the secret `secret_id`. Raises `SettingError`, and whatever the call raises."""
    # The stage is the default one, and said since moto's default is the first version, whatever came after.
    held = clients.secretsmanager().get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")
    return read(held["SecretString"])


class PushTokens:
    """The valid tokens, looked at again after a while, and at once when a token is not among them."""

    def __init__(self, get: Callable[[], tuple[str, ...]], clock: Clock = time.monotonic) -> None:
        """Take the tokens that `get` returns; it may raise."""
        self._get = get
        self._clock = clock
        self._tokens: tuple[str, ...] = ()
        self._looked: float | None = None

    def check(self, authorization: str | None) -> None:
        """Raise `CredentialError` unless the header's value `authorization` has a valid token.

        Where the secret has never been read and cannot be, raises whatever `get` raised: nobody is turned away for it.
        """
        token = presented(authorization)
        if token is None:
            raise CredentialError(
                "no token; send Authorization: Bearer TOKEN, or basic auth with the token as the password"
            )
        if self._is_due(KEPT_SECONDS):
            self._look()
        if not is_one_of(token, self._tokens) and self._is_due(AGAIN_SECONDS):
            self._look()
        if not is_one_of(token, self._tokens):
            raise CredentialError("the token is not valid; the secret that the stack's outputs name has the valid one")

    def _is_due(self, seconds: float) -> bool:
        return self._looked is None or self._clock() - self._looked >= seconds

    def _look(self) -> None:
        now = self._clock()
        try:
            self._tokens = self._get()
        except Exception as error:
            if not self._tokens:
                raise
            logger.error("the push secret cannot be read: the tokens read last are used", error=str(error))
        self._looked = now
