"""SES's own notifications of bounces, complaints and deliveries, where a topic mails them to a person.

A mail from SNS has the notification as JSON in its text. Fields as in the "Amazon SNS notification contents" page of
the SES developer guide.
"""

from __future__ import annotations

import json
from typing import Any, Final

from bounces.addresses import is_address
from bounces.reading.codes import codes_in
from bounces.reading.delivery_status import best_status
from bounces.reading.feedback import ABUSE
from bounces.reading.finding import Finding, Findings
from bounces.records import Event

_START: Final = '{"notificationType":'
_EVENTS: Final = {"Bounce": Event.BOUNCE, "Complaint": Event.COMPLAINT, "Delivery": Event.DELIVERY}


def read(text: str) -> Findings | None:
    """Return what the notification in `text` says, or None where there is none that can be read."""
    place = text[:4096].replace('" :', '":').find(_START)
    if place < 0:
        return None
    try:
        notification, _ = json.JSONDecoder(strict=False).raw_decode(text[place:])
        event = _EVENTS[notification["notificationType"]]
        found = Findings(event, "is a notification of SES", system="Amazon SES")
        found.returned = _headers(notification.get("mail", {}))
        body = notification.get(event.value, {})
        found.recipients = _recipients(event, body)
        found.reporting_mta = str(body.get("reportingMTA", "")).rpartition(";")[2].strip()
        found.time = ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return found


def _recipients(event: Event, body: dict[str, Any]) -> list[Finding]:
    if event is Event.DELIVERY:
        reply_code, status = codes_in(str(body.get("smtpResponse", "")))
        return [
            Finding(str(address), event=event, action="delivered", status=status, reply_code=reply_code,
                    diagnostic=str(body.get("smtpResponse", "")))
            for address in body["recipients"] if is_address(str(address))
        ]  # fmt: skip
    found: list[Finding] = []
    for one in body.get("bouncedRecipients") or body.get("complainedRecipients") or []:
        diagnostic = str(one.get("diagnosticCode", "")).removeprefix("smtp;").strip()
        reply_code, said = codes_in(diagnostic)
        found.append(
            Finding(
                recipient=str(one["emailAddress"]),
                event=event,
                action=str(one.get("action", "")),
                status=best_status(str(one.get("status", "")), said),
                reply_code=reply_code,
                diagnostic=diagnostic,
                # Missing where no feedback report came with the complaint, which is one all the same.
                feedback_type=str(body.get("complaintFeedbackType") or ABUSE) if event is Event.COMPLAINT else "",
            )
        )
    return [finding for finding in found if is_address(finding.recipient)]


def _headers(mail: dict[str, Any]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for header in mail.get("headers", [])[:100]:
        headers.setdefault(str(header["name"]).lower(), []).append(str(header["value"]))
    return headers
