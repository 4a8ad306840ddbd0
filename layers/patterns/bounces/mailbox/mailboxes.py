"""Which mailbox, how to get into it, and what is done with a mail once it is safe."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

IMAP_PORTS: Final = {"tls": 993, "starttls": 143, "plain": 143}
POP3_PORTS: Final = {"tls": 995, "starttls": 110, "plain": 110}


class Protocol(StrEnum):
    """What a mailbox is reached by."""

    IMAP = "imap"
    POP3 = "pop3"


class Security(StrEnum):
    """What protects the connection."""

    TLS = "tls"  # from its first byte (RFC 8314)
    STARTTLS = "starttls"
    PLAIN = "plain"  # nothing: taken of this machine's own addresses only


class Filing(StrEnum):
    """What is done with a mail that is safe."""

    MOVE = "move"  # into the folder of its place, which is made where it is missing
    FLAG = "flag"  # a keyword for its place, and it stays where it is
    LEAVE = "leave"  # nothing
    DELETE = "delete"  # what was processed is deleted; the rest is moved, or left where nothing can be moved


@dataclass(frozen=True, slots=True)
class Folders:
    """The names of the folders that mails are moved to."""

    processed: str = "Processed"
    unrecognised: str = "Unrecognised"
    failed: str = "Failed"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox on a server."""

    protocol: Protocol
    host: str
    port: int
    security: Security
    user: str
    folder: str = "INBOX"
    filing: Filing = Filing.MOVE  # of POP3: LEAVE or DELETE
    folders: Folders = Folders()
    ca: str | None = None  # certificates in PEM, in the place of those that the system trusts

    @property
    def name(self) -> str:
        """What logs, states and reports call it: a URL without a secret."""
        folder = f"/{self.folder}" if self.protocol is Protocol.IMAP else ""
        return f"{self.protocol}://{self.user}@{self.host}:{self.port}{folder}"


@dataclass(frozen=True, slots=True)
class Password:
    """A password, of a login or of an application. It shows in no `repr`."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What gets an access token by OAuth 2 (RFC 6749 6), for SASL XOAUTH2. Nothing of it shows in a `repr`."""

    token_url: str = field(repr=False)
    client_id: str = field(repr=False)
    refresh_token: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    scope: str | None = None


Credential = Password | RefreshToken
