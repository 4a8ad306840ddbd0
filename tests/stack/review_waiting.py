"""What waits for a person in the Review table, for tests."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from bounces.patterns import default_policy
from bounces.records import Verdict
from bounces.store import ReviewStore, review_reason
from tests.stack.verdicts import soft

TABLE: Final = "ReviewTable"
WEIRD: Final = "550 5.9.9 <{}> is not loved at mx{}.example.com"


def unknown(number: int, text: str = WEIRD, **fields: Any) -> Verdict:
    """Return a refusal of one of many that nothing is known of."""
    address = f"user{number}@example.org"
    fields = {"recipient": address, "addressee": address, "diagnostic": text.format(address, number)} | fields
    return soft(hashlib.sha256(b"%d" % number).hexdigest()[:40], "other", **fields)


def nobody(number: int = 0, **fields: Any) -> Verdict:
    """Return a bounce that does not say whom it is about."""
    return unknown(number, recipient=None, addressee=None, **fields)


def keep(review: ReviewStore, *verdicts: Verdict) -> None:
    """Have `verdicts` wait in `review`, each for the reason that there is to."""
    for verdict in verdicts:
        why = review_reason(verdict, default_policy())
        assert why is not None
        review.keep(verdict, why)
