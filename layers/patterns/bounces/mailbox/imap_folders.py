"""The folders of an IMAP account: their names, opening one, and making those that are missing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from bounces.errors import MailboxRefused, shown
from bounces.mailbox.imap_line import ImapLine, Refusal

MAX_NAMED: Final = 20
"""Folders that a message names."""
_NO_MAILS: Final = frozenset({b"\\noselect", b"\\nonexistent"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder that is open: its name on the server, its UIDVALIDITY, and which flags last in it (None: any)."""

    name: str
    validity: str
    permanent_flags: frozenset[str] | None = None

    def keeps(self, flag: str) -> bool:
        r"""Say whether `flag` lasts; a keyword also does where the folder takes new ones, `\*` (RFC 3501 7.1)."""
        flags = self.permanent_flags
        return flags is None or flag.lower() in flags or ("\\*" in flags and not flag.startswith("\\"))


class ImapFolders:
    """The folders of the account that `line` is logged in to."""

    def __init__(self, line: ImapLine) -> None:
        """Ask nothing yet."""
        self._line = line
        self._personal: tuple[str, str] | None = None
        self._there: set[str] = set()

    def open(self, name: str, *, is_read_only: bool) -> Opened:
        """Open the folder `name`: as it is written, or else as a person's name for it (see `resolved`).

        Raises `MailboxRefused` where there is none, naming those that there are.
        """
        try:
            return self._opened(name, is_read_only)
        except Refusal as refusal:
            other = self.resolved(name)
            if other != name:
                try:
                    return self._opened(other, is_read_only)
                except Refusal:
                    pass
            raise MailboxRefused(f"the folder {shown(name)} cannot be opened: {refusal}; {self._choice()}") from None

    def _opened(self, name: str, is_read_only: bool) -> Opened:
        self._line.validity = None  # what is said from here on is of the other folder
        self._line.openings += 1
        with self._line.asking() as client:
            said = client.select_folder(name, readonly=is_read_only)
            validity = said.get(b"UIDVALIDITY")
            flags = said.get(b"PERMANENTFLAGS")
        if validity is None:
            raise MailboxRefused(
                f"the folder {shown(name)} has no UIDVALIDITY: its mails cannot be told apart for long"
            )
        self._line.validity = str(validity)
        kept = None if flags is None else frozenset(flag.decode("ascii", "replace").lower() for flag in flags)
        return Opened(name, str(validity), kept)

    def resolved(self, name: str) -> str:
        """Return the server's name for `name`: `/` stands between its levels, and the namespace in front (RFC 2342).

        `Bounces/Processed` is `INBOX.Bounces.Processed` where a server keeps a person's folders below INBOX.
        """
        prefix, delimiter = self._namespace()
        if name.upper() == "INBOX":
            return name
        written = name.replace("/", delimiter) if delimiter else name
        return written if written.upper().startswith(prefix.upper()) else prefix + written

    def _namespace(self) -> tuple[str, str]:
        """Return what stands before a person's own folders, and between their levels."""
        if self._personal is None:
            try:
                with self._line.asking() as client:
                    if client.has_capability("NAMESPACE"):
                        personal = client.namespace().personal
                        self._personal = (str(personal[0][0]), str(personal[0][1] or ""))
                    else:
                        delimiter = client.list_folders("", "")[0][1]
                        self._personal = ("", delimiter.decode("ascii") if delimiter else "")
            except Refusal as refusal:
                logger.warning("the server does not say where folders are: %s", refusal)
                self._personal = ("", "/")
        return self._personal

    def _choice(self) -> str:
        try:
            with self._line.asking() as client:
                names = [str(name) for _, _, name in client.list_folders()]
        except Refusal:
            return "the server does not say which folders there are"
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        return f"there are {', '.join(map(shown, names[:MAX_NAMED]))}{more}"

    def ensured(self, name: str) -> str:
        """Return the server's name for the folder `name`, which is made where it is missing, once a session.

        A folder that cannot be made is only told of by what is then done with it.
        """
        there = self.resolved(name)
        if there not in self._there:
            self._there.add(there)
            if not self._exists(there):
                self.make(there)
        return there

    def _exists(self, name: str) -> bool:
        try:
            with self._line.asking() as client:
                found = client.list_folders("", name)
        except Refusal:
            return False
        return any(listed == name and not _NO_MAILS & {flag.lower() for flag in flags} for flags, _, listed in found)

    def make(self, name: str) -> bool:
        """Make the folder `name` as the server names it, show it to mail programs, and say whether it was made."""
        try:
            with self._line.asking() as client:
                client.create_folder(name)
        except Refusal as refusal:
            logger.warning("the folder %s cannot be made: %s", shown(name), refusal)
            return refusal.code == "ALREADYEXISTS"
        try:
            with self._line.asking() as client:
                client.subscribe_folder(name)
        except Refusal as refusal:
            logger.info("the folder %s cannot be subscribed to: %s", shown(name), refusal)
        return True
