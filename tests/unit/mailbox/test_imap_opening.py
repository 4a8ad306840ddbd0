"""Opening a mailbox by IMAP: TLS, logins and folders, and what is said where one is refused."""

import logging
import socket
import ssl
from pathlib import Path

import pytest

from bounces.errors import Disconnected, MailboxRefused, SettingError
from bounces.mailbox.mailboxes import Filing, Mailbox, Password, Protocol, Security
from bounces.mailbox.opening import open_session
from tests.mailbox_servers import certificates
from tests.mailbox_servers.certificates import Certificates
from tests.mailbox_servers.imap import CAPABILITIES, ImapServer, Script
from tests.mailbox_servers.serving import LineHandler, ScriptedServer
from tests.unit.mailbox.sessions import PASSWORD, QUICK, mail, mailbox_at, opened, store_of

SECURE = pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("tls"), "localhost", "127.0.0.1")


def _serving(certified: Certificates, security: Security, script: Script | None = None) -> ImapServer:
    starttls = security is Security.STARTTLS
    return ImapServer(store_of(1), script, certified.server_context(), starttls=starttls)


@SECURE
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_of_the_named_authority_is_verified(
    certified: Certificates, security: Security, host: str
) -> None:
    with _serving(certified, security).serving() as server:
        session = opened(mailbox_at(server, host=host, security=security, ca=certified.authority))
        assert session.fetch(next(iter(session.waiting(0)))).raw == mail(1)
        session.close()


@SECURE
def test_a_certificate_of_nobody_known_is_refused(certified: Certificates, security: Security) -> None:
    with _serving(certified, security).serving() as server:
        with pytest.raises(MailboxRefused, match=r"certificate .* cannot be trusted.* ca$"):
            opened(mailbox_at(server, security=security))
        assert "LOGIN" not in server.commands  # type: ignore[attr-defined]
        assert "AUTHENTICATE" not in server.commands  # type: ignore[attr-defined]


@SECURE
def test_a_certificate_of_another_host_is_refused(tmp_path: Path, security: Security) -> None:
    other = certificates.make(tmp_path, "mail.example.com")
    with _serving(other, security).serving() as server, pytest.raises(MailboxRefused, match="certificate"):
        opened(mailbox_at(server, security=security, ca=other.authority))


def test_a_certificate_that_has_expired_is_refused(tmp_path: Path) -> None:
    old = certificates.make(tmp_path, "127.0.0.1", days=-1)
    with _serving(old, Security.TLS).serving() as server, pytest.raises(MailboxRefused, match="expired"):
        opened(mailbox_at(server, security=Security.TLS, ca=old.authority))


def test_a_server_without_starttls_gets_no_password() -> None:
    with ImapServer(store_of(1)).serving() as server:
        with pytest.raises(MailboxRefused, match="does not offer STARTTLS"):
            opened(mailbox_at(server, security=Security.STARTTLS))
        assert "AUTHENTICATE" not in server.commands  # type: ignore[attr-defined]


def test_a_login_before_starttls_is_refused(certified: Certificates) -> None:
    """PREAUTH, by somebody in between, would leave the session without TLS."""
    script = Script(greeting=b"* PREAUTH welcome")
    with (
        _serving(certified, Security.STARTTLS, script).serving() as server,
        pytest.raises(MailboxRefused, match="before STARTTLS"),
    ):
        opened(mailbox_at(server, security=Security.STARTTLS, ca=certified.authority))


def test_what_is_put_in_before_tls_is_not_believed(certified: Certificates) -> None:
    """Answers in plain text behind STARTTLS's OK: nothing of them is taken for the server's (CVE-2011-0411's kind)."""
    injected = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* OK [UIDVALIDITY 666] x\r\n"
    script = Script(after_starttls=injected)
    with _serving(certified, Security.STARTTLS, script).serving() as server:
        try:
            session = opened(mailbox_at(server, security=Security.STARTTLS, ca=certified.authority))
        except (Disconnected, MailboxRefused) as error:  # it came to stand where TLS was to begin
            assert "LOGINDISABLED" not in str(error)
        else:
            assert session.epoch == "1"
            session.close()


