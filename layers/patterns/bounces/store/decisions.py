"""What a person decides about a verdict that waited, and the verdict that follows from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from bounces import addresses
from bounces.errors import ReviewError, shown
from bounces.identity import decision_digest, report_id
from bounces.patterns.policy import OTHER, Counts, Policy, categories
from bounces.records import BounceType, Event, Report, Source, Verdict
from bounces.store.effects import COMPLAINTS
from bounces.store.review_reasons import names_somebody

MAX_BY: Final = 100  # characters
MAX_WHY: Final = 500

LAYER: Final = "operator"
RULE: Final = "review"
_BAD_MAILBOX: Final = "bad-mailbox"


class Choice(StrEnum):
    """What is to be done: what the report is to count as, or nothing."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    DISMISS = "dismiss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A choice, with who made it, when (aware), and why.

    `category` is what a bounce counts as, `recipient` whom the report is about where it names nobody itself.
    """

    choice: Choice
    by: str
    at: datetime
    why: str
    category: str | None = None
    recipient: str | None = None

    @property
    def is_applied(self) -> bool:
        """Whether something follows from it."""
        return self.choice is not Choice.DISMISS

    @property
    def words(self) -> str:
        """Return the choice for people."""
        if not self.is_applied:
            return "dismissed"
        category = f" ({self.category})" if self.category else ""
        return f"applied as {self.choice}{category}" + (f" to {self.recipient}" if self.recipient else "")

    def is_same_as(self, other: Decision) -> bool:
        """Say whether `other` decides the same, whoever decides it, whenever, and with whatever reason."""
        return (self.choice, self.category, self.recipient) == (other.choice, other.category, other.recipient)

    def checked(self, policy: Policy) -> Decision:
        """Return the decision as it is kept. Raises `ReviewError` where it cannot be made, or would do nothing."""
        by, why = self.by.strip(), self.why.strip()
        if not by or not why:
            raise ReviewError("a decision is kept with who and why; one of the two is empty: say why with --why TEXT")
        if len(by) > MAX_BY or len(why) > MAX_WHY:
            raise ReviewError(f"who has at most {MAX_BY} characters, why at most {MAX_WHY}; shorten what is longer")
        recipient = addresses.key(self.recipient) if self.recipient else None
        if recipient is not None and not addresses.is_address(recipient):
            raise ReviewError(f"{shown(self.recipient)} is no mail address")
        category = self._category(policy)
        at = self.at.astimezone(UTC).replace(microsecond=0)
        return replace(self, by=by, why=why, at=at, category=category, recipient=recipient)

    def _category(self, policy: Policy) -> str | None:
        if self.choice not in (Choice.HARD, Choice.SOFT):
            if self.category:
                raise ReviewError(
                    f"a category is for a bounce, and {shown(self.category)} was given with {self.choice}"
                )
            return None
        category = self.category or (_BAD_MAILBOX if self.choice is Choice.HARD else OTHER)
        if category not in categories():
            raise ReviewError(f"there is no category {shown(category)}; there are {', '.join(categories())}")
        if self.choice is Choice.SOFT:
            conduct = policy.of(category)
            counts = conduct.transient if conduct.bounce_type is BounceType.HARD else conduct.counts
            if counts not in (Counts.ADDRESS, Counts.WAY):
                raise ReviewError(
                    f"a soft bounce of the category {category} counts towards nothing: name one that does, such as "
                    "quota-issues or routing-errors, or dismiss it"
                )
        return category


def applied_to(kept: Verdict, decision: Decision) -> Verdict:
    """Return the verdict that `decision` makes of `kept`, with an id of its own: applied twice, it is one.

    The report says what the kept one says, with the operator as its source. Raises `ReviewError` where it names nobody
    and the decision does not either, or both do.
    """
    report = kept.report
    named = _named(report, decision)
    whom = named.addressee or named.recipient or ""
    digest = decision_digest(report.id, decision.choice, decision.category or "")
    failure = report.event if report.is_failure else Event.BOUNCE
    event = Event.COMPLAINT if decision.choice is Choice.COMPLAINT else failure
    said_type = (report.feedback_type or "").strip().lower()
    bounce_type = {Choice.HARD: BounceType.HARD, Choice.SOFT: BounceType.SOFT}.get(decision.choice, BounceType.NONE)
    return Verdict(
        report=named.replaced(
            id=report_id(digest, event, addresses.key(whom)),
            source=Source.OPERATOR,
            event=event,
            action=report.action if event is report.event else None if event is Event.COMPLAINT else "failed",
            feedback_type=(said_type if said_type in COMPLAINTS else "abuse") if event is Event.COMPLAINT else None,
        ),
        category=decision.category,
        bounce_type=bounce_type,
        rule=RULE,
        layer=LAYER,
        reason=f"Reviewed by {decision.by}: {decision.why}",
        patterns_version=kept.patterns_version,
    )


def _named(report: Report, decision: Decision) -> Report:
    """Return `report` about whom it names, else about whom the decision does."""
    if names_somebody(report):
        if decision.recipient is not None and decision.recipient != addresses.key(
            report.addressee or report.recipient or ""
        ):
            raise ReviewError("the report names its recipient itself; a recipient is for one that names nobody")
        return report
    if decision.recipient is None:
        raise ReviewError("the report names nobody; say whom it is about with --recipient ADDRESS, or dismiss it")
    cuts = tuple(cut for cut in report.cuts if cut not in ("addressee", "recipient", "original_recipient"))
    return report.replaced(
        recipient=decision.recipient, addressee=decision.recipient, original_recipient=None, cuts=cuts
    )
