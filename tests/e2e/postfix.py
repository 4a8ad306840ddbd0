"""A Postfix of its own: everything in one folder, on 127.0.0.1 only, beside whatever mail server the machine has."""

import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RETURN_DOMAIN: Final = "return.example.com"
_PATH: Final = os.environ.get("PATH", "") + ":/usr/sbin:/usr/lib/postfix/sbin"
_STARTING_SECONDS: Final = 30.0

_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
alias_maps =
alias_database =
local_recipient_maps =
relayhost = [127.0.0.1]:{mx_port}
transport_maps = inline:{{ {{ {return_domain} = smtp:[127.0.0.1]:{door_port} }} }}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
{more}
"""
_MASTER: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def why_not() -> str | None:
    """Return why no Postfix can be run here, None where one can."""
    if shutil.which("postfix", path=_PATH) is None:
        return "needs Debian's Postfix: sudo apt-get install --no-install-recommends postfix"
    if os.geteuid() != 0:
        return "needs root: Postfix's master changes to other users"
    return None


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix, which takes mail on `port` and relays it to the MX, and bounces to the SMTP door."""

    port: int
    folder: Path

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """Hand `content` over for delivery."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as connection:
            connection.sendmail(sender, [recipient], content)

    def log(self) -> str:
        """Return what it has logged."""
        return (self.folder / "log").read_text("utf-8", "replace") if (self.folder / "log").exists() else ""


@contextmanager
def postfix(*, port: int, mx_port: int, door_port: int, settings: dict[str, str]) -> Iterator[Postfix]:
    """Run a Postfix until left. `settings` go into its main.cf."""
    # Not pytest's folder, which nobody but root may enter.
    folder = Path(tempfile.mkdtemp(prefix="bounces-postfix-"))
    folder.chmod(0o755)
    running = Postfix(port, folder)
    try:
        _configure(running, mx_port, door_port, settings)
        command = ["postfix", "-c", str(folder / "etc"), "start-fg"]
        with (folder / "output").open("wb") as output:
            master = subprocess.Popen(
                command,
                env={**os.environ, "PATH": _PATH},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            _wait_until_listening(running, master)
            yield running
        finally:
            _stop(running, master)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(running: Postfix, script: "subprocess.Popen[bytes]") -> None:
    """End the master daemon, which is a child of the `postfix` script and ends its own children."""
    with suppress(OSError, ValueError):
        os.kill(int((running.folder / "queue" / "pid" / "master.pid").read_text()), signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        script.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(script.pid, signal.SIGKILL)  # the script's own session: it, and a master that would not end
    script.wait()


def _configure(running: Postfix, mx_port: int, door_port: int, settings: dict[str, str]) -> None:
    folder = running.folder
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    shutil.chown(folder / "data", "postfix")
    more = "\n".join(f"{name} = {value}" for name, value in settings.items())
    (folder / "etc" / "main.cf").write_text(
        _MAIN.format(folder=folder, mx_port=mx_port, door_port=door_port, return_domain=RETURN_DOMAIN, more=more)
    )
    (folder / "etc" / "master.cf").write_text(_MASTER.format(port=running.port))


def _wait_until_listening(running: Postfix, master: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < end:
        if master.poll() is not None:
            break
        try:
            with smtplib.SMTP("127.0.0.1", running.port, timeout=5):
                return
        except (OSError, smtplib.SMTPException):
            time.sleep(0.1)
    said = (running.folder / "output").read_text("utf-8", "replace")
    raise RuntimeError(f"Postfix did not start on port {running.port}: {said}\n{running.log()}")
