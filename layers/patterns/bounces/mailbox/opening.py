"""Opening a mailbox, with another try where that may help."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from bounces.errors import Disconnected, SettingError
from bounces.mailbox.connecting import USUAL_TIMEOUTS, Timeouts
from bounces.mailbox.mailboxes import Credential, Mailbox, Password, Protocol
from bounces.mailbox.oauth import AccessTokens
from bounces.mailbox.ports import Session

WAITS: Final = (1.0, 4.0, 15.0)
"""Seconds between one try and the next."""

logger = logging.getLogger(__name__)

# Of this process: a run that opens a mailbox again, and the next run of a warm function, ask for no new token.
_TOKENS: Final = AccessTokens()


def open_session(
    mailbox: Mailbox,
    credential: Credential,
    *,
    timeouts: Timeouts = USUAL_TIMEOUTS,
    waits: tuple[float, ...] = WAITS,
    sleep: Callable[[float], None] = time.sleep,
    tokens: AccessTokens = _TOKENS,
) -> Session:
    """Log in to `mailbox` by `credential`, and open it.

    A server that is not there is tried again after each of `waits`, in seconds. Raises `Disconnected` where it never
    is, and at once `MailboxRefused` where it is and refuses, and `SettingError` for a setting that cannot be used.
    """
    _check_letters(mailbox, credential)
    for wait in waits:
        try:
            return _opened(mailbox, credential, tokens, timeouts)
        except Disconnected as error:
            logger.warning("%s is tried again in %g s: %s", mailbox.name, wait, error)
            sleep(wait)
    return _opened(mailbox, credential, tokens, timeouts)


def _check_letters(mailbox: Mailbox, credential: Credential) -> None:
    """Raise `SettingError` where the user or the password would end the line that it is sent in."""
    secret = credential.text if isinstance(credential, Password) else ""
    for what, text in (("user", mailbox.user), ("password", secret)):
        if any(ord(letter) < ord(" ") or letter == "\x7f" for letter in text):
            raise SettingError(f"the {what} holds a control character, such as a line end; take it out")


def _opened(mailbox: Mailbox, credential: Credential, tokens: AccessTokens, timeouts: Timeouts) -> Session:
    if mailbox.protocol is Protocol.POP3:
        from bounces.mailbox.pop3_login import open_pop3  # each needs libraries that the other does not

        return open_pop3(mailbox, credential, tokens, timeouts)
    from bounces.mailbox.imap import open_imap

    return open_imap(mailbox, credential, tokens, timeouts)
