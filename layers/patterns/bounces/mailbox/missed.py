"""Mails that their mailbox does not give out: told, passed over, and asked for again by the next scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final

from bounces.errors import Disconnected, MailboxRefused, MailUnavailable, MailVanished
from bounces.mailbox.ports import Fetched, Listed, Session

DROPS: Final = 2
"""How often the line may drop at the same mail, before the mail is taken for what drops it."""
MOST: Final = 100
"""Mails of a mailbox that may be missed at a time. Where there are more, it is the server that fails, not its mails."""


class Missed:
    """What one scan knows of the mails that could not be had, by it or by those before it."""

    def __init__(self, mailbox_name: str, numbers: Collection[int]) -> None:
        """Take the mailbox's name, for people, and the `numbers` of the mails that earlier scans missed."""
        self._mailbox_name = mailbox_name
        self._numbers = set(numbers)
        self._drops: Counter[str] = Counter()
        # Why, by name: asked for once more, such a mail might end the line again.
        self._reasons: dict[str, str] = {}

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the mails that are missed, rising; of those that have numbers."""
        return tuple(sorted(self._numbers))

    @property
    def is_full(self) -> bool:
        """Whether no further mail may be missed."""
        return len(self._numbers) >= MOST

    def __bool__(self) -> bool:
        """Say whether this scan missed any."""
        return bool(self._reasons)

    def __contains__(self, listed: Listed) -> bool:
        """Say whether this scan missed the mail `listed`."""
        return listed.name in self._reasons

    def forget(self) -> None:
        """Begin anew: names and numbers mean other mails now."""
        self._numbers.clear()
        self._drops.clear()
        self._reasons.clear()

    def listed(self, session: Session) -> list[Listed]:
        """Return the mails that earlier scans missed and this one has not asked for, if they can be asked for."""
        again = list(session.listed_again(self.numbers))
        self._numbers &= {listed.number for listed in again}
        return [listed for listed in again if listed not in self]

    def fetch(self, session: Session, listed: Listed) -> Fetched:
        """Return the mail `listed`.

        Raises as `Session.fetch` does, and `MailUnavailable` for a mail at which the line has dropped `DROPS` times.
        Where `MOST` are missed and another one is not given out either, it raises `MailboxRefused`; not so without
        numbers, where nothing that was missed counts as done.
        """
        try:
            if listed.name in self._reasons:
                raise MailUnavailable(self._reasons[listed.name])
            if self._drops[listed.name] >= DROPS:
                raise MailUnavailable(f"the line dropped {DROPS} times while the mail was fetched")
            fetched = session.fetch(listed)
        except MailUnavailable as error:
            self._miss(listed, str(error))
            raise
        except MailVanished:
            self._numbers.discard(listed.number)
            raise
        except Disconnected:
            self._drops[listed.name] += 1
            raise
        self._numbers.discard(listed.number)
        return fetched

    def _miss(self, listed: Listed, reason: str) -> None:
        if listed.number and listed.number not in self._numbers and self.is_full:
            raise MailboxRefused(
                f"{self._mailbox_name}: {MOST} mails are not given out, and the next one is not either ({reason}). "
                "The scan ends before it: look at the server; take mails that are broken for good out of the folder"
            )
        self._reasons[listed.name] = reason
        if listed.number:
            self._numbers.add(listed.number)
