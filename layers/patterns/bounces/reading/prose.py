"""Bounces written for people only: no machine-readable part, or none that names anyone.

Fifty mail systems write fifty texts, and all of them are one shape: an explanation, in it the recipients, near each
the remote's words, and after it the returned message or its header. What differs is wording, and that is data
(`prose.toml`). This module says whether a mail is such a bounce and where its explanation ends; `explanation` says
whom it names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bounces.reading import auto_reply
from bounces.reading.fields import header_section
from bounces.reading.limits import MAX_HEADER_TEXT
from bounces.reading.phrases import folded
from bounces.reading.wording import DELAYS, FINALS, MARKS, wording
from bounces.records import Event

_ANSWER: Final = re.compile(
    r"(?:re|aw|antw|sv|vs|odp|rif|res|ynt|hv|r|\u56de\u590d|\u7b54\u590d|\u56de\u8986)(?::|\uff1a) ?"
)
_ANSWERED: Final = 40  # characters of a subject in which that of a bounce stands that is answered

DOUBTED: Final = 1
ANYONE: Final = 2
FROM_MAILER: Final = 4
ENOUGH: Final = 5

_DECORATION: Final = "-=_*+#~>|"
# Exim follows its separator with more lines of the kind: how long the message was, and how much of it is here.
_RULE: Final = "-----"
_RULES: Final = re.compile(r"\A(?:-----[^\n]*\n\s*){1,4}")
_HEADER_LINES: Final = ("received:", "return-path:")
# Fields that are in every returned header, and seldom in the few that an explanation tells of it.
_UNMARKED: Final = ("\nmessage-id:", "\nmime-version:")
_FIELD: Final = re.compile(r"[a-z][a-z0-9-]{1,76}:(?:[ \t]|$)")
_FEWEST_FIELDS: Final = 3
_QUOTED_HEADER: Final = re.compile(r"^> ?(?:from|to|subject|date|message-id|received|return-path): ", re.MULTILINE)


def split(text: str) -> tuple[str, dict[str, list[str]], str]:
    """Return the explanation in `text`, the headers of the returned message that follows it, and all that follows."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text  # a few letters are longer in lower case, and places must be those of the text
    end, start = _separator(lower)
    if end == len(text):
        end = start = _unmarked_header(lower)
    quoted = _QUOTED_HEADER.search(lower, 0, end) if "\n>" in lower else None
    if quoted and lower[: quoted.start()].strip():
        end = start = quoted.start()
    rest = text[start:].lstrip("\n ")
    if rest.startswith(_RULE):
        rest = _RULES.sub("", rest, count=1)
    return text[:end], header_section(rest[:MAX_HEADER_TEXT]), rest


def unquoted(explanation: str) -> str:
    """Return `explanation` without the lines that a person quotes in an answer: what they say is said of others."""
    return "\n".join([line for line in explanation.split("\n") if not line.startswith(">")])


def dequoted(text: str) -> str:
    """Return `text` without the marks of a quotation, as a person's mail program sets them before a mail's lines."""
    if "\n>" not in text and text[:1] != ">":
        return text
    return "\n".join([line[1:].removeprefix(" ") if line.startswith(">") else line for line in text.split("\n")])


def _separator(text: str) -> tuple[int, int]:
    """Return where the explanation in `text` (lower case) ends, and where what is returned begins."""
    known = wording()
    for found in known.separator_line.finditer(text):
        if found.group(1) not in known.separator_prefixes:
            continue
        start = found.start() + 1
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        words = line[:160].strip(MARKS)
        if words in known.separators:
            if line[:1] not in _DECORATION and not text[:start].rstrip(" \t").endswith("\n\n"):
                continue  # the end of a sentence
        elif not words.startswith(known.separator_starts):
            continue
        if len(text[:start].strip()) > 3:
            return start, start if words.startswith(_HEADER_LINES) else start + len(line) + 1
    return len(text), len(text)


