"""From a mailbox's settings to a connection by IMAP that is logged in."""

from __future__ import annotations

import imaplib
from typing import Final

from bounces.errors import Disconnected, MailboxError, MailboxRefused, shown
from bounces.mailbox import sasl
from bounces.mailbox.connecting import Timeouts, connection_error
from bounces.mailbox.imap_client import ImapClient, ResponseTooLarge
from bounces.mailbox.imap_line import ImapLine, Refusal
from bounces.mailbox.mailboxes import Credential, Mailbox, Password, RefreshToken, Security
from bounces.mailbox.oauth import AccessTokens

_OTHER_PROTOCOL: Final = ("unexpected response", "server not IMAP4 compliant", "no CAPABILITY response")


def opened_line(mailbox: Mailbox, credential: Credential, timeouts: Timeouts, tokens: AccessTokens) -> ImapLine:
    """Return a connection to `mailbox` that is logged in. Raises `MailboxRefused` and `Disconnected`."""
    line = ImapLine(mailbox, _client(mailbox, timeouts))
    try:
        if mailbox.security is Security.STARTTLS:
            _start_tls(line)
        _log_in(line, mailbox, credential, tokens)
    except BaseException:
        line.close()
        raise
    return line


def _client(mailbox: Mailbox, timeouts: Timeouts) -> ImapClient:
    try:
        return ImapClient(mailbox, timeouts)
    except OSError as error:
        raise connection_error(error, mailbox) from error
    except imaplib.IMAP4.error as error:
        raise _no_greeting(error, mailbox) from None


def _no_greeting(error: imaplib.IMAP4.error, mailbox: Mailbox) -> MailboxError:
    where = shown(f"{mailbox.host}:{mailbox.port}")
    said = str(error)
    # imaplib finds no greeting, None, in one that begins with +.
    is_other = said == "None" or any(words in said for words in _OTHER_PROTOCOL)
    if is_other or isinstance(error, ResponseTooLarge):
        return MailboxRefused(f"{where} does not speak IMAP: {shown(said)}")
    return Disconnected(f"{where} does not take the connection: {shown(said)}")  # BYE, or nothing


def _start_tls(line: ImapLine) -> None:
    """Go over to TLS, or give up: whoever stands in between can take STARTTLS out, or log the client in (PREAUTH)."""
    with line.asking() as client:
        if client.is_logged_in:
            raise MailboxRefused("the server logs in before STARTTLS, which it must not (RFC 9051 6.2.1); use tls")
        if not client.has_capability("STARTTLS"):
            raise MailboxRefused("the server does not offer STARTTLS; use tls, usually on port 993")
        client.start_tls()


def _log_in(line: ImapLine, mailbox: Mailbox, credential: Credential, tokens: AccessTokens) -> None:
    with line.asking() as client:
        if client.is_logged_in:
            return
        offered = frozenset(capability.decode("ascii", "replace") for capability in client.capabilities())
    try:
        if isinstance(credential, Password):
            _by_password(line, mailbox.user, credential, offered)
        else:
            _by_token(line, mailbox, credential, offered, tokens)
    except Refusal as refusal:
        raise MailboxRefused(f"{mailbox.name} refuses the login: {refusal}") from None


def _by_password(line: ImapLine, user: str, password: Password, offered: frozenset[str]) -> None:
    if f"AUTH={sasl.PLAIN}" in offered:
        response = sasl.plain(user, password.text)
        with line.asking(secrets=(password.text, response)) as client:
            client.authenticate(sasl.PLAIN, sasl.responder(sasl.PLAIN, response))
        return
    if "LOGINDISABLED" in offered:
        raise MailboxRefused(
            "the server takes no password on this connection; use tls, or OAuth 2 where it asks for it"
        )
    if not (user + password.text).isascii():
        raise MailboxRefused(
            "the user or the password is not ASCII, and the server does not offer AUTH=PLAIN, which takes others"
        )
    with line.asking(secrets=(password.text,)) as client:
        client.log_in(user, password.text)


def _by_token(
    line: ImapLine, mailbox: Mailbox, credential: RefreshToken, offered: frozenset[str], tokens: AccessTokens
) -> None:
    """Log in by an access token, and where one that was kept is refused, by a new one."""
    mechanism = next((name for name in (sasl.XOAUTH2, sasl.OAUTHBEARER) if f"AUTH={name}" in offered), None)
    if mechanism is None:
        raise MailboxRefused("the server offers neither AUTH=XOAUTH2 nor AUTH=OAUTHBEARER; it takes a password only")
    token, is_new = tokens.get(credential)
    try:
        _authenticate(line, mailbox, mechanism, token)
    except Refusal:
        tokens.forget(credential)
        if is_new:
            raise
        _authenticate(line, mailbox, mechanism, tokens.get(credential)[0])


def _authenticate(line: ImapLine, mailbox: Mailbox, mechanism: str, token: str) -> None:
    if mechanism == sasl.XOAUTH2:
        response = sasl.xoauth2(mailbox.user, token)
    else:
        response = sasl.oauthbearer(mailbox.user, token, mailbox.host, mailbox.port)
    with line.asking(secrets=(token, response)) as client:
        client.authenticate(mechanism, sasl.responder(mechanism, response))
