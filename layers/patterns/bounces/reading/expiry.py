"""Failures for want of time: the sender's mail system gave up, and nobody had refused for good.

RFC 3464 has them as `failed`, like a refusal, but they say as little of the address as the warnings before them did.
Their event is therefore a delay, whose action tells that no more will be tried. They are soft and count towards
escalation; a warning counts for nothing.
"""

from __future__ import annotations

from typing import Final

from bounces.reading.finding import Finding, Findings
from bounces.reading.phrases import folded
from bounces.reading.wording import EXPIRIES, FULLS, TIMEOUTS, wording
from bounces.records import Event

_OUT_OF_TIME: Final = ("4.4.7", "5.4.7")  # RFC 3463 3.5: delivery time expired
_TIME: Final = frozenset({EXPIRIES, TIMEOUTS})
_NO_CONNECTION: Final = ("4.4.1", "4.4.2")  # RFC 3463 3.5: no answer from host, bad connection


def mark(findings: Findings) -> None:
    """Make each failure in `findings` that was one for want of time a delay that has failed."""
    if (
        findings.in_prose
        and findings.told.isdisjoint(_TIME)
        and not any(_is_out_of_time(f) for f in findings.recipients)
    ):
        return  # what is said of a recipient in prose is told in the explanation
    several = len(findings.recipients) > 1
    for finding in findings.recipients:
        # Of several, what is told in the explanation may be another's.
        told = frozenset() if several and finding.diagnostic else findings.told
        if finding.event is Event.BOUNCE and is_expired(finding, told):
            finding.event = Event.DELAY
            finding.action = "failed"
    if findings.kind is Event.BOUNCE and not any(f.event is Event.BOUNCE for f in findings.recipients):
        findings.kind = next((f.event for f in findings.recipients), findings.kind)


def is_expired(finding: Finding, told: frozenset[str] = frozenset()) -> bool:
    """Say whether a failure was one for want of time; `told` is what is told of it outside its diagnostic."""
    if _is_out_of_time(finding):
        return True
    if finding.status[:1] == "4" and any(code in finding.diagnostic for code in _OUT_OF_TIME):
        return True  # SES: `554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.0 ...>`
    if finding.status in _NO_CONNECTION:
        return TIMEOUTS in _told_of(finding)
    if (finding.status and not finding.status.endswith(".0.0")) or finding.reply_code.startswith("5"):
        return False
    told_of_it = _told_of(finding)
    if FULLS in told_of_it:
        return False  # what the time was spent on is known
    if not told_of_it.isdisjoint(_TIME):
        return True
    return not finding.status and EXPIRIES in told


def _is_out_of_time(finding: Finding) -> bool:
    return finding.status in _OUT_OF_TIME


def _told_of(finding: Finding) -> frozenset[str]:
    return wording().told.lists_in(folded(finding.diagnostic))
