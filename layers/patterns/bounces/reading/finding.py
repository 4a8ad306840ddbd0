"""What a shape of mail says of one recipient, while it is being read.

Written out, not dataclasses: mypyc has the constructors of those interpreted, and there are several a mail.
"""

from __future__ import annotations

from bounces.records import Event


class Finding:
    """One recipient as the mail describes it; texts are "" where the mail is silent.

    `has_codes` says whether the diagnostic itself has a reply code or an enhanced status code; `command` is the SMTP
    command that was refused, where the mail says that elsewhere.
    """

    __slots__ = (
        "action",
        "command",
        "diagnostic",
        "event",
        "feedback_type",
        "has_codes",
        "original",
        "recipient",
        "remote_mta",
        "reply_code",
        "status",
        "time",
    )

    def __init__(
        self,
        recipient: str = "",
        *,
        original: str = "",
        event: Event = Event.BOUNCE,
        action: str = "",
        status: str = "",
        reply_code: str = "",
        diagnostic: str = "",
        remote_mta: str = "",
        time: str = "",
        feedback_type: str = "",
        has_codes: bool = False,
    ) -> None:
        self.recipient = recipient
        self.original = original
        self.event = event
        self.action = action
        self.status = status
        self.reply_code = reply_code
        self.diagnostic = diagnostic
        self.remote_mta = remote_mta
        self.time = time
        self.feedback_type = feedback_type
        self.has_codes = has_codes
        self.command = ""


class Findings:
    """All that a mail says: its recipients, and what holds for each of them.

    `returned` has the headers of the returned message, `told` what the explanation of a bounce in prose tells
    (see `wording.TOLD`), `arrival` when the reporting MTA took the message that failed, `cuts` what was beyond a
    limit and could have named a recipient.
    """

    __slots__ = (
        "arrival",
        "cuts",
        "in_prose",
        "kind",
        "note",
        "reason",
        "recipients",
        "reporting_mta",
        "returned",
        "system",
        "time",
        "told",
    )

    def __init__(
        self,
        kind: Event,
        reason: str,
        *,
        returned: dict[str, list[str]] | None = None,
        in_prose: bool = False,
        system: str = "",
        told: frozenset[str] = frozenset(),
    ) -> None:
        self.kind = kind
        self.reason = reason
        self.recipients: list[Finding] = []
        self.reporting_mta = ""
        self.arrival = ""
        self.system = system
        self.time = ""
        self.note = ""
        self.cuts: list[str] = []
        self.returned: dict[str, list[str]] = returned if returned is not None else {}
        self.in_prose = in_prose
        self.told = told
