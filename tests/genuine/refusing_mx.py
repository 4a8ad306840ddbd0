"""The recipients' mail servers: they answer as world.toml says, note it, and keep what comes to the return path.

Not aiosmtpd: it cannot refuse at the banner, send bytes that are no ASCII, close without a word or be mute.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from tests.genuine.world import RETURN_DOMAIN, Host, World

_YES: Final = ("250 2.0.0 Ok",)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered: the truth that a bounce is compared with."""

    host: str
    stage: str  # banner, helo, mail, rcpt, data, dot
    sender: str | None
    recipient: str | None  # at rcpt
    lines: tuple[str, ...]

    @property
    def is_yes(self) -> bool:
        """Whether the stage was passed."""
        return bool(self.lines) and self.lines[0][:1] in "23"


@dataclass(slots=True)
class Noted:
    """What was answered, what was accepted for whom, and the mails that came to the return path."""

    answers: list[Answer] = field(default_factory=list)
    accepted: list[tuple[str, str]] = field(default_factory=list)  # (sender, recipient)
    returned: list[tuple[str, bytes]] = field(default_factory=list)  # (return path, mail)


class _Closed(Exception):
    """The connection is to be closed."""


@dataclass(slots=True)
class _Session:
    world: World
    host: Host
    noted: Noted
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)

    async def run(self) -> None:
        if self.host.mute:
            await self.reader.read()
            return
        if self.host.banner:
            await self.say("banner", self.host.banner)
        await self.say("banner", (f"220 mx.{self.host.domain} ESMTP",))
        while line := await self.reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            await self.command(verb.upper(), rest)

    async def command(self, verb: str, rest: str) -> None:
        if verb in ("EHLO", "HELO"):
            offered = (f"250-mx.{self.host.domain}", "250-8BITMIME", "250-ENHANCEDSTATUSCODES", "250 SIZE 10000000")
            await self.say("helo", self.host.helo or (offered if verb == "EHLO" else _YES))
        elif verb == "MAIL":
            self.sender, self.recipients = _path(rest), []
            refused = self.host.mail if self.sender else None
            await self.say("mail", refused or _YES)
        elif verb == "RCPT":
            await self.recipient(_path(rest))
        elif verb == "DATA":
            await self.message()
        elif verb == "QUIT":
            await self.say("quit", ("221 2.0.0 Bye",))
            raise _Closed
        elif verb in ("RSET", "NOOP"):
            self.recipients = []
            await self.say("rset", _YES)
        else:
            await self.say("unknown", ("502 5.5.2 Command not recognized",))

    async def recipient(self, address: str) -> None:
        refused = self.world.to_recipient(address)
        if refused is None:
            self.recipients.append(address)
        await self.say("rcpt", _YES if refused is None else refused, address)

    async def message(self) -> None:
        if self.host.data or not self.recipients:
            await self.say("data", self.host.data or ("503 5.5.1 No valid recipients",))
            return
        await self.say("data", ("354 Go ahead",))
        lines = []
        while (line := await self.reader.readline()).rstrip(b"\r\n") != b"." and line:
            lines.append(line[1:] if line.startswith(b"..") else line)
        refused = self.world.to_message(self.recipients)
        if refused is None:
            for address in self.recipients:
                self.noted.accepted.append((self.sender or "", address))
                if address.endswith(f"@{RETURN_DOMAIN}"):
                    self.noted.returned.append((address, b"".join(lines)))
        await self.say("dot", _YES if refused is None else refused)

    async def say(self, stage: str, lines: tuple[str, ...], recipient: str | None = None) -> None:
        """Answer, and note it. The sender of a session that has none is not known: the host is."""
        recipients = self.recipients if stage in ("data", "dot") else [recipient]
        for each in recipients or [None]:
            self.noted.answers.append(Answer(self.host.domain, stage, self.sender, each, lines))
        if not lines:
            raise _Closed
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()
        if lines[0].startswith("421") or (stage == "banner" and not lines[0].startswith("220")):
            raise _Closed


async def serve(world: World, noted: Noted) -> None:
    """Serve every host that listens, on port 25 of its address, until the loop ends."""
    for host in world.hosts.values():
        if host.exists and host.listening:
            await _serve_host(world, host, noted)


async def _serve_host(world: World, host: Host, noted: Noted) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Session(world, host, noted, reader, writer).run()
        except (_Closed, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    await asyncio.start_server(connected, host.address, 25, limit=1 << 20)


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
