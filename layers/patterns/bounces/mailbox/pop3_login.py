"""From a mailbox's settings to one that is open by POP3."""

from __future__ import annotations

import poplib
from collections.abc import Mapping

from bounces.errors import Disconnected, MailboxRefused, shown
from bounces.mailbox import sasl
from bounces.mailbox.connecting import USUAL_TIMEOUTS, Timeouts, connection_error
from bounces.mailbox.mailboxes import Credential, Mailbox, Password, RefreshToken, Security
from bounces.mailbox.oauth import AccessTokens
from bounces.mailbox.pop3 import Pop3Line, Pop3Refusal, Pop3Session
from bounces.mailbox.pop3_client import LineEnded, Pop3Client, Refused
from bounces.mailbox.times import Now, utc_now

Offered = Mapping[str, tuple[str, ...]]


def open_pop3(
    mailbox: Mailbox,
    credential: Credential,
    tokens: AccessTokens,
    timeouts: Timeouts = USUAL_TIMEOUTS,
    now: Now = utc_now,
) -> Pop3Session:
    """Log in to `mailbox`. Raises `MailboxRefused` where another try does not help, and `Disconnected` where it may."""
    return Pop3Session(lambda: _opened_line(mailbox, credential, tokens, timeouts), now)


def _opened_line(mailbox: Mailbox, credential: Credential, tokens: AccessTokens, timeouts: Timeouts) -> Pop3Line:
    """Return a connection to `mailbox` that is logged in. Raises as `open_pop3`."""
    line = Pop3Line(mailbox, _client(mailbox, timeouts))
    try:
        if mailbox.security is Security.STARTTLS:
            _start_tls(line)
        with line.asking() as client:
            offered = client.offered()
        try:
            if isinstance(credential, Password):
                _by_password(line, mailbox.user, credential, offered)
            else:
                _by_token(line, mailbox.user, credential, tokens)
        except Pop3Refusal as refusal:
            raise MailboxRefused(f"{mailbox.name} refuses the login: {refusal}") from None
        return line
    except BaseException:
        line.client.drop()
        raise


def _client(mailbox: Mailbox, timeouts: Timeouts) -> Pop3Client:
    where = shown(f"{mailbox.host}:{mailbox.port}")
    try:
        return Pop3Client(mailbox, timeouts)
    except OSError as error:
        raise connection_error(error, mailbox) from error
    except LineEnded:
        raise Disconnected(f"{where} does not take the connection") from None
    except Refused as error:
        raise MailboxRefused(f"{where} does not speak POP3, or not with everybody: {shown(str(error))}") from None
    except poplib.error_proto as error:
        raise MailboxRefused(f"{where} does not speak POP3: {shown(str(error))}") from None


def _start_tls(line: Pop3Line) -> None:
    with line.asking() as client:
        if "STLS" not in client.offered():
            raise MailboxRefused("the server does not offer STLS; use tls, usually on port 995")
        client.start_tls()


def _by_password(line: Pop3Line, user: str, password: Password, offered: Offered) -> None:
    """Log in by PLAIN, which takes any letters, or by USER and PASS, which every server has."""
    if sasl.PLAIN in offered.get("SASL", ()):
        response = sasl.plain(user, password.text)
        with line.asking(secrets=(password.text, response)) as client:
            client.authenticate(sasl.PLAIN, sasl.responder(sasl.PLAIN, response))
        return
    with line.asking(secrets=(password.text,)) as client:
        client.log_in(user, password.text)


def _by_token(line: Pop3Line, user: str, credential: RefreshToken, tokens: AccessTokens) -> None:
    """Log in by an access token, and where one that was kept is refused, by a new one.

    https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
    """
    token, is_new = tokens.get(credential)
    try:
        _authenticate(line, user, token)
    except Pop3Refusal:
        tokens.forget(credential)
        if is_new:
            raise
        _authenticate(line, user, tokens.get(credential)[0])


def _authenticate(line: Pop3Line, user: str, token: str) -> None:
    response = sasl.xoauth2(user, token)
    with line.asking(secrets=(token, response)) as client:
        client.authenticate(sasl.XOAUTH2, sasl.responder(sasl.XOAUTH2, response))
