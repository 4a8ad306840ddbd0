"""A syslog-ng of its own with a generated configuration: everything in one folder, nothing listening, no service."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from bounces_cli.integration import Wish, files_for

REOPEN_SECONDS: Final = 10
"""What the generated configuration has."""

_PATH: Final = os.environ.get("PATH", "") + ":/usr/sbin"
_SECONDS: Final = 30.0
_STATE: Final = 'dir("/var/lib/syslog-ng")'
_REOPEN: Final = f"time-reopen({REOPEN_SECONDS})"
_MAIN: Final = '@version: 3.38\noptions {{ stats-freq(0); }};\n@include "{generated}"\n'


def why_not() -> str | None:
    """Return why no syslog-ng can be run here, None where one can."""
    if shutil.which("syslog-ng", path=_PATH) is None or not list(Path("/usr/lib/syslog-ng").glob("*/libhttp.so")):
        return (
            "needs Debian's syslog-ng: sudo apt-get install --no-install-recommends syslog-ng-core syslog-ng-mod-http"
        )
    if os.geteuid() != 0:
        return "needs root, as syslog-ng does"
    return None


class SyslogNg:
    """A syslog-ng that tails what PowerMTA writes into `accounts`, and sends it to `address`; `folder` is its own.

    Of the generated configuration only the folder of the disk buffers is another one, and after how many seconds it
    sends again what was not taken.
    """

    def __init__(self, folder: Path, accounts: Path, address: str, reopen_seconds: int) -> None:
        self.reopen_seconds = reopen_seconds
        self._folder = folder
        self._token_file = folder / "token.conf"
        wish = Wish(address, folder=str(accounts), token_file=str(self._token_file), with_deliveries=True)
        self.powermta, own = files_for("powermta", "syslog-ng", wish)
        assert own.text.count(_STATE) == own.text.count(_REOPEN) == 1
        text = own.text.replace(_STATE, f'dir("{folder}")').replace(_REOPEN, f"time-reopen({reopen_seconds})")
        generated = folder / "generated.conf"
        generated.write_text(text)
        (folder / "main.conf").write_text(_MAIN.format(generated=generated))
        self._process: subprocess.Popen[bytes] | None = None

    def set_token(self, token: str) -> None:
        """Write the file with the token; a running syslog-ng reads it anew."""
        self._token_file.write_text(f'@define bounce_processing_token "{token}"\n')
        self._token_file.chmod(0o600)
        if self._process is not None:
            self._control("reload")

    def start(self) -> None:
        """Start, and wait until it says that it runs. Raises `RuntimeError`."""
        own = self._folder
        command = [
            "syslog-ng",
            "-Fe",
            "-f",
            own / "main.conf",
            "-R",
            own / "persist",
            "-p",
            own / "pid",
            "-c",
            own / "ctl",
        ]
        with (own / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*map(str, command), "--no-caps"],
                env={**os.environ, "PATH": _PATH},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if (own / "ctl").exists() and self._control("stats", check=False):
                return
            time.sleep(0.1)
        raise RuntimeError(f"syslog-ng did not start: {self.log()}")

    def stop(self) -> None:
        """End it as its service is ended."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None
        (self._folder / "ctl").unlink(missing_ok=True)

    def log(self) -> str:
        """Return what it has said."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def _control(self, command: str, *, check: bool = True) -> bool:
        run = subprocess.run(
            ["syslog-ng-ctl", command, "-c", str(self._folder / "ctl")],
            env={**os.environ, "PATH": _PATH},
            capture_output=True,
            timeout=_SECONDS,
            check=check,
        )
        return run.returncode == 0
