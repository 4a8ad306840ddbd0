"""Sessions with the scripted servers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bounces.mailbox.connecting import Timeouts
from bounces.mailbox.mailboxes import Credential, Filing, Mailbox, Password, Protocol, Security
from bounces.mailbox.opening import open_session
from bounces.mailbox.ports import Listed, Place, Session
from tests.mailbox_servers.imap import ImapServer, Script
from tests.mailbox_servers.mails import MailStore
from tests.mailbox_servers.pop3 import Pop3Script, Pop3Server
from tests.mailbox_servers.serving import ScriptedServer

QUICK = Timeouts(connect=5, read=5)
PASSWORD = Password("pass word")


def mail(number: int) -> bytes:
    """Return a mail that is like no other."""
    return (
        f"Received: from a.example by b.example with ESMTP id {number};\r\n Wed, 29 Apr 2026 23:34:45 +0000\r\n"
        f"Message-ID: <{number}@example.com>\r\nSubject: mail {number}\r\n\r\nbody {number}\r\n"
    ).encode()


def store_of(count: int, prefix: str = "", delimiter: str = "/") -> MailStore:
    """Return a store with `count` mails in its inbox, every second one read."""
    store = MailStore(prefix, delimiter)
    for number in range(1, count + 1):
        store.inbox.add(mail(number), {"\\Seen"} if number % 2 else ())
    return store


def mailbox_at(server: ScriptedServer, protocol: Protocol = Protocol.IMAP, **settings: Any) -> Mailbox:
    """Return the settings of the mailbox that `server` serves."""
    host = settings.pop("host", "127.0.0.1")
    security = settings.pop("security", Security.PLAIN)
    return Mailbox(protocol, host, settings.pop("port", server.port), security, "bounces", **settings)


def opened(mailbox: Mailbox, credential: Credential = PASSWORD, **options: Any) -> Session:
    """Open `mailbox` at the first try or not at all."""
    return open_session(mailbox, credential, **{"timeouts": QUICK, "waits": (), **options})


@contextlib.contextmanager
def imap(
    store: MailStore, script: Script | None = None, filing: Filing = Filing.MOVE, **settings: Any
) -> Iterator[tuple[Session, ImapServer]]:
    """Serve `store` by IMAP, and yield a session with it and the server."""
    with ImapServer(store, script).serving() as server:
        assert isinstance(server, ImapServer)
        session = opened(mailbox_at(server, filing=filing, **settings))
        try:
            yield session, server
        finally:
            session.close()


@contextlib.contextmanager
def pop3(
    store: MailStore, script: Pop3Script | None = None, filing: Filing = Filing.LEAVE
) -> Iterator[tuple[Session, Pop3Server]]:
    """Serve the inbox of `store` by POP3, and yield a session with it and the server."""
    with Pop3Server(store, script).serving() as server:
        assert isinstance(server, Pop3Server)
        session = opened(mailbox_at(server, Protocol.POP3, filing=filing))
        try:
            yield session, server
        finally:
            session.close()


def listed(*numbers: int) -> list[Listed]:
    """Return the mails with these UIDs."""
    return [Listed(number, str(number)) for number in numbers]


def placed(*numbers: int, place: Place = Place.PROCESSED) -> Mapping[Place, Sequence[Listed]]:
    """Return the mails with these UIDs, as they are filed at one place."""
    return {place: listed(*numbers)}


def all_raw(store: MailStore) -> list[bytes]:
    """Return every mail of every folder, sorted: what must be the same whatever happens."""
    return sorted(mail.raw for folder in store.folders.values() for mail in folder.mails)


def seen(store: MailStore) -> set[bytes]:
    r"""Return the mails with \Seen."""
    return {mail.raw for folder in store.folders.values() for mail in folder.mails if "\\Seen" in mail.flags}
