"""From what a mail says to its reports: one for each recipient and event, with what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from bounces import verp
from bounces.identity import mail_digest, report_id
from bounces.reading import returned
from bounces.reading.addressees import addressees
from bounces.reading.dates import parsed
from bounces.reading.finding import Finding, Findings
from bounces.reading.part import Part
from bounces.reading.text import one_line, with_encoded_words
from bounces.records import NOTHING, Event, Report, Source


class Arrival(NamedTuple):
    """How a mail came in: what the reader cannot know from its bytes."""

    source: Source = Source.MAILBOX
    received_time: datetime | None = None
    envelope_recipients: tuple[str, ...] = ()
    authentication: Mapping[str, str] = NOTHING
    raw: str | None = None


UNKNOWN_WAY: Final = Arrival()


def reports_of(findings: Findings, root: Part, body: bytes, arrival: Arrival) -> tuple[Report, ...]:
    """Return the reports of `findings` in the mail `root`, whose bytes after the headers are `body`."""
    digest = mail_digest(
        root.header("message-id").encode("utf-8", "replace"), root.header("date").encode("utf-8", "replace"), body
    )
    shared = _shared(findings, arrival)
    return_path = arrival.envelope_recipients or root.headers.get("to", ())
    mail_time = findings.time or root.header("date")
    found = addressees(findings, shared["returned_to"], return_path)
    reports: dict[str, Report] = {}
    for finding, addressee in zip(findings.recipients, found, strict=True):
        identity = report_id(digest, finding.event, finding.recipient)
        if identity in reports:
            continue
        reports[identity] = Report(
            id=identity,
            event=finding.event,
            recipient=finding.recipient or None,
            original_recipient=finding.original or None,
            addressee=addressee or None,
            action=finding.action or None,
            status=finding.status or None,
            reply_code=finding.reply_code or None,
            diagnostic=one_line(finding.diagnostic) or None,
            command=finding.command or None,
            remote_mta=finding.remote_mta or None,
            event_time=_time(finding.time or mail_time, arrival.received_time),
            feedback_type=finding.feedback_type or None,
            **_attempts(finding, findings.arrival, root.header("date"), arrival.received_time),
            **shared,
        )
    return tuple(reports.values())


def _shared(findings: Findings, arrival: Arrival) -> dict[str, Any]:
    """Return the fields that all reports of a mail have alike."""
    shared: dict[str, Any] = {
        "source": arrival.source,
        "received_time": arrival.received_time,
        "raw": arrival.raw,
        "returned_to": None,
    }
    token = None
    if arrival.envelope_recipients:
        shared["envelope_recipient"] = return_path = _return_path(arrival.envelope_recipients)
        token = verp.read(return_path)
    headers = findings.returned
    if headers:
        shared["returned_to"] = returned.only_address(headers)
        shared["message_id"] = _first(headers, "message-id").strip("<> ") or None
        shared["subject"] = one_line(with_encoded_words(_first(headers, "subject"))) or None
        ids = returned.id_headers(headers)
        if ids:
            shared["headers"] = ids
            feedback_id = shared["feedback_id"] = ids.get("x-fblid") or ids.get("feedback-id") or None
            token = token or (returned.token_in(feedback_id) if feedback_id else None)
            if token is None and "list-id" in ids:
                shared["list_id"] = returned.list_label(ids["list-id"])
    if token is not None:
        shared.update(list_id=token.list_id, campaign=token.campaign, subscriber=token.subscriber)
    for name, value in (
        ("reporting_mta", findings.reporting_mta),
        ("system", findings.system),
        ("note", findings.note),
        ("cuts", tuple(findings.cuts)),
        ("authentication", arrival.authentication),
    ):
        if value:
            shared[name] = value
    return shared


def _return_path(envelope_recipients: tuple[str, ...]) -> str:
    """Return the envelope recipient that names list and subscriber, else the first."""
    for address in envelope_recipients:
        if verp.read(address):
            return address
    return envelope_recipients[0]


def _time(value: str, received: datetime | None) -> datetime | None:
    """Return when it happened, never later than it was received: nobody writes from the future."""
    time = parsed(value) if value else None
    if time is None or (received is not None and time > received):
        return received
    return time


def _attempts(finding: Finding, taken: str, reported: str, received: datetime | None) -> dict[str, Any]:
    """Return when a message that failed for now was tried first and last, where the report says both."""
    if not taken or finding.event is not Event.BOUNCE or "4" not in (finding.status[:1], finding.reply_code[:1]):
        return {}
    first, last = parsed(taken), _time(finding.time or reported, received)
    return {"first_attempt": first, "last_attempt": last} if first and last else {}


def _first(headers: dict[str, list[str]], name: str) -> str:
    values = headers.get(name)
    return values[0] if values else ""
