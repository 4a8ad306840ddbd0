"""A Dovecot of its own: everything in one folder, on 127.0.0.1 only, beside whatever mail server the machine has.

    with dovecot.running() as server:
        server.deliver(raw, flags="S")
        ...
        assert [kept.digest for kept in server.folders()["Processed"]] == [...]

Any user may log in, with `password`, and has a mailbox of their own: `server.of("ann")` is the same server for another
one. What it tells of mailboxes is read by imaplib alone, so that nothing of the product has a say in it.
"""

from __future__ import annotations

import getpass
import grp
import hashlib
import imaplib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from tests.mailbox_servers import certificates

HOST: Final = "127.0.0.1"
USER: Final = "bounces"
PASSWORD: Final = 'correct-horse"battery\\staple'  # what IMAP has to quote
_PATH: Final = os.environ.get("PATH", "") + ":/usr/sbin"
_LIBRARIES: Final = Path("/usr/lib/dovecot")
_STARTING_SECONDS: Final = 30.0
_FETCHED_AT_ONCE: Final = 200

_MAIN: Final = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
instance_name = {instance}

ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2

auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = {owner} home={folder}/mail/%u
}}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  separator = .
}}
pop3_uidl_format = %08Xu%08Xv
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = {pop3s_port}
    ssl = yes
  }}
}}
{users}
{more}
"""
# Only root may change to other users, and into another root.
_AS_ONE_USER: Final = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def why_not() -> str | None:
    """Return why no Dovecot can be run here, None where one can."""
    if shutil.which("dovecot", path=_PATH) is None or not all((_LIBRARIES / it).exists() for it in ("imap", "pop3")):
        packages = "dovecot-core dovecot-imapd dovecot-pop3d"
        return f"needs Debian's Dovecot: sudo apt-get install --no-install-recommends {packages}"
    return None


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail as the server has it: the digest of its bytes with CRLF line ends, and IMAP's flags without \\Recent."""

    uid: int
    digest: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running Dovecot, as one user's mailbox. `maildir` is where it keeps that user's mails (Maildir++)."""

    host: str
    imap_port: int
    imaps_port: int
    pop3_port: int
    pop3s_port: int
    user: str
    password: str = field(repr=False)
    ca_pem: str = field(repr=False)
    folder: Path  # everything of this instance

    @property
    def maildir(self) -> Path:
        """Return where the user's mails are."""
        return self.folder / "mail" / self.user / "Maildir"

    def of(self, user: str) -> Dovecot:
        """Return the same server for another user."""
        return replace(self, user=user)

    def log(self) -> str:
        """Return what it has logged."""
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def logins(self) -> list[bool]:
        """Return, of each login of the user, whether it came over TLS, in order."""
        said = re.findall(rf"Login: user=<{re.escape(self.user)}>, (.*)", self.log())
        return [", TLS" in line for line in said]

    def deliver(self, raw: bytes, *, flags: str = "", folder: str = "", received: datetime | None = None) -> None:
        """Put a mail into the inbox, or into the folder `folder`, as an MTA does that writes Maildirs.

        `flags` are Maildir's letters (S seen, F flagged, R answered, T deleted, D draft); `received` becomes the
        INTERNALDATE.
        """
        maildir = self.maildir / f".{folder}" if folder else self.maildir
        self._make(maildir)
        number = time.monotonic_ns()
        name = f"{time.time_ns() // 1_000_000_000}.M{number}P{os.getpid()}.test"
        waiting = maildir / "tmp" / name
        waiting.write_bytes(raw)
        if received is not None:
            os.utime(waiting, (received.timestamp(), received.timestamp()))
        self._hand_over(waiting)
        waiting.rename(maildir / "cur" / f"{name}:2,{''.join(sorted(flags))}" if flags else maildir / "new" / name)

    def folders(self) -> dict[str, list[Kept]]:
        """Return every folder's mails, in the order of their UIDs; a folder without mails as well."""
        with self.connected() as connection:
            listed = _ok(connection.list())
            names = [line.decode().rpartition(' "." ')[2].strip('"') for line in listed if line]
            return {name: _mails(connection, name) for name in names}

    def digests(self) -> dict[str, list[str]]:
        """Return the sorted digests of every folder's mails; folders without mails are left out."""
        return {name: sorted(it.digest for it in mails) for name, mails in self.folders().items() if mails}

    @contextmanager
    def connected(self) -> Iterator[imaplib.IMAP4]:
        """Log in as the user, over TLS."""
        context = ssl.create_default_context(cadata=self.ca_pem)
        connection = imaplib.IMAP4_SSL(self.host, self.imaps_port, ssl_context=context, timeout=60)
        try:
            connection.login(self.user, self.password)
            yield connection
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                connection.logout()

    def _make(self, maildir: Path) -> None:
        if (maildir / "tmp").exists():
            return
        for name in ("new", "cur", "tmp"):
            (maildir / name).mkdir(parents=True)
        if maildir != self.maildir:
            (maildir / "maildirfolder").touch()
        for path in (self.maildir.parent, self.maildir, maildir, *maildir.iterdir()):
            self._hand_over(path)

    def _hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, "nobody", "nogroup")


