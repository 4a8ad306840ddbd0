"""Run mail servers of Debian's and npm's against recipients of ours, and keep the bounces that they write.

`python -m tests.genuine.make [SERVER...]`, as root; needs debootstrap and, the first time, Debian's and npm's packages.
Writes mails/SERVER/*.eml and mails/SERVER/truth.json. With `--again` no server is run, and the mails of the last runs
are written.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.genuine import servers
from tests.genuine.servers import ROOTS, Server
from tests.genuine.truth import write

AT_ONCE: Final = 4
AGAIN: Final = "--again"
_APART: Final = ("unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")


def install(server: Server) -> None:
    """Lay the server's root, unless it is there."""
    ROOTS.mkdir(parents=True, exist_ok=True)
    script = str(servers.FOLDER.parent / "root.sh")
    subprocess.run([script, str(ROOTS), server.layer.name, *server.packages], check=True)
    if server.npm and not (ROOTS / "npm" / "node_modules" / server.npm.partition("@")[0]).is_dir():
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--silent")
        subprocess.run(["npm", "install", "--prefix", str(ROOTS / "npm"), *options, server.npm], check=True)


def run(server: Server, folder: Path) -> None:
    """Run the server in namespaces of its own; what came back is then in `folder`."""
    command = [*_APART, sys.executable, "-m", "tests.genuine.run_server", server.name, str(folder)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    if done.returncode:
        raise RuntimeError(
            f"{server.name} could not be run; it said:\n{(folder / 'output').read_text('utf-8', 'replace')}"
        )


def make(server: Server) -> str:
    """Run the server, and write its mails. Returns a line for people."""
    folder = ROOTS / "logs" / server.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(server, folder)
    return keep(server)


def keep(server: Server) -> str:
    """Write the mails of the server's last run, and the truth of them. Returns a line for people."""
    kept = json.loads((ROOTS / "logs" / server.name / "returned.json").read_text())
    mails = [(to, base64.b64decode(mail)) for to, mail in kept["returned"]]
    written = write(server.name, kept["version"], kept["answers"], mails)
    return f"{server.name}: {kept['version']}, {len(mails)} mails came back, {written} are kept"


def main() -> None:
    """Run the servers that are named, else all."""
    if os.geteuid() != 0:
        sys.exit("needs root, for namespaces and mail servers' own users: sudo make genuine")
    names = [argument for argument in sys.argv[1:] if argument != AGAIN]
    chosen = [servers.server(name) for name in names or servers.names()]
    if AGAIN in sys.argv:
        for server in chosen:
            print(keep(server))
        return
    for server in chosen:
        install(server)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for line in pool.map(make, chosen):
            print(line, flush=True)


if __name__ == "__main__":
    main()
