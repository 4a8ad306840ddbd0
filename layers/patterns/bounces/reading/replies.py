"""The replies of receivers that a text to people shows: lines of an SMTP session, and those told behind a label."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from bounces.reading import commands
from bounces.reading.places import addresses as addresses_in
from bounces.reading.places import quotes_mail
from bounces.reading.text import one_line

# A line of an SMTP session that is a reply, as systems show sessions: `<<< 550 ...`, `<-- 550 ...`, or bare.
_REPLY: Final = re.compile(
    r"\s{0,12}(?:(?:received )?<<<\s?|\.{3} |[^\n<]{0,40}<-- )?[\"'#]?([45]\d\d)(?:[ -][^\n]{3,900}|\s{0,20}$)",
    re.IGNORECASE,
)
_TOLD_REPLY: Final = re.compile(r"[^\n:]{2,60}(?::[^\n:]{0,60})?:\s{1,4}(5\d\d[ -][^\n]{3,900})")
_REMOTE: Final = ("<<<", "<--")
_PROMPT: Final = re.compile(r"[^\n]{0,60}?(?:<<<|<--)\s?")
NEXT_HOST: Final = "... while talking to "
MAX_NAMED: Final = 50  # addresses looked for in one reply: it names the recipient, the sender, and whom to ask


class Replies:
    """The replies in a text. `shows_session` says whether it marks lines as what a remote host sent."""

    __slots__ = ("_lines", "_named", "_session", "_sessions", "_told", "_told_of", "shows_session")

    def __init__(self, text: str, lines: list[str]) -> None:
        """Take the `text` and its `lines`, as many as are read. Nothing is looked for before it is asked for."""
        self._lines = lines
        self._named: dict[str, str] | None = None
        self._session: tuple[list[str], list[str]] | None = None
        self._sessions: dict[str, str] | None = None
        self._told: list[str] | None = None
        self._told_of: dict[str, str] | None = None
        self.shows_session = any(mark in text for mark in _REMOTE)

    def shown(self) -> tuple[list[str], list[str]]:
        """Return the lines that are replies of a session, and those of them that the remote is said to have sent."""
        if self._session is None:
            replies = _replies(self._lines)
            self._session = replies, [line for line in replies if any(mark in line[:60] for mark in _REMOTE)]
        return self._session

    def naming(self, address: str) -> str:
        """Return the first reply of a session that names `address`; "" where none does."""
        if self._named is None:
            self._named = {}
            replies, remote = self.shown()
            for line in remote or replies:
                for _, named in islice(addresses_in(line), MAX_NAMED):
                    self._named.setdefault(named.strip(".'").lower(), line)
        return self._named.get(address.lower(), "")

    def ending(self, host: str) -> str:
        """Return what sendmail's transcript of the session with `host`, or one of a domain's, ended in; else ""."""
        if self._sessions is None:
            self._sessions = {}
            hosts: tuple[str, ...] = ()
            for line in self._lines if self.shows_session else ():
                if NEXT_HOST in line:
                    name = line.partition(NEXT_HOST)[2].strip(" .:").lower()
                    hosts = (name, name.partition(".")[2])
                elif "<<<" in line[:24] and _REPLY.match(line):
                    self._sessions.update(dict.fromkeys(hosts, unprompted(line)))
        return self._sessions.get(host.lower(), "") if host else ""

    def told(self) -> str:
        """Return the longest reply that a line here tells behind its label: `Reported error: 550 5.1.10 ...`."""
        return max(self._all_told(), key=len, default="")

    def told_of(self, address: str) -> str:
        """Return the first such reply that names `address`; "" where none does."""
        if self._told_of is None:
            self._told_of = {}
            for reply in self._all_told():
                for _, named in addresses_in(reply):
                    self._told_of.setdefault(named.strip(".'").lower(), reply)
        return self._told_of.get(address.lower(), "")

    def _all_told(self) -> list[str]:
        if self._told is None:
            found = [_TOLD_REPLY.match(line) for line in self._lines if ": 5" in line or ":\t5" in line]
            self._told = [told.group(1) for told in found if told and not quotes_mail(told.string)]
        return self._told

    def refused_command(self) -> str:
        """Return the SMTP command, in upper case, that all refusals in the sessions answer; else ""."""
        return commands.of_sessions(self._lines, _REPLY) if self.shows_session else ""


def _replies(lines: list[str]) -> list[str]:
    """Return the `lines` that are replies, those of one reply (`550-...`, `550 ...`, RFC 5321 4.2.1) as one."""
    replies: list[list[str]] = []
    unfinished = ""  # the code of a reply that goes on
    for line in lines:
        found = _REPLY.match(line) if "5" in line or "4" in line else None
        if found is None:
            unfinished = ""
            continue
        code = found.group(1)
        if code == unfinished:
            replies[-1].append(unprompted(line))
        else:
            replies.append([line])
        unfinished = code if line[found.end(1) : found.end(1) + 1] == "-" else ""
    return [" ".join(reply) for reply in replies]


def unprompted(line: str) -> str:
    """Return the reply in the `line` of a session, without what the system that shows it writes in front."""
    prompt = _PROMPT.match(line)
    return one_line(line[prompt.end() :] if prompt else line)
