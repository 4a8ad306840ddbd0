"""The settings of a mailbox, from a secret and from a URL."""

import json
from pathlib import Path
from typing import Any

import pytest

from bounces.errors import SettingError
from bounces.mailbox.mailboxes import Filing, Folders, Mailbox, Password, Protocol, RefreshToken, Security
from bounces.mailbox.settings import read_mailbox
from bounces.mailbox.urls import mailbox_of_url
from tests.mailbox_servers import certificates

SECRETS = ("hunter2", "tok-9", "sec-8")
OAUTH = {"client_id": "id", "refresh_token": "tok-9", "client_secret": "sec-8"}


def _read(**keys: Any) -> tuple[Mailbox, object]:
    given = {"host": "mail.example.com", "user": "bounces@example.com", "password": "hunter2", **keys}
    return read_mailbox(json.dumps({key: value for key, value in given.items() if value is not ...}))


def test_little_has_to_be_said() -> None:
    assert _read() == (
        Mailbox(Protocol.IMAP, "mail.example.com", 993, Security.TLS, "bounces@example.com"),
        Password("hunter2"),
    )


def test_all_can_be_said(tmp_path: Path) -> None:
    authority = certificates.make(tmp_path, "mail.example.com").authority
    mailbox, _ = _read(
        protocol="IMAP",
        port=1143,
        security="starttls",
        folder="Bounces",
        filing="delete",
        folders={"processed": "Done", "failed": "Broken"},
        ca=authority,
    )
    assert mailbox == Mailbox(
        Protocol.IMAP,
        "mail.example.com",
        1143,
        Security.STARTTLS,
        "bounces@example.com",
        "Bounces",
        Filing.DELETE,
        Folders("Done", "Unrecognised", "Broken"),
        authority,
    )


def test_null_is_as_missing() -> None:
    assert _read(oauth=None, port=None, folders=None, ca=None, folder=None) == _read()


@pytest.mark.parametrize(
    ("protocol", "security", "port"),
    [("imap", "tls", 993), ("imap", "starttls", 143), ("pop3", "tls", 995), ("pop3", "starttls", 110)],
)
def test_ports_are_the_usual_ones(protocol: str, security: str, port: int) -> None:
    assert _read(protocol=protocol, security=security)[0].port == port


def test_pop3_leaves_mails_where_nothing_is_said() -> None:
    assert _read(protocol="pop3")[0].filing is Filing.LEAVE


@pytest.mark.parametrize(
    ("protocol", "oauth", "host", "token_url", "scope"),
    [
        ("imap", {"provider": "google"}, "imap.gmail.com", "https://oauth2.googleapis.com/token", None),
        ("pop3", {"provider": "google"}, "pop.gmail.com", "https://oauth2.googleapis.com/token", None),
        (
            "imap",
            {"provider": "microsoft"},
            "outlook.office365.com",
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        ),
        (
            "pop3",
            {"provider": "microsoft", "tenant": "example.com", "scope": "mine"},
            "outlook.office365.com",
            "https://login.microsoftonline.com/example.com/oauth2/v2.0/token",
            "mine",
        ),
    ],
)
def test_providers_are_known(
    protocol: str, oauth: dict[str, str], host: str, token_url: str, scope: str | None
) -> None:
    mailbox, credential = _read(host=..., password=..., protocol=protocol, oauth={**OAUTH, **oauth})
    assert mailbox.host == host
    assert credential == RefreshToken(token_url, "id", "tok-9", "sec-8", scope)


