"""The mails of a scripted server: folders in memory, which outlive its connections."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

RECEIVED = datetime(2026, 4, 29, 23, 34, 45, tzinfo=UTC)


@dataclass(eq=False)
class StoredMail:
    """A mail in a folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)
    received: datetime = RECEIVED


@dataclass(eq=False)
class Folder:
    """A folder, with the mails in the order of their UIDs."""

    name: str
    validity: int = 1
    next_uid: int = 1
    mails: list[StoredMail] = field(default_factory=list)

    def add(self, raw: bytes, flags: Iterable[str] = (), received: datetime = RECEIVED) -> StoredMail:
        """Take a mail, and return it as it is kept."""
        mail = StoredMail(self.next_uid, raw, set(flags), received)
        self.next_uid += 1
        self.mails.append(mail)
        return mail

    def renumber(self) -> None:
        """Give every mail another UID, in another epoch, as a server does that lost its index."""
        self.validity += 1
        for number, mail in enumerate(self.mails, 1):
            mail.uid = number
        self.next_uid = len(self.mails) + 1


class MailStore:
    """All folders of one user. Hold `lock` to change them while a server serves them."""

    def __init__(self, prefix: str = "", delimiter: str = "/") -> None:
        """Make a store with an empty INBOX; every other name begins with `prefix`."""
        self.prefix = prefix
        self.delimiter = delimiter
        self.lock = threading.RLock()
        self.folders = {"INBOX": Folder("INBOX")}

    @property
    def inbox(self) -> Folder:
        """The folder that mails come to."""
        return self.folders["INBOX"]

    def find(self, name: str) -> Folder | None:
        """Return the folder `name`; INBOX is written in any case (RFC 3501 5.1)."""
        return self.folders.get("INBOX" if name.upper() == "INBOX" else name)

    def create(self, name: str) -> Folder:
        """Make the folder `name`."""
        return self.folders.setdefault(name, Folder(name, validity=len(self.folders) + 100))

    def raw(self, name: str) -> list[bytes]:
        """Return the mails of the folder `name` in order, none where it is not there."""
        folder = self.find(name)
        return [mail.raw for mail in folder.mails] if folder else []