def _unmarked_header(text: str) -> int:
    """Return where a header begins in `text` (lower case) that no line leads to, or the length of `text`.

    It is a paragraph of fields from the first column, behind words that name an address.
    """
    for mark in _UNMARKED:
        place = text.find(mark)
        if place < 0:
            continue
        start = text.rfind("\n\n", 0, place + 1) + 2
        if start < 2 or "@" not in text[:start]:
            continue
        end = text.find("\n\n", place)
        fields = [line for line in text[start : end if end >= 0 else len(text)].split("\n") if line[:1] not in " \t"]
        if len(fields) >= _FEWEST_FIELDS and all(_FIELD.match(line) for line in fields):
            return start
    return len(text)


def is_from_mailer(sender: str) -> bool:
    """Say whether From's text `sender` is that of a mail system, which writes bounces and little else."""
    return is_surely_from_mailer(sender) or wording().senders_by_name.first_in(sender.lower()) is not None


def is_surely_from_mailer(sender: str) -> bool:
    """Say whether From's text `sender` is that of a mail system, and of nobody who delivers anything else."""
    return wording().senders.first_in(sender.lower()) is not None


def _says_undelivered(subject: str) -> bool:
    """Say whether `subject` is a bounce's."""
    return wording().subjects.first_in(folded(subject)) is not None


def signs(
    sender: str, subject: str, headers: Mapping[str, Sequence[str]], *, standard: bool, person: bool, null_sender: bool
) -> int:
    """Weigh the signs of a bounce that a mail shows before its text is looked at.

    0 none; `DOUBTED`, the text must have the receiver's own words; then those that anyone may show; `FROM_MAILER` or
    more, it is a mail system's; `ENOUGH`, by themselves.

    `sender` is From's text; `standard` says whether the mail is a multipart/report, `person` whether it is an answer
    or came over a list, `null_sender` whether its return path is empty. Postfix's and Exim's bounces have the header
    of an automatic reply (RFC 3834 5), Exchange's are answers.
    """
    says = _says_undelivered(subject)
    if standard:
        return FROM_MAILER + says
    if is_from_mailer(sender):
        return _signs_of_mailer(sender, subject, headers, says=says, person=person)
    if not says or person or _is_notice(subject) or auto_reply.subject_sign(subject):
        return 0
    is_system = wording().senders_of_much.first_in(sender.lower()) is not None
    is_automatic = auto_reply.header_sign(headers) is not None
    if (is_automatic and not is_system) or _answers_a_bounce(folded(subject), is_automatic):
        return 0
    return ANYONE + (null_sender or is_system)


def _signs_of_mailer(
    sender: str, subject: str, headers: Mapping[str, Sequence[str]], *, says: bool, person: bool
) -> int:
    is_daemon = _is_daemon(sender)
    if says and is_daemon:
        return ENOUGH
    if _is_notice(subject):
        return 0
    if auto_reply.subject_sign(subject):
        return DOUBTED
    if says or is_daemon or not (person or auto_reply.header_sign(headers)):
        return FROM_MAILER + says
    return DOUBTED


def _answers_a_bounce(subject: str, is_automatic: bool) -> bool:
    """Say whether the folded `subject` is that of an answer, and not of a bounce of one, which says so at its end."""
    answer = _ANSWER.match(subject)
    if answer is None:
        return False
    return is_automatic or _says_undelivered(subject[answer.end() : answer.end() + _ANSWERED])


def _is_notice(subject: str) -> bool:
    return wording().other_subjects.first_in(folded(subject)) is not None


def _is_daemon(sender: str) -> bool:
    """Say whether From's text `sender` is no person's, as postmaster's may be."""
    return "postmaster" not in sender.lower()


def rejects(explanation: str) -> bool:
    """Say whether the folded `explanation` of a disposition notification says that the mail was refused."""
    return wording().rejections.first_in(explanation) is not None


def is_of_a_mail(explanation: str) -> bool:
    """Say whether `explanation` speaks of a mail, to whom sent it: shops and programs report failures of their own."""
    return wording().mails.first_in(folded(explanation)) is not None


def event_of(subject: str, told: frozenset[str]) -> Event:
    """Return what a bounce in prose reports, whose explanation tells what the lists `told` have: failure, or delay."""
    if FINALS in told:
        return Event.BOUNCE
    delayed = DELAYS in told or DELAYS in wording().told.lists_in(folded(subject))
    return Event.DELAY if delayed else Event.BOUNCE
