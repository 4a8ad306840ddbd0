"""The signs of a bounce that a mail written for people shows: who writes it, under which subject, and of what.

A mail that anyone may have written needs more of them, so that nobody is taken for dead by a shop's, a program's or a
person's mail on a failure of another kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from bounces.reading import auto_reply
from bounces.reading.codes import codes_in
from bounces.reading.part import Part
from bounces.reading.phrases import folded
from bounces.reading.wording import DELAYS, EXPLANATIONS, wording

# What `of` tells: 0 is none.
DOUBTED: Final = 1  # the text must have the receiver's own words
ANYONE: Final = 2  # anyone may show these
FROM_MAILER: Final = 4  # a mail system's
ENOUGH: Final = 5  # by themselves

_ANSWER: Final = re.compile(
    r"(?:re|aw|antw|sv|vs|odp|rif|res|ynt|hv|r|\u56de\u590d|\u7b54\u590d|\u56de\u8986)(?::|\uff1a) ?"
)
_ANSWERED: Final = 40  # characters of a subject in which that of a bounce stands that is answered
_PERSONAL: Final = frozenset({"in-reply-to", "references", "list-id", "list-post", "list-unsubscribe"})
_MAX_SUBJECT: Final = 998  # characters
_MAX_SENDER: Final = 400


def of(root: Part) -> int:
    """Weigh the signs that the headers of the mail `root` show, before its text is looked at: see `DOUBTED` and on.

    Postfix's and Exim's bounces have the header of an automatic reply (RFC 3834 5), Exchange's are answers.
    """
    subject = root.subject[:_MAX_SUBJECT]
    sender = _sender(root)
    says = _says_undelivered(subject)
    if _is_standard(root):
        return FROM_MAILER + says
    if is_from_mailer(sender):
        return _of_mailer(sender, subject, root.headers, says=says, person=_is_by_a_person(root))
    if not says or _is_by_a_person(root) or _is_notice(subject) or auto_reply.subject_sign(subject):
        return 0
    is_system = wording().senders_of_much.first_in(sender.lower()) is not None
    is_automatic = auto_reply.header_sign(root.headers) is not None
    if (is_automatic and not is_system) or _answers_a_bounce(folded(subject), is_automatic):
        return 0
    return ANYONE + (_has_null_sender(root) or is_system)


def tells_why(weight: int, told: frozenset[str], explanation: str) -> bool:
    """Say whether `explanation`, which tells `told`, has words of a failure, or those of a mail system on a delay.

    `weight` is that of the mail's signs.
    """
    if weight >= ENOUGH or EXPLANATIONS in told:
        return True
    return (weight >= FROM_MAILER and DELAYS in told) or all(codes_in(explanation))


def is_of_a_mail(root: Part, explanation: str) -> bool:
    """Say whether the mail `root` is of a mail, which it does not return: its `explanation` says so, to whom sent it,
    or nobody else writes what it is. Shops and programs report failures of their own.
    """
    if is_surely_from_mailer(_sender(root)) or _has_null_sender(root) or _is_standard(root):
        return True
    return wording().mails.first_in(folded(explanation)) is not None


def is_from_mailer(sender: str) -> bool:
    """Say whether From's text `sender` is that of a mail system, which writes bounces and little else."""
    return is_surely_from_mailer(sender) or wording().senders_by_name.first_in(sender.lower()) is not None


def is_surely_from_mailer(sender: str) -> bool:
    """Say whether From's text `sender` is that of a mail system, and of nobody who delivers anything else."""
    return wording().senders.first_in(sender.lower()) is not None


def _of_mailer(sender: str, subject: str, headers: Mapping[str, Sequence[str]], *, says: bool, person: bool) -> int:
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


def _says_undelivered(subject: str) -> bool:
    """Say whether `subject` is a bounce's."""
    return wording().subjects.first_in(folded(subject)) is not None


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


def _sender(root: Part) -> str:
    return (root.header("from") or root.header("return-path"))[:_MAX_SENDER]


def _has_null_sender(root: Part) -> bool:
    return root.header("return-path").strip() == "<>"


def _is_standard(root: Part) -> bool:
    """Say whether `root` is a report (RFC 6522), of delivery or of nothing that it names."""
    if root.type != "multipart/report":
        return False
    content_type = root.header("content-type").lower()
    return "delivery-status" in content_type or "report-type" not in content_type


def _is_by_a_person(root: Part) -> bool:
    """Say whether a mail answers another (RFC 5322 3.6.4) or came over a list (RFC 2369 3)."""
    return not root.headers.keys().isdisjoint(_PERSONAL) or root.header("precedence").lower() == "list"
