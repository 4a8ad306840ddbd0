"""Sessions by POP3: mails known by UIDL, read within bounds, and deleted only if told to, at the goodbye."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounces.errors import Disconnected, MailboxRefused, MailUnavailable, MailVanished
from bounces.mailbox import pop3_client
from bounces.mailbox.mailboxes import Filing, Password, Protocol, Security
from bounces.mailbox.ports import Listed, Place, Session
from bounces.mailbox.times import received_time
from tests.mailbox_servers import certificates
from tests.mailbox_servers.mails import MailStore
from tests.mailbox_servers.pop3 import Pop3Script, Pop3Server
from tests.unit.mailbox.sessions import mail, mailbox_at, opened, pop3, store_of

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def _open(server: Pop3Server, **settings: object) -> Session:
    return opened(mailbox_at(server, Protocol.POP3, filing=Filing.LEAVE, **settings))


def test_mails_are_known_by_uidl_and_read_as_they_are() -> None:
    with pop3(store_of(3)) as (session, server):
        found = list(session.waiting(0))
        uidls = [server.script.uidl_of(one) for one in server.store.inbox.mails]
        assert [(one.number, one.name, one.size) for one in found] == [(0, uidl, len(mail(1))) for uidl in uidls]
        fetched = session.fetch(found[1])
        assert (fetched.raw, fetched.is_whole, session.epoch) == (mail(2), True, "")
        assert fetched.received_time == datetime(2026, 4, 29, 23, 34, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [b".", b"..", b".\r\n.\r\n..\r\n", b"x" * 300_000, b"." * 200_000 + b"\r\n.", b"\x00\xff\r\n\r\n", b"a\rb\r\n"],
    ids=["dot", "dots", "lines of dots", "long line", "long line of dots", "bytes", "bare CR"],
)
def test_dots_and_long_lines_arrive_as_they_are(body: bytes) -> None:
    store = MailStore()
    store.inbox.add(b"Subject: x\r\n\r\n" + body + b"\r\n")
    store.inbox.add(mail(2))
    with pop3(store) as (session, _):
        first, second = session.waiting(0)
        assert session.fetch(first).raw == b"Subject: x\r\n\r\n" + body + b"\r\n"
        assert session.fetch(second).raw == mail(2)


def test_a_mail_beyond_the_bound_is_cut_and_the_session_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bounces.mailbox.pop3.MAX_MAIL_BYTES", 100)
    with pop3(store_of(2)) as (session, _):
        first, second = session.waiting(0)
        fetched = session.fetch(first)
        assert (fetched.raw, fetched.is_whole) == (mail(1)[:100], False)
        assert session.fetch(second).raw == mail(2)[:100]


def test_a_mail_without_an_end_is_unavailable_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bounces.mailbox.pop3.MAX_MAIL_BYTES", 1_000_000)
    monkeypatch.setattr(pop3_client, "MAX_READ", 8_000_000)
    with Pop3Server(store_of(2), Pop3Script(endless={1: 100_000_000})).serving() as server:
        session = _open(server)
        first, second = session.waiting(0)
        tracemalloc.start()
        with pytest.raises(MailUnavailable, match="more than 8000000 bytes"):
            session.fetch(first)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000
        with pytest.raises(Disconnected):
            session.fetch(second)
        session.close()
        assert _open(server).fetch(second).raw == mail(2)


def test_a_line_that_drops_amid_a_mail() -> None:
    with Pop3Server(store_of(1), Pop3Script(drops_mid_mail={1: 1})).serving() as server:
        session = _open(server)
        (one,) = session.waiting(0)
        with pytest.raises(Disconnected):
            session.fetch(one)
        assert _open(server).fetch(one).raw == mail(1)


def test_a_refused_mail_is_unavailable_and_the_others_are_not() -> None:
    with pop3(store_of(2), Pop3Script(refused_mails={1: "[SYS/PERM] broken"})) as (session, _):
        first, second = session.waiting(0)
        with pytest.raises(MailUnavailable, match="broken"):
            session.fetch(first)
        assert session.fetch(second).raw == mail(2)


def test_what_passes_is_worth_another_try() -> None:
    script = Pop3Script(refused_mails={1: "[SYS/TEMP] later"})
    with pop3(store_of(1), script) as (session, _), pytest.raises(Disconnected, match="later"):
        session.fetch(next(iter(session.waiting(0))))


def test_a_mail_that_is_not_there_has_vanished() -> None:
    with pop3(store_of(1)) as (session, _), pytest.raises(MailVanished):
        session.fetch(Listed(0, "nobody"))


def test_a_server_without_uidl_is_refused() -> None:
    script = Pop3Script(capabilities=("USER",))
    with Pop3Server(store_of(1), script).serving() as server, pytest.raises(MailboxRefused, match=r"has no UIDL.*IMAP"):
        _open(server)


@pytest.mark.parametrize("uidl", ["x" * 71, "with space", "ü"])
def test_a_uidl_that_is_none_becomes_a_name_that_is_bounded(uidl: str) -> None:
    with pop3(store_of(1), Pop3Script(uidl_of=lambda _: uidl)) as (session, _):
        (one,) = session.waiting(0)
        assert one.name.isascii()
        assert len(one.name) <= 80
        assert session.fetch(one).raw == mail(1)


def test_mails_of_one_uidl_are_taken_once() -> None:
    """Servers that take a digest for it give the same mail twice the same one (RFC 1939 7)."""
    with pop3(store_of(2), Pop3Script(uidl_of=lambda _: "same")) as (session, _):
        assert [one.name for one in session.waiting(0)] == ["same"]


def test_deletion_takes_what_was_processed_and_is_done_at_once() -> None:
    store = store_of(4)
    with pop3(store, filing=Filing.DELETE) as (session, _):
        first, second, third, fourth = session.waiting(0)
        mails = {Place.PROCESSED: [first, second], Place.UNRECOGNISED: [third], Place.FAILED: [fourth]}
        assert list(session.file(mails, again=False)) == []
        assert store.raw("INBOX") == [mail(3), mail(4)]
        with pytest.raises(MailVanished):
            session.fetch(first)
        assert session.fetch(third).raw == mail(3)
        assert list(session.waiting(0)) == [third, fourth]
    assert store.raw("INBOX") == [mail(3), mail(4)]


def test_a_line_that_drops_before_the_goodbye_deletes_nothing() -> None:
    store = store_of(2)
    with pop3(store, Pop3Script(drops_before={"QUIT": 1}), Filing.DELETE) as (session, _), pytest.raises(Disconnected):
        session.file({Place.PROCESSED: list(session.waiting(0))}, again=False)
    assert len(store.inbox.mails) == 2


def test_a_refused_goodbye_is_told() -> None:
    store = store_of(2)
    with pop3(store, Pop3Script(refusals={"QUIT": "some deleted messages not removed"}), Filing.DELETE) as (session, _):
        mails = list(session.waiting(0))
        assert list(session.file({Place.PROCESSED: mails}, again=False)) == mails


def test_leaving_deletes_nothing() -> None:
    store = store_of(2)
    with pop3(store) as (session, server):
        session.file({Place.PROCESSED: list(session.waiting(0))}, again=False)
    assert len(store.inbox.mails) == 2
    assert not any(command.startswith("DELE") for command in server.commands)


def test_a_refused_deletion_is_told() -> None:
    store = store_of(1)
    with pop3(store, Pop3Script(refusals={"DELE": "read-only"}), Filing.DELETE) as (session, _):
        mails = list(session.waiting(0))
        assert list(session.file({Place.PROCESSED: mails}, again=False)) == mails


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_tls_is_verified(tmp_path: Path, security: Security) -> None:
    certified = certificates.make(tmp_path, "127.0.0.1")
    server = Pop3Server(store_of(1), tls=certified.server_context(), starttls=security is Security.STARTTLS)
    with server.serving():
        session = _open(server, security=security, ca=certified.authority)
        assert len(list(session.waiting(0))) == 1
        session.close()
        with pytest.raises(MailboxRefused, match="certificate"):
            _open(server, security=security)


def test_a_server_without_stls_gets_no_password() -> None:
    with Pop3Server(store_of(1)).serving() as server:
        with pytest.raises(MailboxRefused, match="does not offer STLS"):
            _open(server, security=Security.STARTTLS)
        assert server.commands == ["CAPA"]


@pytest.mark.parametrize("capabilities", [("UIDL", "SASL PLAIN"), ("UIDL", "USER")], ids=["PLAIN", "USER"])
@pytest.mark.parametrize("said", [None, "[AUTH] hunter2secret is wrong AGJvdW5jZXMAaHVudGVyMnNlY3JldA=="])
def test_a_refused_login_shows_no_password(capabilities: tuple[str, ...], said: str | None) -> None:
    refusals = {"PASS": said, "AUTH": said} if said else {}
    with (
        Pop3Server(store_of(1), Pop3Script(capabilities=capabilities, refusals=refusals)).serving() as server,
        pytest.raises(MailboxRefused, match="refuses the login") as raised,
    ):
        opened(mailbox_at(server, Protocol.POP3), Password("hunter2secret"))
    assert "hunter2secret" not in str(raised.value)
    assert "aHVudGVyMnNlY3JldA" not in str(raised.value)


@pytest.mark.parametrize("capabilities", [("UIDL", "SASL PLAIN"), ("UIDL", "USER")], ids=["PLAIN", "USER"])
def test_passwords_arrive_as_they_are(capabilities: tuple[str, ...]) -> None:
    script = Pop3Script(password=" pä ss", capabilities=capabilities)
    with Pop3Server(store_of(1), script).serving() as server:
        opened(mailbox_at(server, Protocol.POP3), Password(" pä ss")).close()


def test_a_mailbox_that_another_program_has_open_is_worth_another_try() -> None:
    script = Pop3Script(refusals={"AUTH": "[IN-USE] locked"})
    with Pop3Server(store_of(1), script).serving() as server, pytest.raises(Disconnected, match="locked"):
        _open(server)


@pytest.mark.parametrize("greeting", [b"* OK IMAP ready", b"220 SMTP", b"+OK" + b"x" * 100_000])
def test_other_greetings_are_refused(greeting: bytes) -> None:
    with (
        Pop3Server(store_of(1), Pop3Script(greeting=greeting)).serving() as server,
        pytest.raises(MailboxRefused, match="does not speak POP3"),
    ):
        _open(server)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Received: from a by b; Wed, 29 Apr 2026 23:34:45 +0900", datetime(2026, 4, 29, 14, 34, 45, tzinfo=UTC)),
        (
            "X: y\r\nreceived: by b\r\n\tid 1;\r\n 29 Apr 2026 23:34:45 +0000\r\nReceived: c; 1 Apr 2026 0:00 +0000",
            datetime(2026, 4, 29, 23, 34, 45, tzinfo=UTC),
        ),
        ((NOW + timedelta(days=9)).strftime("Received: by b; %d %b %Y %H:%M:%S +0000"), NOW),
        ("Received: by b; no date", NOW),
        ("Received: by b", NOW),
        ("Subject: x\r\n\r\nReceived: by b; 29 Apr 2026 23:34:45 +0000", NOW),
        ("", NOW),
    ],
)
def test_the_time_of_the_topmost_received(header: str, expected: datetime) -> None:
    assert received_time(header.encode() + b"\r\n\r\n", NOW) == expected
