"""Why a verdict waits for a person, and by which words it is grouped with others like it. Pure.

What waits was not acted on for doubt: nobody knows what the refusal means, or whom it is about, or what was not read.
What no address could change (an automatic reply or a delivery that names nobody) does not wait.
"""

from __future__ import annotations

from typing import Final

from bounces import addresses
from bounces.patterns.policy import OTHER, Policy
from bounces.records import Event, Report, Source, Verdict
from bounces.store.effects import COMPLAINTS
from bounces.store.shapes import shape_of

CUT: Final = "a mail of which something was cut that could have named a recipient"
UNREADABLE: Final = "a record that could not be read"
BOUNCE_OF_NOBODY: Final = "a bounce that names nobody"
COMPLAINT_OF_NOBODY: Final = "a complaint that names nobody"
NO_ADDRESS: Final = "a recipient that is no mail address"
TOO_LONG: Final = "a recipient that is longer than any mail address"
UNKNOWN: Final = "a refusal that nothing is known of"
CATEGORY: Final = "the policy asks for a look at {category}"

NO_WORDS: Final = "(no words)"
"""The shape of a report in which nobody says anything."""


def review_reason(verdict: Verdict, policy: Policy) -> str | None:
    """Return why a person is to look at `verdict` by `policy`, in words of which there are few; None where nobody is.

    An operator's own verdict and what an operator's pattern ignores need no look.
    """
    report = verdict.report
    if verdict.ignore or report.source is Source.OPERATOR:
        return None
    if is_unread(report):
        return CUT if report.cuts else UNREADABLE
    if (report.is_failure or _is_complaint(report)) and not names_somebody(report):
        return _why_nobody(report)
    if report.is_failure and policy.of(verdict.category or OTHER).review:
        return UNKNOWN if verdict.category in (None, OTHER) else CATEGORY.format(category=verdict.category)
    return None


def is_about_nobody(verdict: Verdict) -> bool:
    """Say whether `verdict` names nobody and could change nothing about anybody if it did.

    That is what a person need not see, nor a dead-letter queue hold: any stranger can write a hundred of them. What an
    operator decided is never taken for it.
    """
    report = verdict.report
    if names_somebody(report) or report.source is Source.OPERATOR:
        return False
    return verdict.ignore or not (report.is_failure or _is_complaint(report))


def is_unread(report: Report) -> bool:
    """Say whether `report` is of no one's bounce, but says that a mail or a record was not read, or not wholly.

    Readers say so (`reading.mail`, `reading.accounting.rejections`) by a report without a recipient or an action, and
    a note.
    """
    return report.event is Event.OTHER and not (report.recipient or report.action) and bool(report.note)


def names_somebody(report: Report) -> bool:
    """Say whether `report` names a mail address, whole, that it is about."""
    name = "addressee" if report.addressee else "recipient"
    address = addresses.key(getattr(report, name) or "")
    return name not in report.cuts and addresses.is_address(address)


def shape_of_verdict(verdict: Verdict) -> str:
    """Return the shape of what the report says, with its codes in front where its words lack them.

    Of what was not read it is the shape of the reason: the words of the record are those of a hundred bounces.
    """
    report = verdict.report
    said = report.diagnostic or ""
    if is_unread(report) or not said:
        said = report.note or ""
    shape = shape_of(said, _local_parts(report))
    words = shape.split()
    codes = [code for code in (report.reply_code, report.status) if code and code not in words]
    return " ".join([*codes, shape]).strip() or NO_WORDS


def _is_complaint(report: Report) -> bool:
    return report.event is Event.COMPLAINT and (report.feedback_type or "abuse").strip().lower() in COMPLAINTS


def _why_nobody(report: Report) -> str:
    if {"addressee", "recipient"} & set(report.cuts):
        return TOO_LONG
    if report.addressee or report.recipient:
        return NO_ADDRESS
    return COMPLAINT_OF_NOBODY if report.event is Event.COMPLAINT else BOUNCE_OF_NOBODY


def _local_parts(report: Report) -> tuple[str, ...]:
    """Return the names that the report's recipients have with their providers, who write them without a domain too."""
    recipients = (report.recipient, report.original_recipient, report.addressee, report.returned_to)
    return tuple(address.rpartition("@")[0] for address in recipients if address and "@" in address)
