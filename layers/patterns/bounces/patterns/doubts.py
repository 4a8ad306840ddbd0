"""What makes doubtful what a diagnostic says of an address: the words beside it, and whose domain they are about."""

from __future__ import annotations

from typing import Final

from bounces.addresses import domain_of
from bounces.patterns.lexicon import Found, Sighting
from bounces.patterns.normal import Text
from bounces.patterns.rules import PROVIDER, Rule
from bounces.patterns.stages import Stages
from bounces.records import Report

BAD_DOMAIN: Final = "bad-domain"
NEAR: Final = 160  # characters around the words of a rule in which a qualifier bears on them
BESIDE: Final = 60  # characters in which one does that has to stand before or after them


class Doubts:
    """Weighs what rules and codes say by the qualifiers."""

    __slots__ = ("_stages",)

    def __init__(self, stages: Stages) -> None:
        """Take `stages`, which have the qualifiers."""
        self._stages = stages

    def of_words(self, rule: Rule, found: Found, text: Text, seen: Sighting, report: Report) -> str | None:
        """Return what makes the words that `rule` met doubtful, as it stands in `text`; None where nothing does."""
        if not rule.can_be_hard:
            return None
        begin = max(text.answer, found.start - NEAR)
        end = found.start + len(found.matched)
        near = text.folded[begin : end + NEAR]
        sender = (report.envelope_recipient or "").casefold()
        if sender and sender in near and (report.recipient or "").casefold() not in near:
            return sender  # it is the return path that was looked up, and not the recipient
        if rule.category == BAD_DOMAIN and report.recipient:
            host = self._other_host(found, text, report)
            if host is not None:
                return host
        words = None if rule.layer == PROVIDER else self._stages.words_of_doubt(seen.words)
        if words is None:
            return None
        before = text.folded[max(text.answer, found.start - BESIDE) : found.start]
        return self._stages.qualifier_in(_unnamed(near, report), words) or self._stages.condition_in(
            before, text.folded[end : end + BESIDE], words
        )

    def of_code(self, text: Text, seen: Sighting, report: Report) -> str | None:
        """Return what makes a code doubtful with which no known words stand, as it stands in `text`; else None."""
        answer, words = text.folded[text.answer :], self._stages.words_of_doubt(seen.words)
        doubt = None if words is None else self._stages.qualifier_in(_unnamed(answer, report), words)
        return doubt or _in_unknown_words(answer)

    def _other_host(self, found: Found, text: Text, report: Report) -> str | None:
        """Return the host or domain that words on a domain are about, where it is none of the recipient's."""
        host = self._stages.host_looked_up(text.folded[text.answer :])
        if host is not None:
            return None if _is_recipients(host, report) else host
        begin = max(text.answer if found.start >= text.answer else 0, found.start - NEAR)
        named, near = self._stages.hosts_by(text.folded, begin, found.start, found.start + len(found.matched), NEAR)
        if not named:
            known = (report.remote_mta or "", report.reporting_mta or "")
            if not any(_is_recipients(host, report) for host, _ in near):
                named = [host for host, is_close in near if is_close and host not in known]
        return None if any(_is_recipients(host, report) for host in named) else next(iter(named), None)


def _is_recipients(host: str, report: Report) -> bool:
    """Say whether `host` is the domain of a recipient of `report`, in it, or what that is in."""
    addresses = (report.recipient, report.original_recipient, report.addressee)
    return any(_is_of(host, address) for address in addresses if address)


def _unnamed(near: str, report: Report) -> str:
    """Return `near` without the recipient's addresses and domains: `billing@example.com` says nothing of a bill."""
    for address in (report.recipient, report.original_recipient, report.addressee):
        domain = domain_of(address) if address else ""
        if address and domain:
            near = near.replace(address.casefold(), "-").replace(domain, "-")
    return near


def is_senders(host: str, report: Report) -> bool:
    """Say whether `host` is the domain of the return path that `report` came to, in it, or what that is in."""
    return report.envelope_recipient is not None and _is_of(host, report.envelope_recipient)


def _is_of(host: str, address: str) -> bool:
    domain = domain_of(address)
    return bool(domain) and (host == domain or host.endswith(f".{domain}") or domain.endswith(f".{host}"))


def _in_unknown_words(answer: str) -> str | None:
    """Return a word of `answer` in a language of which no phrase was met: one with letters beyond ASCII."""
    if answer.isascii():
        return None
    return next((word for word in answer.split() if "@" not in word and _has_foreign_letter(word)), None)


def _has_foreign_letter(word: str) -> bool:
    return not word.isascii() and any(not character.isascii() and character.isalpha() for character in word)
