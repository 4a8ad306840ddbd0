"""A POP3 server that behaves (RFC 1939), until a `Pop3Script` tells it not to. It serves the inbox of a `MailStore`.

What is marked by DELE is removed at QUIT, and stays where the line drops before.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.mailbox_servers.mails import MailStore, StoredMail
from tests.mailbox_servers.serving import HangUp, LineHandler, ScriptedServer


@dataclass
class Pop3Script:
    """What the server does. Each default is what a good server does."""

    user: str = "bounces"
    password: str = "pass word"
    access_token: str = "token"
    capabilities: tuple[str, ...] = ("UIDL", "TOP", "USER", "SASL PLAIN XOAUTH2", "RESP-CODES")
    greeting: bytes = b"+OK ready"
    refusals: dict[str, str] = field(default_factory=dict)  # command -> what stands behind -ERR, each time
    refused_mails: dict[int, str] = field(default_factory=dict)  # RETR of that number alone
    drops_before: dict[str, int] = field(default_factory=dict)  # command -> how often the line drops before it
    drops_mid_mail: dict[int, int] = field(default_factory=dict)  # number -> how often the line drops amid it
    endless: dict[int, int] = field(default_factory=dict)  # number -> bytes that are sent behind the mail
    uidl_of: Callable[[StoredMail], str] = lambda mail: hashlib.sha1(mail.raw, usedforsecurity=False).hexdigest()
    size_of: Callable[[StoredMail], int] = lambda mail: len(mail.raw)
    after_stls: bytes = b""  # sent in plain text right behind the +OK


class Pop3Server(ScriptedServer):
    """Serves the inbox of `store` as `script` says. `commands` holds what it was told, without passwords."""

    def __init__(
        self,
        store: MailStore,
        script: Pop3Script | None = None,
        tls: ssl.SSLContext | None = None,
        *,
        starttls: bool = False,
        port: int = 0,
    ) -> None:
        """Listen on 127.0.0.1."""
        self.store = store
        self.script = script or Pop3Script()
        self.commands: list[str] = []
        super().__init__(_Connection, tls, starttls=starttls, port=port)


class _Refused(Exception):
    """Answers a command with -ERR."""


class _Connection(LineHandler):
    server: Pop3Server  # type: ignore[assignment]

    def converse(self) -> None:
        self.script = self.server.script
        self.user = ""
        self.is_in = False
        self.mails: list[StoredMail] = []
        self.marked: set[int] = set()
        self.send(self.script.greeting)
        while True:
            name, _, rest = self.line().decode().partition(" ")
            self._command(name.upper(), rest)

    def _command(self, name: str, rest: str) -> None:
        self.server.commands.append(name if name in ("PASS", "AUTH") else f"{name} {rest}".rstrip())
        try:
            if name in self.script.refusals:
                raise _Refused(self.script.refusals[name])
            left = self.script.drops_before.get(name, 0)
            if left:
                self.script.drops_before[name] = left - 1
                raise HangUp
            method = getattr(self, "_" + name.lower(), None)
            if method is None:
                raise _Refused("no such command")
            method(*rest.split() if name != "PASS" else [rest])
        except _Refused as refusal:
            self.send(b"-ERR " + str(refusal).encode())

    def _capa(self) -> None:
        extra = ("STLS",) if self.server.starttls and not self.is_tls else ()
        self._long(line.encode() for line in self.script.capabilities + extra)

    def _stls(self) -> None:
        if not self.server.starttls or self.is_tls:
            raise _Refused("no TLS here")
        self.connection.sendall(b"+OK\r\n" + self.script.after_stls)
        self.wrap()

    def _user(self, user: str) -> None:
        self.user = user
        self.send(b"+OK")

    def _pass(self, password: str) -> None:
        self._let_in(self.user, password == self.script.password)

    def _auth(self, mechanism: str, initial: str | None = None) -> None:
        if initial is None:
            self.send(b"+ ")
            initial = self.line().decode()
        response = base64.b64decode(initial).decode()
        if mechanism.upper() == "PLAIN":
            _, user, password = response.split("\0")
            self._let_in(user, password == self.script.password)
            return
        is_right = f"auth=Bearer {self.script.access_token}\1" in response
        if not is_right:
            self.send(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}'))
            self.line()
        self._let_in(response.partition("user=")[2].partition("\1")[0], is_right)

    def _let_in(self, user: str, is_right: bool) -> None:
        if user != self.script.user or not is_right:
            raise _Refused("[AUTH] wrong user or password")
        with self.server.store.lock:
            self.mails = list(self.server.store.inbox.mails)
        self.is_in = True
        self.send(b"+OK")

    def _stat(self) -> None:
        self.send(b"+OK %d %d" % (len(self.mails), sum(map(self.script.size_of, self.mails))))

    def _uidl(self) -> None:
        if "UIDL" not in self.script.capabilities:
            raise _Refused("no such command")
        self._long(f"{number} {self.script.uidl_of(mail)}".encode() for number, mail in self._there())

    def _list(self) -> None:
        self._long(b"%d %d" % (number, self.script.size_of(mail)) for number, mail in self._there())

    def _there(self) -> list[tuple[int, StoredMail]]:
        if not self.is_in:
            raise _Refused("log in first")
        return [(number, mail) for number, mail in enumerate(self.mails, 1) if number not in self.marked]

    def _retr(self, which: str) -> None:
        number = int(which)
        mail = dict(self._there()).get(number)
        if mail is None or number in self.script.refused_mails:
            raise _Refused(self.script.refused_mails.get(number, "no such mail"))
        self.send(b"+OK")
        stuffed = b"".join(
            b"." + line if line.startswith(b".") else line for line in mail.raw.splitlines(keepends=True)
        )
        left = self.script.drops_mid_mail.get(number, 0)
        if left:
            self.script.drops_mid_mail[number] = left - 1
            self.connection.sendall(stuffed[: len(stuffed) // 2])
            raise HangUp
        self.connection.sendall(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        self._send_more(self.script.endless.get(number, 0))
        self.send(b".")

    def _send_more(self, count: int) -> None:
        line = b"y" * 62 + b"\r\n"
        block = line * 1024
        while count > 0:
            self.connection.sendall(block)
            count -= len(block)

    def _dele(self, which: str) -> None:
        if int(which) not in dict(self._there()):
            raise _Refused("no such mail")
        self.marked.add(int(which))
        self.send(b"+OK")

    def _noop(self) -> None:
        self.send(b"+OK")

    def _quit(self) -> None:
        with self.server.store.lock:
            gone = {id(self.mails[number - 1]) for number in self.marked}
            inbox = self.server.store.inbox
            inbox.mails = [mail for mail in inbox.mails if id(mail) not in gone]
        self.send(b"+OK")
        raise HangUp

    def _long(self, lines: object) -> None:
        self.connection.sendall(b"+OK\r\n" + b"".join(line + b"\r\n" for line in lines) + b".\r\n")  # type: ignore[attr-defined]
