"""A mailbox, a door and a state in memory, which strike at a call that the test chooses."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bounces.errors import MailVanished
from bounces.mailbox.ports import Fetched, HandedIn, Listed, Place, Progress

RECEIVED = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Killed(BaseException):
    """The end of the process: nothing catches it."""


def no_strike(_call: str) -> None:
    """Let each call be."""


@dataclass
class Mailbox:
    """What a server keeps: the mails that wait, by number, and those in the folders."""

    waiting: dict[int, bytes]
    folders: dict[Place, list[bytes]] = field(default_factory=lambda: {place: [] for place in Place})
    epoch: str = "17"
    is_numbered: bool = True
    keeps: bool = False
    unfilable: frozenset[Place] = frozenset()
    most: int = 1_000_000  # bytes that are given out of a mail
    strike: Callable[[str], None] = no_strike
    fetched: list[str] = field(default_factory=list)

    def open(self) -> "Session":
        self.strike("open")
        return Session(self)

    def everything(self) -> list[bytes]:
        return sorted([*self.waiting.values(), *(raw for folder in self.folders.values() for raw in folder)])


class Session:
    """A session of `Mailbox`. It strikes before and after each call took effect."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self.epoch = mailbox.epoch if mailbox.is_numbered else ""
        self.keeps = mailbox.keeps

    def waiting(self, after: int) -> Iterator[Listed]:
        self._mailbox.strike("waiting")
        for number in sorted(self._mailbox.waiting):
            if self._mailbox.is_numbered and number > after:
                yield Listed(number, str(number))
            elif not self._mailbox.is_numbered:
                yield Listed(0, f"uidl-{number}")

    def listed_again(self, numbers: Sequence[int]) -> Iterator[Listed]:
        self._mailbox.strike("listed again")
        return (Listed(number, str(number)) for number in numbers)

    def fetch(self, listed: Listed) -> Fetched:
        self._mailbox.strike(f"fetch {listed.name}")
        self._mailbox.fetched.append(listed.name)
        number = int(listed.name.removeprefix("uidl-"))
        if number not in self._mailbox.waiting:
            raise MailVanished(listed.name)
        raw, most = self._mailbox.waiting[number], self._mailbox.most
        return Fetched(listed, raw[:most], RECEIVED, is_whole=len(raw) <= most)

    def file(self, mails: Mapping[Place, Sequence[Listed]], *, again: bool) -> Collection[Listed]:
        unfiled = []
        for place, listed in mails.items():
            for mail in listed:
                self._mailbox.strike("before filing")
                if place in self._mailbox.unfilable:
                    unfiled.append(mail)
                elif not self.keeps and mail.number in self._mailbox.waiting:
                    self._mailbox.folders[place].append(self._mailbox.waiting.pop(mail.number))
                self._mailbox.strike("after filing")
        return unfiled

    def close(self) -> None:
        pass


@dataclass
class Door:
    """Keeps what is handed in."""

    strike: Callable[[str], None] = no_strike
    taken: list[HandedIn] = field(default_factory=list)

    def take(self, mails: Sequence[HandedIn]) -> None:
        for mail in mails:
            self.strike("before taking")
            self.taken.append(mail)
        self.strike("after taking")


@dataclass
class State:
    """Keeps a scan's state; nobody else wants the lease."""

    strike: Callable[[str], None] = no_strike
    progress: Progress = field(default_factory=Progress)
    marks: set[str] = field(default_factory=set)
    was_cut_off: bool = False
    is_open: bool = False

    def acquire(self) -> Progress:
        self.was_cut_off, self.is_open = self.is_open or self.was_cut_off, True
        return self.progress

    def renew(self) -> None:
        self.strike("renew")

    def keep(self, progress: Progress) -> None:
        self.strike("before keeping")
        self.progress = progress
        self.strike("after keeping")

    def known(self, marks: Collection[str]) -> frozenset[str]:
        self.strike("known")
        return frozenset(self.marks & set(marks))

    def remember(self, marks: Collection[str]) -> None:
        assert all(len(mark) <= 80 and mark.isascii() for mark in marks)
        self.strike("before remembering")
        self.marks |= set(marks)

    def release(self, *, is_clean: bool) -> None:
        self.is_open = False
        self.was_cut_off = not is_clean
