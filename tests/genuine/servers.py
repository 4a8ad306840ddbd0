"""The mail servers that are made to write bounces: servers/NAME/server.toml, and the files of servers/NAME/root.

server.toml has: `packages` (Debian's, the first is the server), or `npm` (a package and its version); `uses` (the
server whose root it shares); `binds` (what of this machine is seen in its root); `setup`, `start` and `flush`
(commands; `start` is left running, `flush` is run once a second); `submit` (a command that takes a mail on standard
input; `{sender}`, `{notify}` and `{recipients}` are filled in), or `login` (by SMTP with a password), else by plain
SMTP; `one_host` (all mail goes to one host); `cases` (else all); `expire` (run once, after `expire_after` seconds,
where a queue's lifetime cannot be set); `seconds` (how long it is given); `logs` (shown where it cannot be run).
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "servers"
ROOTS: Final = Path(__file__).parents[2] / ".cache" / "genuine"


@dataclass(frozen=True, slots=True)
class Server:
    """How one mail server is installed, started and given mails."""

    name: str
    packages: list[str] = field(default_factory=list)
    npm: str | None = None
    uses: str | None = None
    binds: dict[str, str] = field(default_factory=dict)
    setup: list[list[str]] = field(default_factory=list)
    start: list[list[str]] = field(default_factory=list)
    flush: list[str] | None = None
    submit: list[str] | None = None
    login: list[str] | None = None
    one_host: bool = False
    cases: list[str] = field(default_factory=list)
    expire: list[str] | None = None
    expire_after: int = 20
    seconds: int = 60
    logs: list[str] = field(default_factory=list)

    @property
    def layer(self) -> Path:
        """Return the folder of its installed packages."""
        return ROOTS / (self.uses or self.name)

    @property
    def files(self) -> Path:
        """Return the folder of the files that are copied into its root."""
        return FOLDER / self.name / "root"


def names() -> list[str]:
    """Return the names of all servers."""
    return sorted(path.parent.name for path in FOLDER.glob("*/server.toml"))


def server(name: str) -> Server:
    """Return the server of that name."""
    return Server(name, **tomllib.loads((FOLDER / name / "server.toml").read_text("utf-8")))
