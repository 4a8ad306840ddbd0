"""The recipients' side, as world.toml has it: hosts, domains, and what is answered at which stage."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
SENDER_ADDRESS: Final = "192.0.2.1"  # RFC 5737: addresses for documentation
SENDER_HOST: Final = "mail.sender.example"
NAME_SERVER: Final = "192.0.2.53"
RETURN_DOMAIN: Final = "return.example.com"
_LONG: Final = "The directory was searched for it in all of its branches and it is in none of them. " * 20


@dataclass(frozen=True, slots=True)
class Host:
    """The MX of one domain. An answer is its lines; none where the stage is passed."""

    domain: str
    address: str
    exists: bool = True
    listening: bool = True
    mute: bool = False
    banner: tuple[str, ...] | None = None
    helo: tuple[str, ...] | None = None
    mail: tuple[str, ...] | None = None
    data: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Every host by its domain, domains without one, and the answers by local part."""

    hosts: dict[str, Host]
    domains: dict[str, str]
    recipients: dict[str, tuple[str, ...]]
    dot: dict[str, tuple[str, ...]]
    statements: dict[str, list[str]]

    def to_recipient(self, address: str) -> tuple[str, ...] | None:
        """Return what RCPT TO of `address` is answered, None where it is accepted."""
        return _said(self.recipients.get(address.partition("@")[0]), address)

    def to_message(self, addresses: list[str]) -> tuple[str, ...] | None:
        """Return what a message to `addresses` is answered, None where it is accepted."""
        for address in addresses:
            local = address.partition("@")[0]
            if local in self.dot:
                return _said(self.dot[local], address)
        return None

    def dead(self, local: str, domain: str, stage: str, refused: str) -> bool | None:
        """Return whether what was answered says that the address is dead, None where it can be read either way."""
        if refused != "for good" or stage not in ("rcpt", "domain"):
            return False
        name = domain if stage == "domain" else local
        return True if name in self.statements["dead"] else None if name in self.statements["unclear"] else False


@dataclass(frozen=True, slots=True)
class Case:
    """One mail to send."""

    name: str
    to: tuple[str, ...]
    notify: str = "FAILURE,DELAY"
    one_host: bool = False

    @property
    def return_path(self) -> str:
        """Return the address that its bounces come to."""
        return f"bounces+{self.name}@{RETURN_DOMAIN}"

    @property
    def is_success(self) -> bool:
        """Whether it asks to be told of deliveries."""
        return "SUCCESS" in self.notify


def world() -> World:
    """Return what world.toml says."""
    read = tomllib.loads((HERE / "world.toml").read_text("utf-8"))
    hosts = {domain: _host(domain, entry) for domain, entry in read["hosts"].items()}
    answers = {name: {key: tuple(lines) for key, lines in read[name].items()} for name in ("recipients", "dot")}
    return World(hosts, read["domains"], answers["recipients"], answers["dot"], read["statements"])


def cases() -> list[Case]:
    """Return the mails of cases.toml."""
    read = tomllib.loads((HERE / "cases.toml").read_text("utf-8"))["cases"]
    return [Case(**{**entry, "to": tuple(entry["to"])}) for entry in read]


def _host(domain: str, entry: dict[str, Any]) -> Host:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Host(domain, **fields)


def _said(answer: tuple[str, ...] | None, address: str) -> tuple[str, ...] | None:
    if answer is None:
        return None
    return tuple(line.replace("{address}", address).replace("@LONG@", _LONG).rstrip("\n") for line in answer)
