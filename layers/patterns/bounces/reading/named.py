"""Whom the explanation of a bounce in prose names.

Recipients are taken from the plainest kind of place that names any: a line of their own, a line that a label
introduces, and only then the middle of a sentence.
"""

from __future__ import annotations

import re
from typing import Final

from bounces.addresses import is_address
from bounces.reading.places import (
    IN_SENTENCE,
    MAX_LINE,
    Place,
    joins,
    places_in_words,
    plain_places,
)
from bounces.reading.places import addresses as addresses_in
from bounces.reading.wording import EXPLANATIONS, wording

MAX_BLOCK: Final = 40
"""Lines below one that leads to something which are looked at for it."""

_ORIGIN: Final = re.compile(
    r"\((?:ultimately )?(?:generated|expanded) from:? <?([^\s<>()@]{1,128}@[^\s<>()@]{1,255})>?\)", re.IGNORECASE
)
_FOOTER: Final = re.compile(r"\s{0,8}(?:_{8,}\s{0,8}$|--\s?$)")
_ORIGINAL: Final = "original address:"
_USER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,31}")


class Named:
    """The addresses that an explanation names, and the places where it does."""

    __slots__ = ("_has_origins", "_lines", "_own", "_plain", "_worded")

    def __init__(self, text: str, lines: list[str], own: str) -> None:
        """Take the explanation `text`, its `lines`, and in lower case the addresses that the bounce is from and to."""
        self._lines = lines
        self._own = own
        self._has_origins = "ed from" in text
        self._plain: list[Place] | None = None
        self._worded: list[Place] | None = None

    @property
    def plain(self) -> list[Place]:
        """The places of addresses on a line of their own."""
        if self._plain is None:
            self._plain = plain_places(self._lines)
        return self._plain

    @property
    def names_plainly(self) -> bool:
        """Whether an address stands elsewhere than in the middle of a sentence."""
        return bool(self.plain) or any(place.kind != IN_SENTENCE for place in self.in_words())

    def in_words(self) -> list[Place]:
        """Return the places of addresses in words, which few explanations need: most set recipients off."""
        if self._worded is None:
            self._worded = places_in_words(self._lines, self.plain, self._own)
        return self._worded

    def recipients(self, rest: str) -> list[str]:
        """Return the addresses that the plainest kind of place names, in their order.

        `rest` is what follows the explanation: of several addresses in sentences, those count that it has too, else
        the first.
        """
        if self.plain:
            plain = {place.address.lower(): place.address for place in self.plain}
            return [plain[address] for address in plain if address not in self._own] or list(plain.values())
        best = min((place.kind for place in self.in_words()), default=0)
        found = list({p.address.lower(): p.address for p in self.in_words() if p.kind == best}.values())
        if best == IN_SENTENCE:
            found = self._above_footer(found)
        if best == IN_SENTENCE and len(found) > 1:
            known = {address.strip(".'").lower() for line in rest.split("\n") for _, address in addresses_in(line)}
            found = [address for address in found if address.lower() in known] or self._first_named()
        return found or self._originals()

    def _originals(self) -> list[str]:
        """Return the addresses behind the label of one whose final form no other host knows: PMDF's and iPlanet's."""
        lines = [line for line in self._lines if line.lstrip()[: len(_ORIGINAL)].lower() == _ORIGINAL]
        return list(
            dict.fromkeys(address for line in lines for _, address in addresses_in(line) if is_address(address))
        )

    def _above_footer(self, found: list[str]) -> list[str]:
        """Return those of the addresses `found` in sentences that do not stand in a footer only."""
        footer = self.footer()
        above = {place.address.lower() for place in self.in_words() if place.line < footer}
        return [address for address in found if address.lower() in above]

    def footer(self) -> int:
        """Return the number of the line that a footer begins with, which is below words of a failure; else of the end.

        A line of underscores may as well be an ornament in the midst of what a mail system writes.
        """
        for number, line in enumerate(self._lines):
            if is_footer(line):
                above = "\n".join(self._lines[:number])
                return number if EXPLANATIONS in wording().told.lists_in_explanation(above) else len(self._lines)
        return len(self._lines)

    def _first_named(self) -> list[str]:
        """Return the first address in a sentence, and those that a comma or `and` joins to it."""
        first = self.in_words()[0]
        line, found = self._lines[first.line], [first.address]
        for place in self.in_words()[1:]:
            between = line.partition(found[-1])[2].partition(place.address)[0]
            if place.line != first.line or not joins(between):
                break  # it may be a stranger's
            found.append(place.address)
        return list({address.lower(): address for address in found}.values())

    def own_users(self, domain: str) -> list[str]:
        """Return addresses in `domain` of the users whom a mail system names without it, each on a line of its own."""
        known = wording().own_users
        for number, line in enumerate(self._lines, 1):
            if not line.rstrip().endswith(":") or known.first_in(line[:MAX_LINE].lower()) is None:
                continue
            found: list[str] = []
            for name in self._lines[number : number + MAX_BLOCK]:
                if name.strip() and _USER_NAME.fullmatch(name.strip()) is None:
                    break
                if name.strip():
                    found.append(f"{name.strip()}@{domain}")
            return found
        return []

    def listed(self, failed: list[str]) -> list[str]:
        """Return the recipients, where Exim's X-Failed-Recipients lists `failed`.

        Exim lists who was mailed, and names in the text whom that led to: `fritz@... (generated from office@...)`.
        """
        origins = {place.address.lower(): self.origin(place) for place in self.plain}
        wanted = {address.lower() for address in failed}
        found = {
            p.address.lower(): p.address for p in self.plain if {p.address.lower(), origins[p.address.lower()]} & wanted
        }
        told = found.keys() | {origins[address] for address in found}
        found.update((address.lower(), address) for address in failed if address.lower() not in told)
        return list(found.values())

    def origin(self, place: Place) -> str:
        """Return the address, in lower case, that the one at `place` was made from; "" where none is named."""
        if not self._has_origins:
            return ""
        for line in self._lines[place.line : place.line + 3]:
            found = _ORIGIN.search(line)
            if found:
                return found.group(1).lower()
        return ""


def is_footer(line: str) -> bool:
    """Say whether `line` is one that a gateway or a person sets between any text and a footer."""
    return _FOOTER.match(line) is not None
