"""What became of a verdict: returned to whoever applied it, and stored nowhere."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What was done with a verdict."""

    HARD_BOUNCED = "hard-bounced"  # suppressed, unsubscribed, marked
    COMPLAINED = "complained"  # the same, with a complaint as the reason
    SOFT_BOUNCED = "soft-bounced"  # counted
    DELIVERED = "delivered"  # what had bounced softly before counts no more
    RECORDED = "recorded"  # to history, with no other effect
    DUPLICATE = "duplicate"  # the report had been applied before


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done with the verdict on one report, and the same in words."""

    report: str
    action: Action
    words: str

    @property
    def is_duplicate(self) -> bool:
        """Whether the report had been applied before, so that nothing was written."""
        return self.action is Action.DUPLICATE
