"""The Dovecot that the tests of mailboxes stand on: what is delivered is there, over every way in."""

from __future__ import annotations

import imaplib
import poplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests import dovecot
from tests.dovecot import Dovecot

RAW = b"Subject: one\n\nA line.\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot.running() as started:
        yield started


def test_folders_tell_each_mail_with_its_flags(server: Dovecot) -> None:
    mine = server.of("ann")
    mine.deliver(RAW, received=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    mine.deliver(RAW.replace(b"one", b"two"), flags="SF")
    mine.deliver(RAW.replace(b"one", b"three"), folder="Archive")

    folders = mine.folders()

    assert {kept.digest: kept.flags for kept in folders["INBOX"]} == {
        dovecot.digest(RAW): frozenset(),
        dovecot.digest(RAW.replace(b"one", b"two")): {"\\Seen", "\\Flagged"},
    }
    assert [kept.digest for kept in folders["Archive"]] == [dovecot.digest(RAW.replace(b"one", b"three"))]
    assert server.of("bob").digests() == {}


def test_the_log_tells_which_logins_came_over_tls(server: Dovecot) -> None:
    context = ssl.create_default_context(cadata=server.ca_pem)
    for starts in (True, False):
        with imaplib.IMAP4("localhost", server.imap_port, timeout=10) as connection:
            if starts:
                connection.starttls(context)
            connection.login("carl", server.password)
    assert server.of("carl").logins() == [True, False]


def test_pop3_numbers_mails_by_uidl_over_tls(server: Dovecot) -> None:
    mine = server.of("dora")
    mine.deliver(RAW)
    context = ssl.create_default_context(cadata=server.ca_pem)
    connection = poplib.POP3_SSL("localhost", mine.pop3s_port, context=context, timeout=10)
    connection.user(mine.user)
    connection.pass_(mine.password)
    assert len(connection.uidl()[1]) == 1
    assert connection.retr(1)[1] == RAW.splitlines()
    connection.quit()
