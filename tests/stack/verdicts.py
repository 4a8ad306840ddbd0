"""Verdicts to apply, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bounces.records import BounceType, Event, Report, Source, Verdict

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
USER = "user@example.com"


def report(name: str, *, at: datetime = NOON, **fields: Any) -> Report:
    """Return a report of a bounce of `USER`, with an id made of `name`."""
    least: dict[str, Any] = {
        "id": name.ljust(40, "-"),
        "source": Source.SES,
        "event": Event.BOUNCE,
        "recipient": USER,
        "addressee": USER,
        "event_time": at,
        "received_time": at + timedelta(seconds=3),
        "raw": f"s3://mail-bucket/incoming/{name}",
    }
    return Report(**least | fields)


def hard(name: str = "h", category: str = "bad-mailbox", **fields: Any) -> Verdict:
    """Return the verdict that the address is dead."""
    return Verdict(
        report=report(name, **{"diagnostic": "550 5.1.1 user unknown"} | fields),
        category=category,
        bounce_type=BounceType.HARD,
        rule="status.1.1",
        layer="status",
        reason="no known words; the status 5.1.1 says bad-mailbox",
    )


def soft(name: str = "s", category: str = "quota-issues", **fields: Any) -> Verdict:
    """Return the verdict that it may pass."""
    return Verdict(
        report=report(name, **{"diagnostic": "452 4.2.2 mailbox full"} | fields),
        category=category,
        bounce_type=BounceType.SOFT,
        rule="phrase.full",
        layer="phrase",
    )


def no_bounce(event: Event, name: str = "n", **fields: Any) -> Verdict:
    """Return the verdict on a report that is no bounce."""
    return Verdict(report=report(name, event=event, **fields), category=None, bounce_type=BounceType.NONE)


def delivery(name: str = "d", source: Source = Source.POWERMTA, **fields: Any) -> Verdict:
    """Return the verdict on a delivery, as an MTA logs it."""
    return no_bounce(Event.DELIVERY, name, source=source, action="relayed", **fields)


def complaint(name: str = "c", feedback_type: str | None = "abuse", **fields: Any) -> Verdict:
    """Return the verdict on a complaint."""
    return no_bounce(Event.COMPLAINT, name, feedback_type=feedback_type, **fields)
