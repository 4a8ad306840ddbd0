"""What a shape of mail says of one recipient, while it is being read."""

from __future__ import annotations

from dataclasses import dataclass, field

from bounces.records import Event


@dataclass(slots=True)
class Finding:
    """One recipient as the mail describes it; texts are "" where the mail is silent."""

    recipient: str = ""
    original: str = ""
    event: Event = Event.BOUNCE
    action: str = ""
    status: str = ""
    reply_code: str = ""
    diagnostic: str = ""
    remote_mta: str = ""
    time: str = ""
    feedback_type: str = ""
    has_codes: bool = False  # whether the diagnostic itself has a reply code or an enhanced status code


@dataclass(slots=True)
class Findings:
    """All that a mail says: its recipients, and what holds for each of them."""

    kind: Event
    reason: str
    recipients: list[Finding] = field(default_factory=list)
    reporting_mta: str = ""
    arrival: str = ""  # when the reporting MTA took the message that failed
    system: str = ""
    time: str = ""
    note: str = ""
    cuts: list[str] = field(default_factory=list)
    returned: dict[str, list[str]] = field(default_factory=dict)  # headers of the returned message
    in_prose: bool = False
    told: frozenset[str] = frozenset()  # what the explanation of a bounce in prose tells: see `wording.TOLD`
