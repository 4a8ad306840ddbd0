"""A log record of KumoMTA, as its log hook posts it -> reports.

https://docs.kumomta.com/reference/log_record/ has the fields, `kumomta.toml` what each type says. The record's own
classification (`bounce_classification`) is kept, and decides nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bounces import verp
from bounces.addresses import bare, is_address
from bounces.errors import RecordError, shown
from bounces.identity import record_digest, report_id
from bounces.reading import feedback, returned
from bounces.reading.accounting import times
from bounces.reading.accounting.limits import MAX_MESSAGE, MAX_RECIPIENTS
from bounces.reading.accounting.values import addresses_of, text_of
from bounces.reading.codes import codes_in
from bounces.reading.delivery_status import best_status, diagnostic_of
from bounces.reading.expiry import is_expired
from bounces.reading.fields import header_section
from bounces.reading.finding import Finding
from bounces.reading.reports import Arrival
from bounces.reading.text import one_line
from bounces.records import Event, Report

SYSTEM: Final = "KumoMTA"
IGNORED: Final = frozenset(
    {
        "TransientFailure", "Delayed", "Reception", "Rejection", "AdminRebind", "DeferredInjectionRebind", "XferIn",
        "XferOut",
    }
)  # fmt: skip
"""The types that are known and say nothing: what is under way, what came in, what was moved."""

_LOCAL: Final = "kumomta internal"
_LOCAL_NOTE: Final = "the answer is KumoMTA's own, no remote host's: it says nothing of the address"
_INVENTED: Final = "550"
# The fields of a record that has no id, by which it is told from others.
_IDENTITY: Final = ("id", "timestamp", "event_time")
_IDENTITY_WITHOUT_ID: Final = ("sender", "queue", "site", "timestamp", "event_time")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a type of record says."""

    event: Event
    action: str | None = None
    status: str = ""
    note: str | None = None
    report: bool = False  # whether the record speaks of a mail that came in (a DSN, a complaint), not of one sent


@cache
def kinds() -> Mapping[str, Kind]:
    """Return what kumomta.toml says."""
    table = tomllib.loads((files(__package__) / "kumomta.toml").read_text(encoding="utf-8"))
    return {name: Kind(**{**entry, "event": Event(entry["event"])}) for name, entry in table.items()}


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
    recipients = _addresses(record.get("recipient"))
    if not recipients:
        raise RecordError(f"of type {name} has no address for a recipient")
    shared = {**_shared(record, arrival, raw, text_of(record.get("sender"))), **_outcome(kind, record)}
    if not kind.report:
        shared.update(_ids(record, shared["envelope_recipient"]))
    digest = _digest(name, record)
    return name, tuple(_report(digest, shared, address) for address in recipients)


def _report(digest: bytes, shared: Mapping[str, Any], address: str) -> Report:
    return Report(
        id=report_id(digest, shared["event"], address),
        recipient=address or None,
        addressee=address or None,
        **shared,
    )


def _shared(record: Mapping[str, Any], arrival: Arrival, raw: str | None, sender: str) -> dict[str, Any]:
    """Return the fields that all reports of a record have alike; `sender` is the return path of the mail."""
    peer = _part(record, "peer_address")
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
        "campaign": token.campaign if token else text_of(_part(record, "meta").get("campaign")) or None,
        "subscriber": token.subscriber if token else None,
        "remote_mta": text_of(peer.get("name")).rstrip(".") or text_of(peer.get("addr")) or None,
        "sending_mta": text_of(record.get("egress_source")) or text_of(record.get("source_address")) or None,
        "source_category": text_of(record.get("bounce_classification")) or None,
        "raw": raw,
    }


def _outcome(kind: Kind, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the response says, as the fields of a report."""
    response = _part(record, "response")
    content = one_line(text_of(response.get("content")))
    if kind.report:
        content = diagnostic_of(content, "")
    code = text_of(response.get("code"))
    status = _status(response.get("enhanced_code"))
    reply_code, said = codes_in(content)
    if kind.report and code == _INVENTED and not status:
        code = ""
    event, note = kind.event, kind.note
    best = best_status(status, said) or kind.status
    reply_code = reply_code or (code if len(code) == 3 and code.isdecimal() else "")
    if event is Event.BOUNCE and not kind.report and content[: len(_LOCAL)].lower() == _LOCAL:
        event, note = Event.OTHER, _LOCAL_NOTE
    elif event is Event.BOUNCE and is_expired(Finding(status=best, reply_code=reply_code, diagnostic=content)):
        event = Event.DELAY
    return {
        "event": event,
        "action": kind.action,
        "status": best or None,
        "reply_code": reply_code or None,
        "diagnostic": _as_received(code, status, content) or None,
        "note": note,
    }


def _as_received(code: str, status: str, content: str) -> str:
    """Return the reply as the remote host wrote it: KumoMTA takes the codes off, and patterns are written with them."""
    if content[:3].isdecimal() or (code and content.startswith(code)):
        return content
    codes = code if not status or content.startswith(status) else f"{code} {status}"
    return f"{codes} {content}".strip()


def _status(enhanced: object) -> str:
    if isinstance(enhanced, dict):
        parts = [text_of(enhanced.get(name)) for name in ("class", "subject", "detail")]
        if all(part.isdecimal() and len(part) <= 3 for part in parts):
            return ".".join(parts)
    return ""


def _ids(record: Mapping[str, Any], return_path: str | None) -> dict[str, Any]:
    """Return what the headers of the message say, of those that the log is configured to have."""
    headers = {
        name.lower(): [text] for name, value in _part(record, "headers").items() if (text := one_line(text_of(value)))
    }
    if not headers:
        return {}
    found = _ids_of(headers, return_path)
    for header, name in (("message-id", "message_id"), ("subject", "subject")):
        if header in headers:
            found[name] = headers[header][0].strip("<> ") or None
    return found


def _ids_of(headers: Mapping[str, list[str]], return_path: str | None) -> dict[str, Any]:
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
    said = _part(record, "feedback_report")
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
    """Return the addresses in a field that holds one, or an array of them; at most one more than a record may have."""
    texts = value[: MAX_RECIPIENTS + 1] if isinstance(value, list) else [value]
    found = (bare(text.replace("\0", "\ufffd")) for text in texts if isinstance(text, str))
    return list(dict.fromkeys(address for address in found if is_address(address)))


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _digest(name: str, record: Mapping[str, Any]) -> bytes:
    fields = _IDENTITY if record.get("id") else _IDENTITY_WITHOUT_ID
    pairs = [(field, text_of(record.get(field))) for field in fields]
    if not record.get("id"):
        pairs.append(("content", text_of(_part(record, "response").get("content"))))
    return record_digest("kumomta", name, pairs)
