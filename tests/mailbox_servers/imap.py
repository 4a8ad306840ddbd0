"""An IMAP server that behaves, until a `Script` tells it not to.

    store = MailStore()
    store.inbox.add(raw)
    with ImapServer(store, Script(refusals={"MOVE": "NO [OVERQUOTA] full"})).serving() as server:
        ...  # 127.0.0.1, server.port; the user and the password are in the script

It keeps flags, folders and UIDs, and tells each connection of what others removed as RFC 3501 7.4.1 has it. `commands`
holds what it was told, without passwords. A script may be changed while it serves.
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.mailbox_servers.imap_syntax import quoted, ranges, tokens, within
from tests.mailbox_servers.mails import Folder, MailStore, StoredMail
from tests.mailbox_servers.serving import HangUp, LineHandler, ScriptedServer

CAPABILITIES = ("IMAP4rev1", "UIDPLUS", "MOVE", "NAMESPACE", "AUTH=PLAIN", "AUTH=XOAUTH2")
SYSTEM_FLAGS = r"\Answered \Flagged \Deleted \Seen \Draft"
CHUNK = b"x" * 65_536


@dataclass
class Script:
    """What the server does. Each default is what a good server does.

    Commands are named as they are sent, a UID command by what follows UID.
    """

    user: str = "bounces"
    password: str = "pass word"
    access_token: str = "token"
    capabilities: tuple[str, ...] = CAPABILITIES
    greeting: bytes = b"* OK ready"
    permanent_flags: str | None = SYSTEM_FLAGS + r" \*"
    is_read_only: bool = False  # SELECT opens read-only
    takes_partial: bool = True  # of BODY[]<0.n>
    refusals: dict[str, str] = field(default_factory=dict)  # command -> `NO text` or `BAD text`, each time
    refused_once: dict[str, list[str]] = field(default_factory=dict)  # command -> what is answered before it works
    refused_uids: dict[int, str] = field(default_factory=dict)  # UID FETCH of that mail alone -> `NO text`
    drops: dict[str, int] = field(default_factory=dict)  # command -> how often the line drops after it took effect
    drops_before: dict[str, int] = field(default_factory=dict)  # likewise, before it takes effect
    drops_mid_fetch: dict[int, int] = field(default_factory=dict)  # UID -> how often the line drops amid its mail
    announced: dict[int, int] = field(default_factory=dict)  # UID -> the literal's length, which is sent in full
    renumbers_at: set[int] = field(default_factory=set)  # UIDs; fetching one gives all another UID, and says so
    size_of: Callable[[StoredMail], int] = lambda mail: len(mail.raw)
    said_before: dict[str, bytes] = field(default_factory=dict)  # command -> sent as it is before its answer
    after_starttls: bytes = b""  # sent in plain text right behind the OK
    stalls: dict[str, float] = field(default_factory=dict)  # command -> seconds before its answer


class ImapServer(ScriptedServer):
    """Serves `store` as `script` says."""

    def __init__(
        self,
        store: MailStore,
        script: Script | None = None,
        tls: ssl.SSLContext | None = None,
        *,
        starttls: bool = False,
        port: int = 0,
    ) -> None:
        """Listen on 127.0.0.1."""
        self.store = store
        self.script = script or Script()
        self.commands: list[str] = []
        self.longest_sent = 0
        super().__init__(_Connection, tls, starttls=starttls, port=port)


class _Refused(Exception):
    """Answers a command with NO or BAD."""


class _Connection(LineHandler):
    server: ImapServer  # type: ignore[assignment]

    def converse(self) -> None:
        self.script = self.server.script
        self.store = self.server.store
        self.is_in = False
        self.folder: Folder | None = None
        self.is_writable = False
        self.view: list[StoredMail] = []  # what this client knows, by sequence number
        self.send(self.script.greeting)
        while True:
            self._command(self._whole_line())

    def _whole_line(self) -> str:
        """Return a command with its literals put in as quoted strings."""
        text = ""
        while True:
            line = self.line().decode("utf-8", "surrogateescape")
            if not line.endswith("}"):
                return text + line
            head, _, length = line[:-1].rpartition("{")
            if not length.endswith("+"):
                self.send(b"+ go on")
            literal = self.rfile.read(int(length.rstrip("+"))).decode("utf-8", "surrogateescape")
            text += head + '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _command(self, text: str) -> None:
        tag, _, rest = text.partition(" ")
        words = tokens(rest)
        is_uid = bool(words) and str(words[0]).upper() == "UID"
        name = str(words[1 if is_uid else 0]).upper()
        arguments = words[2:] if is_uid else words[1:]
        self.server.commands.append(name if name in ("LOGIN", "AUTHENTICATE") else rest)
        try:
            self._misbehave(name)
            method = getattr(self, "_" + ("uid_" if is_uid else "") + name.lower(), None)
            if method is None:
                raise _Refused("BAD no such command")
            with self.store.lock:
                said = method(*arguments) or "OK done"
                if self._counts_down(self.script.drops, name):
                    raise HangUp
        except _Refused as refusal:
            said = str(refusal)
        if name not in ("FETCH", "STORE", "SEARCH") or is_uid:
            self._tell_of_changes()
        if name in self.script.said_before:
            self.connection.sendall(self.script.said_before[name])
        self._answer(tag, name, said)

    def _answer(self, tag: str, name: str, said: str) -> None:
        answer = f"{tag} {said}\r\n".encode()
        if name == "STARTTLS" and said.startswith("OK"):
            self.connection.sendall(answer + self.script.after_starttls)
            self.wrap()
            return
        self.connection.sendall(answer)
        if name == "LOGOUT":
            raise HangUp

    def _misbehave(self, name: str) -> None:
        if name in self.script.stalls:
            time.sleep(self.script.stalls[name])
        if self._counts_down(self.script.drops_before, name):
            raise HangUp
        once = self.script.refused_once.get(name)
        if once:
            raise _Refused(once.pop(0))
        if name in self.script.refusals:
            raise _Refused(self.script.refusals[name])

    @staticmethod
    def _counts_down(counts: dict[Any, int], key: object) -> bool:
        left = counts.get(key, 0)
        counts[key] = max(left - 1, 0)
        return left > 0

    def _tell_of_changes(self) -> None:
        """Send EXPUNGE for what is gone, EXISTS for what has come (RFC 3501 7.3.1, 7.4.1)."""
        if self.folder is None:
            return
        with self.store.lock:
            there = set(map(id, self.folder.mails))
            for number in range(len(self.view), 0, -1):
                if id(self.view[number - 1]) not in there:
                    del self.view[number - 1]
                    self.send(b"* %d EXPUNGE" % number)
            known = set(map(id, self.view))
            new = [mail for mail in self.folder.mails if id(mail) not in known]
            if new:
                self.view += new
                self.send(b"* %d EXISTS" % len(self.view))

    # in any state

    def _capability(self) -> None:
        extra = ("STARTTLS",) if self.server.starttls and not self.is_tls else ()
        self.send(b"* CAPABILITY " + " ".join(self.script.capabilities + extra).encode())

    def _noop(self) -> None:
        pass

    def _logout(self) -> None:
        self.send(b"* BYE see you")

    def _starttls(self) -> None:
        if not self.server.starttls or self.is_tls:
            raise _Refused("BAD no TLS here")

    # before the login

    def _login(self, user: str, password: str) -> None:
        self._let_in(user, password == self.script.password)

    def _authenticate(self, mechanism: str, initial: str | None = None) -> None:
        if initial is None:
            self.send(b"+ ")
            initial = self.line().decode()
        response = base64.b64decode(initial).decode()
        if mechanism.upper() == "PLAIN":
            _, user, password = response.split("\0")
            self._let_in(user, password == self.script.password)
            return
        user = response.partition("user=")[2].partition("\1")[0] or response.partition("a=")[2].partition(",")[0]
        is_right = f"auth=Bearer {self.script.access_token}\1" in response
        if not is_right:
            self.send(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}'))
            self.line()
        self._let_in(user, is_right)

    def _let_in(self, user: str, is_right: bool) -> None:
        if user != self.script.user or not is_right:
            raise _Refused("NO [AUTHENTICATIONFAILED] wrong user or password")
        self.is_in = True

    # logged in

    def _namespace(self) -> None:
        self._need_login()
        own = b"((%s %s))" % (quoted(self.store.prefix), quoted(self.store.delimiter))
        self.send(b"* NAMESPACE " + own + b" NIL NIL")

    def _list(self, reference: str, pattern: str) -> None:
        self._need_login()
        delimiter = quoted(self.store.delimiter)
        if not pattern:
            self.send(b'* LIST (\\Noselect) %s ""' % delimiter)
        for name in self.store.folders:
            if pattern in ("*", name):
                self.send(b"* LIST (\\HasNoChildren) %s %s" % (delimiter, quoted(name)))

    def _create(self, name: str) -> None:
        self._need_login()
        if self.store.find(name) is not None:
            raise _Refused("NO [ALREADYEXISTS] there is one")
        if not name.startswith(self.store.prefix):
            raise _Refused("NO [CANNOT] not in your namespace")
        self.store.create(name)

    def _subscribe(self, name: str) -> None:
        self._need_login()

    def _select(self, name: str) -> str:
        return self._open(name, is_writable=not self.script.is_read_only)

    def _examine(self, name: str) -> str:
        return self._open(name, is_writable=False)

    def _open(self, name: str, *, is_writable: bool) -> str:
        self._need_login()
        self.folder = None
        folder = self._existing(name, "NONEXISTENT")
        self.folder, self.view, self.is_writable = folder, list(folder.mails), is_writable
        self.send(b"* %d EXISTS" % len(self.view))
        self.send(b"* 0 RECENT")
        self.send(b"* FLAGS (%s)" % SYSTEM_FLAGS.encode())
        if self.script.permanent_flags is not None:
            flags = self.script.permanent_flags if is_writable else ""
            self.send(b"* OK [PERMANENTFLAGS (%s)] kept" % flags.encode())
        self.send(b"* OK [UIDVALIDITY %d] valid" % folder.validity)
        self.send(b"* OK [UIDNEXT %d] next" % folder.next_uid)
        return f"OK [READ-{'WRITE' if is_writable else 'ONLY'}] opened"

    def _need_login(self) -> None:
        if not self.is_in:
            raise _Refused("BAD not logged in")

    def _existing(self, name: str, code: str) -> Folder:
        folder = self.store.find(name)
        if folder is None:
            raise _Refused(f"NO [{code}] no such folder")
        return folder

    # in a folder

    def _selected(self, *, to_write: bool = False) -> Folder:
        if self.folder is None:
            raise _Refused("BAD no folder is open")
        if to_write and not self.is_writable:
            raise _Refused("NO the folder is open read-only")
        return self.folder

    def _by_uid(self, uids: str) -> list[StoredMail]:
        folder = self._selected()
        named = within([mail.uid for mail in folder.mails], uids)
        return [mail for mail in folder.mails if mail.uid in named]

    def _uid_search(self, *criteria: str | list[str]) -> None:
        self._selected()
        found = list(self.view)
        there = set(map(id, self._selected().mails))
        words = [str(word) for word in criteria]
        while words:
            found = self._matching(found, words)
        uids = b"".join(b" %d" % mail.uid for mail in found if id(mail) in there)
        self.send(b"* SEARCH" + uids)

    def _matching(self, mails: list[StoredMail], words: list[str]) -> list[StoredMail]:
        key = words.pop(0).upper()
        if key[0].isdigit() or key[0] == "*":
            if any(high > len(self.view) and high < 1 << 40 for _, high in ranges(key)):
                raise _Refused("BAD no such sequence number")
            named = within(list(range(1, len(self.view) + 1)), key)
            chosen = {id(self.view[number - 1]) for number in named}
            return [mail for mail in mails if id(mail) in chosen]
        if key == "UID":
            uids = within([mail.uid for mail in self.view], words.pop(0))
            return [mail for mail in mails if mail.uid in uids]
        if key in ("UNDELETED", "DELETED"):
            return [mail for mail in mails if ("\\Deleted" in mail.flags) == (key == "DELETED")]
        if key == "KEYWORD":
            keyword = words.pop(0)
            return [mail for mail in mails if keyword in mail.flags]
        if key == "ALL":
            return mails
        raise _Refused("BAD no such search key")

    def _uid_fetch(self, uids: str, items: list[str] | str) -> None:
        wanted = [items] if isinstance(items, str) else items
        numbers = {id(mail): number for number, mail in enumerate(self.view, 1)}
        for mail in self._by_uid(uids):
            if mail.uid in self.script.refused_uids:
                raise _Refused(self.script.refused_uids[mail.uid])
            if mail.uid in self.script.renumbers_at and any(item.startswith("BODY") for item in wanted):
                self.script.renumbers_at.discard(mail.uid)
                folder = self._selected()
                folder.renumber()
                self.send(b"* OK [UIDVALIDITY %d] new numbers" % folder.validity)
            if id(mail) in numbers:
                self._send_items(numbers[id(mail)], mail, wanted)

    def _send_items(self, number: int, mail: StoredMail, items: list[str]) -> None:
        head = b"* %d FETCH (UID %d" % (number, mail.uid)
        body = None
        for item in items:
            if item == "RFC822.SIZE":
                head += b" RFC822.SIZE %d" % self.script.size_of(mail)
            elif item == "INTERNALDATE":
                head += b' INTERNALDATE "%s"' % mail.received.strftime("%d-%b-%Y %H:%M:%S %z").encode()
            elif item == "FLAGS":
                head += b" FLAGS (%s)" % " ".join(sorted(mail.flags)).encode()
            elif item.startswith("BODY"):
                body = item
                if not item.startswith("BODY.PEEK"):
                    mail.flags.add("\\Seen")
        if body is None:
            self.send(head + b")")
        else:
            self._send_body(mail, head, body.replace(".PEEK", ""))

    def _send_body(self, mail: StoredMail, head: bytes, item: str) -> None:
        section, _, partial = item.partition("<")
        content = mail.raw
        if "HEADER" in section:
            content = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        if partial and self.script.takes_partial:
            start, length = map(int, partial.rstrip(">").split("."))
            content, section = content[start : start + length], f"{section}<{start}>"
        announced = self.script.announced.get(mail.uid)
        length = len(content) if announced is None else announced
        self.connection.sendall(head + b" %s {%d}\r\n" % (section.encode(), length))
        if self._counts_down(self.script.drops_mid_fetch, mail.uid):
            self.connection.sendall(content[: len(content) // 2])
            raise HangUp
        self._send_content(content, length)
        self.send(b")")

    def _send_content(self, content: bytes, length: int) -> None:
        self.connection.sendall(content[:length])
        sent = min(len(content), length)
        while sent < length:
            self.connection.sendall(CHUNK[: length - sent])
            sent += min(len(CHUNK), length - sent)
            self.server.longest_sent = max(self.server.longest_sent, sent)

    def _uid_store(self, uids: str, how: str, flags: list[str]) -> None:
        self._selected(to_write=True)
        for mail in self._by_uid(uids):
            if how.upper().startswith("+"):
                mail.flags.update(flags)
            elif how.upper().startswith("-"):
                mail.flags.difference_update(flags)

    def _uid_copy(self, uids: str, name: str) -> None:
        self._selected()
        target = self._existing(name, "TRYCREATE")
        for mail in self._by_uid(uids):
            target.add(mail.raw, mail.flags, mail.received)

    def _uid_move(self, uids: str, name: str) -> None:
        folder = self._selected(to_write=True)
        if "MOVE" not in self.script.capabilities:
            raise _Refused("BAD no such command")
        self._uid_copy(uids, name)
        self._remove(folder, self._by_uid(uids))

    def _uid_expunge(self, uids: str) -> None:
        folder = self._selected(to_write=True)
        if "UIDPLUS" not in self.script.capabilities:
            raise _Refused("BAD no such command")
        self._remove(folder, [mail for mail in self._by_uid(uids) if "\\Deleted" in mail.flags])

    def _expunge(self) -> None:
        folder = self._selected(to_write=True)
        self._remove(folder, [mail for mail in folder.mails if "\\Deleted" in mail.flags])

    @staticmethod
    def _remove(folder: Folder, mails: list[StoredMail]) -> None:
        gone = set(map(id, mails))
        folder.mails = [mail for mail in folder.mails if id(mail) not in gone]
