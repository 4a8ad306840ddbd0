"""What a test tells a scan's process (`mailbox_scanner`), and is told by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Strike:
    """What befalls the process at the `at`th call (from 1) of `method`, of the session, the door or the state.

    `during` is `delay` seconds after the call began, which may be at any point of it, or of what comes next.
    """

    method: str
    at: int
    when: Literal["before", "during", "after"] = "before"
    act: Literal["kill", "stop"] = "kill"
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """What is scanned, and into where. `mailbox` are the fields of `Mailbox`."""

    mailbox: dict[str, Any]
    password: str = field(repr=False)
    bucket: str
    queue_url: str
    table: str
    owner: str
    lease_seconds: float
    batch_mails: int
    mails: int = 100_000
    seconds: float = 600.0
    strike: Strike | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it: `error` is the class and the message of what the scan raised."""

    outcome: dict[str, Any] | None
    error: tuple[str, str] | None
    grown_bytes: int
    """By how much the process's memory grew at most, once everything was imported."""


def job_from(told: dict[str, Any]) -> Job:
    """Return the job that `told` says, as `dataclasses.asdict` has it."""
    return Job(**{**told, "strike": Strike(**told["strike"]) if told["strike"] else None})
