"""A log record of KumoMTA, as its log hook posts it -> reports.

https://docs.kumomta.com/reference/log_record/ has the fields, `kumomta.toml` what each type says. The record's own
classification (`bounce_classification`) is kept, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bounces import verp
from bounces.addresses import bare, is_address
from bounces.errors import RecordError, shown
from bounces.identity import record_digest, report_id
from bounces.reading import feedback, returned
from bounces.reading.accounting import times
from bounces.reading.accounting.kumomta_events import Kind, kinds, outcome_of
from bounces.reading.accounting.limits import MAX_MESSAGE, MAX_RECIPIENTS
from bounces.reading.accounting.values import addresses_of, bounded, part_of, text_of
from bounces.reading.fields import header_section
from bounces.reading.reports import Arrival
from bounces.reading.text import one_line
from bounces.records import Event, Report

SYSTEM: Final = "KumoMTA"
# The fields of a record that has no id, by which it is told from others.
_IDENTITY: Final = ("id", "timestamp", "event_time")
_IDENTITY_WITHOUT_ID: Final = ("sender", "queue", "site", "timestamp", "event_time")


def reports_of(record: Mapping[str, Any], arrival: Arrival, raw: str | None) -> tuple[str, tuple[Report, ...]]:
    """Return the type of `record` and its reports: one for each recipient; a type that is not read has none.

    Raises `RecordError` where a record of a type that is read names nobody.
    """
    name = record.get("type")
    if not isinstance(name, str) or not name:
        raise RecordError(f"has {shown(str(name)[:32])} for a type; KumoMTA's log records have its name")
    kind = kinds().get(name)
    if kind is None:
        return name, ()
    if kind.event is Event.COMPLAINT:
        return name, _complaints(name, kind, record, arrival, raw)
    recipients = _texts(record.get("recipient"))
    if not any(map(is_address, recipients)):
        raise RecordError(f"of type {name} has no address for a recipient")
    shared = {**_shared(record, arrival, raw, text_of(record.get("sender"))), **outcome_of(kind, record)}
    if not kind.report:
        shared.update(_ids(record, shared["envelope_recipient"]))
    digest = _digest(name, record)
    return name, tuple(_report(digest, shared, address) for address in recipients)


def _report(digest: bytes, shared: Mapping[str, Any], address: str) -> Report:
    return Report(
        id=report_id(digest, shared["event"], address),
        recipient=address or None,
        addressee=address if is_address(address) else None,
        **shared,
    )


def _shared(record: Mapping[str, Any], arrival: Arrival, raw: str | None, sender: str) -> dict[str, Any]:
    """Return the fields that all reports of a record have alike; `sender` is the return path of the mail."""
    peer = part_of(record, "peer_address")
    return_path = bare(sender)
    token = verp.read(return_path)
    return {
        "source": arrival.source,
        "system": SYSTEM,
        "received_time": arrival.received_time,
        "event_time": times.not_after(
            text_of(record.get("event_time")) or text_of(record.get("timestamp")), arrival.received_time
        ),
        "envelope_recipient": return_path if is_address(return_path) else None,
        "list_id": token.list_id if token else None,
        "campaign": token.campaign if token else text_of(part_of(record, "meta").get("campaign")) or None,
        "subscriber": token.subscriber if token else None,
        "remote_mta": text_of(peer.get("name")).rstrip(".") or text_of(peer.get("addr")) or None,
        "sending_mta": text_of(record.get("egress_source")) or text_of(record.get("source_address")) or None,
        "source_category": text_of(record.get("bounce_classification")) or None,
        "raw": raw,
    }


def _ids(record: Mapping[str, Any], return_path: str | None) -> dict[str, Any]:
    """Return what the headers of the message say, of those that the log is configured to have."""
    headers = {
        name.lower(): [text] for name, value in part_of(record, "headers").items() if (text := one_line(text_of(value)))
    }
    if not headers:
        return {}
    found = _ids_of(headers, return_path)
    for header, name in (("message-id", "message_id"), ("subject", "subject")):
        if header in headers:
            found[name] = headers[header][0].strip("<> ") or None
    return found


def _ids_of(headers: dict[str, list[str]], return_path: str | None) -> dict[str, Any]:
    ids = returned.id_headers(headers)
    feedback_id = ids.get("x-fblid") or ids.get("feedback-id")
    found: dict[str, Any] = {"headers": ids, "feedback_id": feedback_id}
    if return_path and verp.read(return_path):
        return found
    token = returned.token_in(feedback_id) if feedback_id else None
    if token is not None:
        found.update(list_id=token.list_id, campaign=token.campaign, subscriber=token.subscriber)
    elif "list-id" in ids:
        found["list_id"] = returned.list_label(ids["list-id"])
    return found


def _complaints(
    name: str, kind: Kind, record: Mapping[str, Any], arrival: Arrival, raw: str | None
) -> tuple[Report, ...]:
    """Return the reports of a Feedback record: its `recipient` is where the complaint went, not whose it is."""
    said = part_of(record, "feedback_report")
    headers = _headers_of(said)
    shared = {
        **_shared(record, arrival, raw, text_of(said.get("original_mail_from"))),
        "event": kind.event,
        "feedback_type": _feedback_type(said),
        "reporting_mta": text_of(said.get("reporting_mta")).rpartition(";")[2].strip() or None,
        "remote_mta": text_of(said.get("source_ip")) or None,
        "message_id": (headers.get("message-id") or [""])[0].strip("<> ") or None,
        "subject": one_line((headers.get("subject") or [""])[0]) or None,
    }
    shared.update({key: value for key, value in _ids_of(headers, shared["envelope_recipient"]).items() if value})
    listed = [*_addresses(said.get("original_rcpto_to")), *_addresses(said.get("original_rcpt_to"))]
    token = verp.read_feedback_id(shared.get("feedback_id") or "")
    named = feedback.complainants(listed, {}) or ([token.address] if token and token.address else [])
    named = named or feedback.complainants([], headers)
    if not named and not shared["subscriber"]:
        raise RecordError(f"of type {name} names no recipient, and has no subscriber's token")
    digest = _digest(name, record)
    return tuple(_report(digest, shared, address) for address in list(dict.fromkeys(named)) or [""])


def _feedback_type(said: Mapping[str, Any]) -> str:
    kind = text_of(said.get("feedback_type")).strip().lower()
    return kind if kind in feedback.TYPES else feedback.OTHER


def _headers_of(said: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the headers of the message that was complained of, by lower-case name."""
    message = said.get("original_message")
    if not isinstance(message, str):
        return {}
    if len(message) > MAX_MESSAGE:
        message = message[:MAX_MESSAGE].rpartition("\n")[0]
    headers = header_section(message.replace("\r\n", "\n"))
    return {name: [addresses_of(value) for value in values] for name, values in headers.items()}


def _addresses(value: object) -> list[str]:
    return [text for text in _texts(value) if is_address(text)]


def _texts(value: object) -> list[str]:
    """Return what stands in a field that holds an address, or an array of them; at most one more than are read.

    What is no address stays among them: its report is refused where it would be applied, and so is not lost.
    """
    texts = value[: MAX_RECIPIENTS + 1] if isinstance(value, list) else [value]
    found = (bare(bounded(text)) for text in texts if isinstance(text, str))
    return list(dict.fromkeys(filter(None, found)))


def _digest(name: str, record: Mapping[str, Any]) -> bytes:
    fields = _IDENTITY if record.get("id") else _IDENTITY_WITHOUT_ID
    pairs = [(field, text_of(record.get(field))) for field in fields]
    if not record.get("id"):
        pairs.append(("content", text_of(part_of(record, "response").get("content"))))
    return record_digest("kumomta", name, pairs)