def test_another_provider_is_described() -> None:
    oauth = {"client_id": "id", "refresh_token": "tok-9", "token_url": "https://id.example.com/token", "scope": "mail"}
    assert _read(password=..., oauth=oauth)[1] == RefreshToken(
        "https://id.example.com/token", "id", "tok-9", None, "mail"
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"pasword": "hunter2", "password": ...}, "password or oauth"),
        ({"passwort": "hunter2"}, "key 'passwort' is not known; there are .*password"),
        ({"oauth": {"provider": "google", **OAUTH}}, "not both"),
        ({"password": ["hunter2"]}, "password is no text"),
        ({"password": "hunter2\n"}, "password holds a control character"),
        ({"password": "hunter2" * 1000}, "password has 7000 characters"),
        ({"host": ...}, "host is missing"),
        ({"user": ...}, "user is missing"),
        ({"user": "a\r\nb"}, "user holds a control character"),
        ({"port": "993"}, "port is '993'"),
        ({"port": True}, "port is True"),
        ({"port": 65536}, "port is 65536"),
        ({"protocol": "smtp"}, "protocol is 'smtp'; it is one of imap, pop3"),
        ({"security": "none"}, "security is 'none'; it is one of tls, starttls, plain"),
        ({"protocol": "pop3", "filing": "move"}, "filing is move, which POP3 cannot do"),
        ({"folders": {"procesed": "X"}}, "key 'folders.procesed' is not known"),
        ({"folders": ["X"]}, "folders is no JSON object"),
        ({"folders": {"failed": "inbox"}}, "folders.failed is 'inbox', the folder that is scanned"),
        ({"folders": {"failed": "A*"}}, "neither \\* nor %"),
        ({"ca": "no PEM"}, "ca holds no certificate"),
        ({"password": ..., "oauth": {"provider": "yahoo", **OAUTH}}, "oauth.provider is 'yahoo'; it is one of google"),
        ({"password": ..., "oauth": OAUTH}, "oauth.provider or oauth.token_url is missing"),
        ({"password": ..., "oauth": {**OAUTH, "token_url": "http://id.example.com/"}}, "oauth.token_url is no https"),
        ({"password": ..., "oauth": {**OAUTH, "provider": "google", "refresh_token": 9}}, "oauth.refresh_token is no"),
        ({"password": ..., "oauth": {"provider": "google", "client_id": "x"}}, "oauth.refresh_token is missing"),
        ({"password": ..., "oauth": {**OAUTH, "provider": "microsoft", "tenant": "a/b"}}, "oauth.tenant is 'a/b'"),
        ({"password": ..., "oauth": {**OAUTH, "provider": "google", "secret": "sec-8"}}, "key 'oauth.secret'"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_secret(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        _read(**keys)
    assert not [secret for secret in SECRETS if secret in str(raised.value)]


@pytest.mark.parametrize("text", ["", "hunter2", '["hunter2"]', '{"password": "hunter2"', "[" * 100_000, "\0"])
def test_what_is_no_object_shows_nothing(text: str) -> None:
    with pytest.raises(SettingError, match="no JSON object") as raised:
        read_mailbox(text)
    assert "hunter2" not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imap://bounces@mail.example.com", (Protocol.IMAP, "mail.example.com", 993, Security.TLS, "bounces", "INBOX")),
        (
            "imaps://a%40example.com@mail.example.com:1993/Bounces/2026%3F",
            (Protocol.IMAP, "mail.example.com", 1993, Security.TLS, "a@example.com", "Bounces/2026?"),
        ),
        (
            "imap://a@example.com@[::1]/?security=STARTTLS",
            (Protocol.IMAP, "::1", 143, Security.STARTTLS, "a@example.com", "INBOX"),
        ),
        (
            "pop3://bounces@mail.example.com/",
            (Protocol.POP3, "mail.example.com", 995, Security.TLS, "bounces", "INBOX"),
        ),
        ("POP3S://b@h", (Protocol.POP3, "h", 995, Security.TLS, "b", "INBOX")),
        ("imap://b@h/Gel%C3%B6scht", (Protocol.IMAP, "h", 993, Security.TLS, "b", "Gelöscht")),
    ],
)
def test_urls(url: str, expected: tuple[Any, ...]) -> None:
    mailbox = mailbox_of_url(url)
    assert (
        mailbox.protocol, mailbox.host, mailbox.port, mailbox.security, mailbox.user, mailbox.folder
    ) == expected  # fmt: skip


def test_options_say_what_a_url_does_not() -> None:
    mailbox = mailbox_of_url("imap://b@h?security=tls", security=Security.STARTTLS, filing=Filing.LEAVE)
    assert (mailbox.security, mailbox.port, mailbox.filing) == (Security.STARTTLS, 143, Filing.LEAVE)
    assert mailbox_of_url("pop3://b@h").filing is Filing.LEAVE
    assert mailbox_of_url("imap://b@h").filing is Filing.MOVE


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imap://b:hunter2@h/", "holds a password, which every user of this machine can read"),
        ("imap://b:@h/", "holds a password"),
        ("http://b@h/", "'http' is no scheme"),
        ("imap://h/", "names no user"),
        ("imap:///x", "names no host"),
        ("imap://b@h:x/", "host or port"),
        ("imap://b@h:99999/", "host or port"),
        ("imap://b@h:0/", "port 0"),
        ("imap://b@[h/", "host or port"),
        ("imap://b@h/?tls=no", "security= alone"),
        ("imap://b@h/?security=none", "security is 'none'"),
        ("imaps://b@h/?security=starttls", "use imap://"),
        ("pop3://b@h/INBOX", "POP3 has none"),
        ("imap://b@h/%ff", "no UTF-8"),
        ("imap://b%0d%0aA1@h/", "user in the URL holds a control"),
        ("imap://b@h/a%00b", "folder in the URL holds a control"),
        ("imap://b@h/a\nb", "space or a control"),
        ("imap://b@h/#x", "has a #"),
    ],
)
def test_urls_that_cannot_be_used(url: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        mailbox_of_url(url)
    assert "hunter2" not in str(raised.value)
