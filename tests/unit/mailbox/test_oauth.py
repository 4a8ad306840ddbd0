"""OAuth 2: access tokens by a refresh token, kept while they last, and nothing of either in a message."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from bounces.errors import Disconnected, MailboxRefused, SettingError
from bounces.mailbox.mailboxes import Protocol, RefreshToken
from bounces.mailbox.oauth import MARGIN, AccessTokens, access_token
from tests.mailbox_servers.imap import ImapServer, Script
from tests.mailbox_servers.pop3 import Pop3Script, Pop3Server
from tests.unit.mailbox.sessions import mailbox_at, opened, store_of

REFRESH, SECRET = "refresh-9f3", "client-secret-7c1"


class _TokenServer(HTTPServer):
    """Answers each request with the next of `answers`, the last for ever, and keeps the forms."""

    def __init__(self, answers: list[tuple[int, bytes]]) -> None:
        self.answers = answers
        self.forms: list[dict[str, list[str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append(parse_qs(body))
        status, answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.send_response(status)
        if status in (302, 307):
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def _answering(*answers: tuple[int, object]) -> Iterator[tuple[_TokenServer, RefreshToken]]:
    written = [(status, body if isinstance(body, bytes) else json.dumps(body).encode()) for status, body in answers]
    server = _TokenServer(written)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/token"
        yield server, RefreshToken(url, "client", REFRESH, SECRET, "mail offline")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_refresh_token_gets_an_access_token() -> None:
    with _answering((200, {"access_token": "abc", "expires_in": 3599, "token_type": "Bearer"})) as (server, credential):
        assert access_token(credential) == ("abc", 3599)
        assert server.forms == [
            {
                "grant_type": ["refresh_token"],
                "refresh_token": [REFRESH],
                "client_id": ["client"],
                "client_secret": [SECRET],
                "scope": ["mail offline"],
            }
        ]


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    now = [0.0]
    tokens = AccessTokens(clock=lambda: now[0])
    with _answering((200, {"access_token": "a", "expires_in": "3600"}), (200, {"access_token": "b"})) as (
        _,
        credential,
    ):
        assert tokens.get(credential) == ("a", True)
        now[0] = 3600 - MARGIN - 1
        assert tokens.get(credential) == ("a", False)
        now[0] = 3600 - MARGIN
        assert tokens.get(credential) == ("b", True)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, {"error": "invalid_grant", "error_description": REFRESH}, MailboxRefused, "no longer valid.*mailbox.md"),
        (401, {"error": "invalid_client"}, MailboxRefused, "'invalid_client'.*client_id"),
        (400, {"error": 7}, MailboxRefused, "HTTP 400"),
        (404, b"<html>", MailboxRefused, "HTTP 404.*token_url"),
        (302, b"", MailboxRefused, "HTTP 302"),
        (307, b"", MailboxRefused, "HTTP 307"),
        (200, b"no JSON", MailboxRefused, "without an access token"),
        (200, b"[" * 50_000, MailboxRefused, "without an access token"),
        (200, {"access_token": "a\r\nb"}, MailboxRefused, "without an access token"),
        (200, b'{"access_token": "' + b"x" * 100_000 + b'"}', MailboxRefused, "without an access token"),
        (503, b"", Disconnected, "HTTP 503"),
        (429, {"error": "slow_down"}, Disconnected, "HTTP 429"),
        (400, {"error": "temporarily_unavailable"}, Disconnected, "cannot answer now"),
    ],
)
def test_other_answers(status: int, body: object, error: type[Exception], words: str) -> None:
    with _answering((status, body)) as (server, credential), pytest.raises(error, match=words) as raised:
        access_token(credential)
    assert len(server.forms) == 1  # no redirect was followed
    assert REFRESH not in f"{raised.value!r}"
    assert SECRET not in f"{raised.value!r}"


def test_a_token_server_that_is_not_there_is_worth_another_try() -> None:
    with pytest.raises(Disconnected, match="cannot be asked"):
        access_token(RefreshToken("http://127.0.0.1:9/token", "client", REFRESH))


@pytest.mark.parametrize(
    "url", ["http://oauth.example.com/token", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "x"]
)
def test_a_token_goes_by_https_only(url: str) -> None:
    with pytest.raises(SettingError, match="no https"):
        access_token(RefreshToken(url, "client", REFRESH))


def test_nothing_of_a_credential_shows() -> None:
    shown = repr(RefreshToken("https://a.example/t", "client", REFRESH, SECRET, "mail"))
    assert REFRESH not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_imap_logs_in_by_the_token(mechanism: str) -> None:
    script = Script(capabilities=("IMAP4rev1", f"AUTH={mechanism}"), access_token="abc")
    with (
        _answering((200, {"access_token": "abc", "expires_in": 3600})) as (_, credential),
        ImapServer(store_of(1), script).serving() as server,
    ):
        opened(mailbox_at(server), credential, tokens=AccessTokens()).close()


def test_pop3_logs_in_by_the_token() -> None:
    with (
        _answering((200, {"access_token": "token", "expires_in": 3600})) as (_, credential),
        Pop3Server(store_of(1), Pop3Script()).serving() as server,
    ):
        opened(mailbox_at(server, Protocol.POP3), credential, tokens=AccessTokens()).close()


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_token_that_was_kept_and_is_refused_is_got_anew_once(protocol: Protocol) -> None:
    tokens = AccessTokens()
    answers = [(200, {"access_token": text, "expires_in": 3600}) for text in ("old", "new")]
    kind, script = (ImapServer, Script) if protocol is Protocol.IMAP else (Pop3Server, Pop3Script)
    with _answering(*answers) as (token_server, credential):
        tokens.get(credential)
        with kind(store_of(1), script(access_token="new")).serving() as server:
            opened(mailbox_at(server, protocol), credential, tokens=tokens).close()
        assert len(token_server.forms) == 2


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_new_token_that_is_refused_is_not_got_again_and_not_shown(mechanism: str) -> None:
    script = Script(capabilities=("IMAP4rev1", f"AUTH={mechanism}"), access_token="other")
    with _answering((200, {"access_token": "tok-5e1", "expires_in": 3600})) as (token_server, credential):
        with (
            ImapServer(store_of(1), script).serving() as server,
            pytest.raises(MailboxRefused, match="refuses the login") as raised,
        ):
            opened(mailbox_at(server), credential, tokens=AccessTokens())
        assert len(token_server.forms) == 1
    assert "tok-5e1" not in str(raised.value)


def test_a_server_that_takes_no_token_says_so() -> None:
    with (
        _answering((200, {"access_token": "token"})) as (_, credential),
        ImapServer(store_of(1), Script(capabilities=("IMAP4rev1", "AUTH=PLAIN"))).serving() as server,
        pytest.raises(MailboxRefused, match="neither AUTH=XOAUTH2"),
    ):
        opened(mailbox_at(server), credential, tokens=AccessTokens())
