"""Two networks without an outside: the sender's, where a mail server runs in its own root, and the recipients'.

Everything here is called in a process that `unshare --net --mount --uts --pid --fork` started: addresses, mounts and
processes are gone when it ends.
"""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from tests.genuine.servers import ROOTS, Server
from tests.genuine.world import NAME_SERVER, SENDER_ADDRESS, SENDER_HOST, World

_HOSTS: Final = f"127.0.0.1 localhost\n{SENDER_ADDRESS} {SENDER_HOST} mail\n"


def run(*command: str, check: bool = True, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run `command` to its end. Raises `RuntimeError` with what it said where it fails."""
    done = subprocess.run(command, input=stdin or b"", capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout!r} {done.stderr!r}")
    return done


class Sender:
    """The sender's machine: a network of its own, and a root of its own."""

    def __init__(self, server: Server, world: World) -> None:
        self.server = server
        self.root = ROOTS / "run"
        self._network = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self._connect([host.address for host in world.hosts.values() if host.exists])
        self._lay_root()

    def run(self, *command: str, check: bool = True, stdin: bytes | None = None) -> bytes:
        """Run `command` in the root and the network to its end, and return what it printed."""
        return run(*self._inside(), *command, check=check, stdin=stdin).stdout

    def start(self, command: list[str], output: Path) -> "subprocess.Popen[bytes]":
        """Start `command` in the root and the network, its output going to `output`."""
        with output.open("ab") as sink:
            return subprocess.Popen([*self._inside(), *command], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)

    def _inside(self) -> list[str]:
        return ["nsenter", f"--net=/proc/{self._network.pid}/ns/net", "chroot", str(self.root)]

    def _connect(self, addresses: list[str]) -> None:
        run("hostname", SENDER_HOST)
        time.sleep(0.3)  # `unshare` has to have made the network before a link can be moved into it
        there = str(self._network.pid)
        run("ip", "link", "add", "name", "world", "type", "veth", "peer", "name", "sender", "netns", there)
        run("ip", "link", "set", "lo", "up")
        for address in (*addresses, NAME_SERVER):
            run("ip", "address", "add", f"{address}/24", "dev", "world")
        run("ip", "link", "set", "world", "up")
        inside = ("nsenter", f"--net=/proc/{there}/ns/net", "ip")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "address", "add", f"{SENDER_ADDRESS}/24", "dev", "sender")
        run(*inside, "link", "set", "sender", "up")

    def _lay_root(self) -> None:
        """Mount the server's packages with a layer on top that this run alone writes to."""
        top = ROOTS / "top"
        for folder in (self.root, top):
            folder.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "tmpfs", str(top))
        for name in ("upper", "work"):
            (top / name).mkdir()
        below = f"{self.server.layer}/upper:{ROOTS}/base"
        options = f"lowerdir={below},upperdir={top}/upper,workdir={top}/work"
        run("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        run("mount", "-t", "proc", "proc", f"{self.root}/proc")
        run("mount", "--rbind", "/dev", f"{self.root}/dev")
        for target, source in self.server.binds.items():
            self._bind(source.format(roots=ROOTS), target)
        etc = self.root / "etc"
        (etc / "resolv.conf").unlink(missing_ok=True)
        (etc / "resolv.conf").write_text(f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:1\n")
        (etc / "hosts").write_text(_HOSTS)
        (etc / "hostname").write_text(f"{SENDER_HOST}\n")
        (etc / "mailname").write_text(f"{SENDER_HOST}\n")
        if self.server.files.is_dir():
            shutil.copytree(self.server.files, self.root, dirs_exist_ok=True, symlinks=True)

    def _bind(self, source: str, target: str) -> None:
        where = self.root / target.lstrip("/")
        if Path(source).is_dir():
            where.mkdir(parents=True, exist_ok=True)
        else:
            where.parent.mkdir(parents=True, exist_ok=True)
            where.touch()
        run("mount", "--bind", source, str(where))
