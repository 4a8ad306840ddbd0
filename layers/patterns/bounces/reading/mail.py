"""The reader: one mail's bytes in, its reports out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bounces import verp
from bounces.addresses import is_address
from bounces.identity import mail_digest, report_id
from bounces.reading import expiry, returned, shapes
from bounces.reading.bounding import bounded, header_end
from bounces.reading.dates import parsed
from bounces.reading.finding import Finding, Findings
from bounces.reading.mime import Part, parse
from bounces.reading.text import one_line
from bounces.records import Event, Report, Source

_FAILURES = frozenset({Event.BOUNCE, Event.DELAY})
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a mail came in: what the reader cannot know from its bytes."""

    source: Source = Source.MAILBOX
    received_time: datetime | None = None
    envelope_recipients: tuple[str, ...] = ()
    authentication: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail was read as: its reports, and why.

    A mail that is no bounce, complaint, delivery or automatic reply has none, and `kind` is `Event.OTHER`. A bounce
    that names nobody has one report without a recipient.
    """

    reports: tuple[Report, ...]
    kind: Event
    reason: str
    system: str | None = None
    cuts: tuple[str, ...] = ()


def read_mail(raw: bytes, arrival: Arrival = Arrival()) -> Reading:
    """Return what the mail `raw` says. Never raises; what is beyond a limit is cut and noted.

    Two mails that differ only in what carried them (trace headers, line ends, storage) give reports of equal ids.
    """
    cuts: list[str] = []
    raw = bounded(_bare_mail(raw), cuts)
    root = parse(raw, cuts)
    if not root.headers:
        return Reading((), Event.OTHER, "is no mail: it has no header field")
    findings = shapes.read(root)
    findings.cuts[:0] = cuts
    expiry.mark(findings)
    if findings.cuts:
        # Something that could have named a recipient is not here, so a person is to look at the mail.
        findings.recipients.append(Finding(event=Event.OTHER))
        findings.note = f"beyond the limit: {', '.join(dict.fromkeys(findings.cuts))}"
    if not findings.recipients:
        return Reading((), findings.kind, findings.reason, findings.system or None, tuple(findings.cuts))
    reports = _reports(findings, root, raw, arrival)
    return Reading(reports, findings.kind, findings.reason, findings.system or None, tuple(findings.cuts))


def _bare_mail(raw: bytes) -> bytes:
    """Return the mail without an mbox's `From ` line and with line ends that a parser knows."""
    raw = raw.lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :] if b"\n" in raw else raw
    if b"\r" in raw and b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    return raw


def _reports(findings: Findings, root: Part, raw: bytes, arrival: Arrival) -> tuple[Report, ...]:
    """Return the reports of `findings`, one for each recipient and event."""
    digest = mail_digest(
        root.header("message-id").encode("utf-8", "replace"),
        root.header("date").encode("utf-8", "replace"),
        raw[header_end(raw) :].lstrip(b"\r\n"),
    )
    headers = findings.returned
    return_path = _return_path(arrival.envelope_recipients)
    token = verp.read(return_path) if return_path else None
    feedback_id = _first(headers, "x-fblid") or _first(headers, "feedback-id")
    token = token or (returned.token_in(feedback_id) if feedback_id else None)
    list_id = token.list_id if token else returned.list_label(_first(headers, "list-id"))
    only = returned.only_address(headers)
    failing = sum(finding.event in _FAILURES for finding in findings.recipients)
    mail_time = findings.time or root.header("date")
    message_id = _MESSAGE_ID.search(_first(headers, "message-id"))
    shared = {
        "source": arrival.source,
        "returned_to": only,
        "reporting_mta": findings.reporting_mta or None,
        "received_time": arrival.received_time,
        "envelope_recipient": return_path,
        "message_id": message_id.group(1) if message_id else None,
        "subject": one_line(_first(headers, "subject")) or None,
        "feedback_id": feedback_id or None,
        "list_id": list_id,
        "campaign": token.campaign if token else None,
        "subscriber": token.subscriber if token else None,
        "system": findings.system or None,
        "note": findings.note or None,
        "headers": returned.id_headers(headers),
        "authentication": arrival.authentication,
        "cuts": tuple(findings.cuts),
        "raw": arrival.raw,
    }
    reports: dict[str, Report] = {}
    for finding in findings.recipients:
        identity = report_id(digest, finding.event, finding.recipient)
        if identity in reports:
            continue
        addressee = finding.original or (only if only and failing == 1 else None) or finding.recipient
        reports[identity] = Report(
            id=identity,
            event=finding.event,
            recipient=finding.recipient or None,
            original_recipient=finding.original or None,
            addressee=addressee if is_address(addressee) else None,
            action=finding.action or None,
            status=finding.status or None,
            reply_code=finding.reply_code or None,
            diagnostic=one_line(finding.diagnostic) or None,
            remote_mta=finding.remote_mta or None,
            event_time=_time(finding.time or mail_time, arrival.received_time),
            feedback_type=finding.feedback_type or None,
            **shared,  # type: ignore[arg-type]
        )
    return tuple(reports.values())


def _return_path(envelope_recipients: tuple[str, ...]) -> str | None:
    """Return the envelope recipient that names list and subscriber, else the first."""
    for address in envelope_recipients:
        if verp.read(address):
            return address
    return envelope_recipients[0] if envelope_recipients else None


def _time(value: str, received: datetime | None) -> datetime | None:
    """Return when it happened, never later than it was received: nobody writes from the future."""
    time = parsed(value) if value else None
    if time is None or (received is not None and time > received):
        return received
    return time


def _first(headers: Mapping[str, Sequence[str]], name: str) -> str:
    values = headers.get(name)
    return values[0] if values else ""
