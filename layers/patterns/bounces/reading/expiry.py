"""Failures for want of time: the sender's mail system gave up, and nobody had refused for good.

RFC 3464 has them as `failed`, like a refusal, but they say as little of the address as the warnings before them did.
Their event is therefore a delay, whose action tells that no more will be tried. They are soft and count towards
escalation; a warning counts for nothing.
"""

from __future__ import annotations

from typing import Final

from bounces.reading.finding import Finding, Findings
from bounces.reading.phrases import folded
from bounces.reading.wording import wording
from bounces.records import Event

_OUT_OF_TIME: Final = ("4.4.7", "5.4.7")  # RFC 3463 3.5: delivery time expired
_NO_CONNECTION: Final = ("4.4.1", "4.4.2")  # RFC 3463 3.5: no answer from host, bad connection


def mark(findings: Findings) -> None:
    """Make each failure in `findings` that was one for want of time a delay that has failed."""
    explanation = findings.explanation
    if explanation and not _tells(explanation) and not any(f.status in _OUT_OF_TIME for f in findings.recipients):
        return  # what prose says of its recipients is said in the explanation
    for finding in findings.recipients:
        if finding.event is Event.BOUNCE and _is_expired(finding, explanation):
            finding.event = Event.DELAY
            finding.action = "failed"
    if findings.kind is Event.BOUNCE and not any(f.event is Event.BOUNCE for f in findings.recipients):
        findings.kind = next((f.event for f in findings.recipients), findings.kind)


def _is_expired(finding: Finding, explanation: str) -> bool:
    if finding.status in _OUT_OF_TIME:
        return True
    if finding.status in _NO_CONNECTION:
        return wording().timeouts.first_in(folded(finding.diagnostic)) is not None
    if (finding.status and not finding.status.endswith(".0.0")) or finding.reply_code.startswith("5"):
        return False
    if _tells(folded(finding.diagnostic)):
        return True
    return not finding.reply_code and not finding.status and wording().expiries.first_in(explanation) is not None


def _tells(words: str) -> bool:
    """Say whether the folded `words` tell of time that ran out."""
    return wording().expiries.first_in(words) is not None or wording().timeouts.first_in(words) is not None