def digest(raw: bytes) -> str:
    """Return the digest that `Kept` has of the mail `raw`, whatever its line ends."""
    return hashlib.sha256(raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).hexdigest()


def _mails(connection: imaplib.IMAP4, name: str) -> list[Kept]:
    _ok(connection.select(f'"{name}"', readonly=True))
    uids = (_ok(connection.uid("SEARCH", "ALL"))[0] or b"").split()
    found: list[Kept] = []
    for start in range(0, len(uids), _FETCHED_AT_ONCE):
        chosen = b",".join(uids[start : start + _FETCHED_AT_ONCE]).decode()
        for part in _ok(connection.uid("FETCH", chosen, "(UID FLAGS BODY.PEEK[])")):
            if isinstance(part, tuple):
                found.append(_kept(*part))
    return sorted(found, key=lambda kept: kept.uid)


def _kept(said: bytes, raw: bytes) -> Kept:
    uid, flags = re.search(rb"UID (\d+)", said), re.search(rb"FLAGS \(([^)]*)\)", said)
    assert uid and flags, said
    return Kept(int(uid[1]), digest(raw), frozenset(flags[1].decode().split()) - {"\\Recent"})


def _ok(answer: tuple[str, Sequence[object]]) -> list[bytes]:
    kind, told = answer
    if kind != "OK":
        raise AssertionError(f"the server answers {kind} {told!r}")
    return list(told)  # type: ignore[arg-type]


@contextmanager
def running(folder: Path | None = None, *, more: str = "") -> Iterator[Dovecot]:
    """Run a Dovecot until left; skips the test where it is not installed.

    `folder`, which must not exist or be empty, is where everything of it is; by default a new one, which is removed
    when left. Run as root, other users must be able to enter it. `more` is text for the end of its configuration.
    """
    if (why := why_not()) is not None:
        pytest.skip(why)
    # Not pytest's folder, which nobody but root may enter, and the path of which is too long for a Unix socket.
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as made:
        folder = Path(made) if folder is None else folder
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        server = _configured(folder, more)
        with (folder / "output").open("wb") as output:
            master = subprocess.Popen(
                ["dovecot", "-F", "-c", str(folder / "dovecot.conf")],
                env={**os.environ, "PATH": _PATH},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            _wait_until_listening(server, master)
            yield server
        finally:
            _stop(master)


def _configured(folder: Path, more: str) -> Dovecot:
    made = certificates.make(folder, "localhost", HOST)
    (folder / "mail").mkdir()
    imap, imaps, pop3, pop3s = _free_ports(4)
    server = Dovecot(HOST, imap, imaps, pop3, pop3s, USER, PASSWORD, made.authority, folder)
    if os.geteuid() == 0:
        shutil.chown(folder / "mail", "nobody", "nogroup")
        owner, users = "uid=nobody gid=nogroup", ""
    else:
        user, group = getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
        owner, users = f"uid={user} gid={group}", _AS_ONE_USER.format(user=user, group=group)
    text = _MAIN.format(
        folder=folder,
        instance=folder.name,
        chain=made.chain,
        key=made.key,
        password=PASSWORD,
        owner=owner,
        imap_port=imap,
        imaps_port=imaps,
        pop3_port=pop3,
        pop3s_port=pop3s,
        users=users,
        more=more,
    )
    (folder / "dovecot.conf").write_text(text)
    return server


def _free_ports(count: int) -> list[int]:
    """Return free ports. All are held until all are known, so that none comes twice."""
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _wait_until_listening(server: Dovecot, master: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < end and master.poll() is None:
        try:
            for port in (server.imap_port, server.pop3_port):
                with socket.create_connection((HOST, port), timeout=5) as connection:
                    connection.settimeout(5)
                    if not connection.recv(1):
                        raise OSError("no greeting")
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = (server.folder / "output").read_text("utf-8", "replace")
    raise RuntimeError(f"Dovecot did not start: {said}\n{server.log()}")


def _stop(master: subprocess.Popen[bytes]) -> None:
    """End the master, which ends its own children; they are all of its session."""
    master.terminate()
    with suppress(subprocess.TimeoutExpired):
        master.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(master.pid, signal.SIGKILL)
    master.wait()