def test_plain_text_is_kept_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was reached counts, whatever the name says."""
    with ImapServer(store_of(1)).serving() as server:
        monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("192.0.2.1", server.port))
        with pytest.raises(MailboxRefused, match="plain is taken of this machine's own addresses only"):
            opened(mailbox_at(server, host="localhost"))


def test_tls_on_a_port_of_plain_text_says_so() -> None:
    with (
        ImapServer(store_of(1)).serving() as server,
        pytest.raises(MailboxRefused, match="does not speak TLS from the first byte"),
    ):
        opened(mailbox_at(server, security=Security.TLS))


def test_a_certificate_authority_that_is_none_is_a_wrong_setting() -> None:
    with ImapServer(store_of(1)).serving() as server, pytest.raises(SettingError, match="ca holds no certificate"):
        opened(mailbox_at(server, security=Security.TLS, ca="no PEM"))


@pytest.mark.parametrize(
    "capabilities",
    [CAPABILITIES, tuple(name for name in CAPABILITIES if not name.startswith("AUTH="))],
    ids=["PLAIN", "LOGIN"],
)
@pytest.mark.parametrize("password", ["pass word", 'qu"ote\\d', "{5}", "*"])
def test_passwords_arrive_as_they_are(capabilities: tuple[str, ...], password: str) -> None:
    script = Script(password=password, capabilities=capabilities)
    with ImapServer(store_of(1), script).serving() as server:
        opened(mailbox_at(server), Password(password)).close()


def test_a_password_of_other_letters_needs_plain() -> None:
    script = Script(password="pässwörd")
    with ImapServer(store_of(1), script).serving() as server:
        opened(mailbox_at(server), Password("pässwörd")).close()
        script.capabilities = ("IMAP4rev1",)
        with pytest.raises(MailboxRefused, match="not ASCII") as raised:
            opened(mailbox_at(server), Password("pässwörd"))
        assert "pässwörd" not in str(raised.value)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, ("IMAP4rev1",)], ids=["PLAIN", "LOGIN"])
@pytest.mark.parametrize(
    "said",
    [
        None,
        "NO [AUTHENTICATIONFAILED] hunter2secret is wrong",
        "BAD AGh1bnRlcjJzZWNyZXQ= AGJvdW5jZXMAaHVudGVyMnNlY3JldA==",
    ],
)
def test_a_refused_login_shows_no_password(
    capabilities: tuple[str, ...], said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refusals = {"LOGIN": said, "AUTHENTICATE": said} if said else {}
    script = Script(capabilities=capabilities, refusals=refusals)
    with ImapServer(store_of(1), script).serving() as server, pytest.raises(MailboxRefused) as raised:
        opened(mailbox_at(server), Password("hunter2secret"))
    shown = f"{raised.value!r} {raised.value} {caplog.text}"
    assert "refuses the login" in shown
    assert "hunter2secret" not in shown
    assert "aHVudGVyMnNlY3JldA" not in shown


def test_a_successful_session_logs_no_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = Script(capabilities=("IMAP4rev1",))
    with ImapServer(store_of(1), script).serving() as server:
        opened(mailbox_at(server)).close()
    assert "pass word" not in caplog.text


def test_a_server_that_takes_no_password_says_so() -> None:
    script = Script(capabilities=("IMAP4rev1", "LOGINDISABLED"))
    with ImapServer(store_of(1), script).serving() as server, pytest.raises(MailboxRefused, match="takes no password"):
        opened(mailbox_at(server))


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE"])
def test_a_login_that_is_not_possible_now_is_tried_again(code: str) -> None:
    waits = []
    script = Script(refused_once={"AUTHENTICATE": [f"NO [{code}] later", f"NO [{code}] later"]})
    with ImapServer(store_of(1), script).serving() as server:
        mailbox = mailbox_at(server)
        open_session(mailbox, PASSWORD, timeouts=QUICK, waits=(1.0, 4.0, 15.0), sleep=waits.append).close()
    assert waits == [1.0, 4.0]


def test_a_refused_login_is_not_tried_again() -> None:
    with ImapServer(store_of(1)).serving() as server:
        with pytest.raises(MailboxRefused):
            open_session(mailbox_at(server), Password("wrong"), timeouts=QUICK, sleep=pytest.fail)
        assert server.connections == 1


def test_a_host_that_is_not_there_is_tried_as_often_as_set() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    waits: list[float] = []
    mailbox = Mailbox(Protocol.IMAP, "127.0.0.1", port, Security.TLS, "bounces")
    with pytest.raises(Disconnected, match="refused"):
        open_session(mailbox, PASSWORD, timeouts=QUICK, sleep=waits.append)
    assert waits == [1.0, 4.0, 15.0]


def test_a_host_without_an_address_is_disconnected() -> None:
    mailbox = Mailbox(Protocol.IMAP, "mail.invalid", 993, Security.TLS, "bounces")
    with pytest.raises(Disconnected, match=r"mail\.invalid"):
        opened(mailbox)


@pytest.mark.parametrize("user", ["bounces\r\nA1 LOGOUT", "boun\0ces"])
def test_a_user_cannot_bring_a_command_of_their_own(user: str) -> None:
    mailbox = Mailbox(Protocol.IMAP, "127.0.0.1", 1, Security.PLAIN, user)
    with pytest.raises(SettingError, match="the user holds a control character"):
        opened(mailbox)


def test_a_folder_that_is_not_there_names_those_that_are() -> None:
    store = store_of(1)
    for number in range(30):
        store.create(f"Folder{number}")
    with (
        ImapServer(store).serving() as server,
        pytest.raises(MailboxRefused, match="'Bounces' cannot be opened") as raised,
    ):
        opened(mailbox_at(server, folder="Bounces"))
    assert "'INBOX', 'Folder0'" in str(raised.value)
    assert "and 11 more" in str(raised.value)


def test_a_folder_below_the_namespace_is_found_by_a_persons_name_for_it() -> None:
    store = store_of(0, prefix="INBOX.", delimiter=".")
    store.create("INBOX.Bounces.2026").add(mail(1))
    with ImapServer(store).serving() as server:
        session = opened(mailbox_at(server, folder="Bounces/2026"))
        assert [one.number for one in session.waiting(0)] == [1]


def test_a_folder_that_is_read_only_can_be_left_only() -> None:
    with ImapServer(store_of(1), Script(is_read_only=True)).serving() as server:
        with pytest.raises(MailboxRefused, match="filing leave"):
            opened(mailbox_at(server))
        assert len(list(opened(mailbox_at(server, filing=Filing.LEAVE)).waiting(0))) == 1


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        (b"* BYE too many connections", Disconnected),
        (b"220 mail.example.com ESMTP", MailboxRefused),
        (b"+OK POP3 ready", MailboxRefused),
        (b"* OK " + b"x" * 2_000_000, MailboxRefused),
    ],
    ids=["BYE", "SMTP", "POP3", "endless"],
)
def test_other_greetings(greeting: bytes, error: type[Exception]) -> None:
    with ImapServer(store_of(1), Script(greeting=greeting)).serving() as server, pytest.raises(error):
        opened(mailbox_at(server))


class _Closes(LineHandler):
    def converse(self) -> None:
        pass


@pytest.mark.parametrize("security", [Security.PLAIN, Security.TLS])
def test_a_server_that_hangs_up_at_once_is_worth_another_try(security: Security) -> None:
    with ScriptedServer(_Closes).serving() as server, pytest.raises((Disconnected, MailboxRefused)) as raised:
        opened(mailbox_at(server, security=security))
    assert isinstance(raised.value, Disconnected)


def test_the_context_verifies() -> None:
    from bounces.mailbox.connecting import tls_context

    context = tls_context(Mailbox(Protocol.IMAP, "mail.example.com", 993, Security.TLS, "bounces"))
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
