"""A row of PowerMTA's accounting files -> reports.

`b` is a refusal during SMTP, `rb` a DSN that came later, `f` a complaint, `d` a delivery. What each column gives is in
docs/records.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from bounces import verp
from bounces.addresses import is_address
from bounces.errors import RecordError
from bounces.identity import record_digest, report_id
from bounces.reading import feedback, returned
from bounces.reading.accounting import columns, times
from bounces.reading.accounting.columns import address_in
from bounces.reading.accounting.values import addresses_of, bounded
from bounces.reading.codes import codes_in, reply_code_in
from bounces.reading.delivery_status import ACTIONS, best_status, diagnostic_of, host_in
from bounces.reading.expiry import is_expired
from bounces.reading.finding import Finding
from bounces.reading.reports import Arrival
from bounces.reading.text import one_line
from bounces.records import Event, Report

SYSTEM: Final = "PowerMTA"
FAILED: Final = "failed"
REDACTED: Final = "a privacy policy took the recipient's name out"

OWN_NOTE: Final = "PowerMTA itself or its operator gave up, no remote host: it says nothing of the address"

SUCCESS_NOTE: Final = "a mail says that it was delivered, which anybody can write: it takes no soft bounce away"

_ADDRESS_STATUS: Final = re.compile(r"[45]\.(1\.\d{1,3}|2\.1)")  # RFC 3463 3.2, 3.3: bad address, mailbox disabled
_OWN: Final = "x-pmta;"  # the diagnostic type of what PowerMTA says itself, such as that a queue was bounced by hand
# Who complained, in the order in which the columns are believed; each may hold several addresses.
_COMPLAINANTS: Final = ("rcpt", "arf_original-rcpt-to", "arf_removal-recipient", "header_x-hmxmroriginalrecipient")


def reports_of(row: Mapping[str, str], arrival: Arrival, raw: str | None) -> tuple[str, tuple[Report, ...]]:
    """Return the type of the row and its reports; a type that is not read has none.

    `row` has its values by column names in lower case; one without a header line by `columns.CELLS`. Raises
    `RecordError` where a row of a type that is read cannot be: shifted columns, nobody named.
    """
    if columns.CELLS in row:
        row = columns.by_layout(row[columns.CELLS])
    kind = columns.type_of(row)
    if kind not in columns.known().read:
        return kind, ()
    fault = columns.fault_in(row)
    if fault is not None:
        raise RecordError(fault)
    return kind, _complaints(row, arrival, raw) if kind == "f" else _outcome(kind, row, arrival, raw)


def _outcome(kind: str, row: Mapping[str, str], arrival: Arrival, raw: str | None) -> tuple[Report, ...]:
    """Return the report of a row on one message to one recipient: `b`, `rb` or `d`."""
    finding = _finding(kind, row)
    recipient = address_in(row.get("rcpt", ""))
    original = address_in(row.get("orcpt", ""))
    shared = _shared(row, arrival, raw)
    note = None
    if finding.event is Event.OTHER:
        note = OWN_NOTE if finding.action == FAILED else SUCCESS_NOTE
    if columns.is_redacted(recipient):
        recipient, original, note = "", "", REDACTED
    elif not recipient and not (shared.get("subscriber")):
        raise RecordError("names nobody: it has neither a recipient nor a subscriber's token")
    original = original if is_address(original) and not columns.is_redacted(original) else ""
    return (
        _report(
            _digest(kind, row), recipient, finding.event, shared,
            original_recipient=original or None,
            action=finding.action or None,
            status=finding.status or None,
            reply_code=finding.reply_code or None,
            diagnostic=one_line(finding.diagnostic) or None,
            note=note,
        ),
    )  # fmt: skip


def _finding(kind: str, row: Mapping[str, str]) -> Finding:
    """Return what the `dsn` columns say. Raises `RecordError` where they contradict the type."""
    status_field = row.get("dsnstatus", "")
    words = diagnostic_of(bounded(row.get("dsndiag", "")), status_field)
    reply_code, said = codes_in(words)
    finding = Finding(
        event=Event.DELIVERY if kind == "d" else Event.BOUNCE,
        action=row.get("dsnaction", "").strip().lower(),
        status=best_status(status_field, said),
        reply_code=reply_code or reply_code_in(status_field) or "",
        diagnostic=words,
    )
    is_own = row.get("dsndiag", "")[: len(_OWN)].lower() == _OWN
    if kind == "b" and not said and not is_own and _is_made_up(finding.status, words, status_field):
        finding.status = f"{finding.status[0]}.0.0"
    event = ACTIONS.get(finding.action, finding.event)
    if kind == "d" and event is not Event.DELIVERY:
        raise RecordError(f"is a delivery whose dsnAction is {finding.action}: its values stand under other columns")
    finding.event = event
    if event is Event.BOUNCE:
        finding.action = FAILED  # an `rb` is a failure by its type, whatever the DSN left out
        if is_expired(finding):
            finding.event = Event.DELAY
        elif is_own:
            finding.event = Event.OTHER
    elif kind == "rb" and event is Event.DELIVERY:
        finding.event = Event.OTHER  # of a mail that came in, where a `d` is what PowerMTA saw itself
    return finding


def _is_made_up(status: str, words: str, status_field: str) -> bool:
    """Say whether `status`, which calls the address bad, is PowerMTA's own for a reply that had none.

    A 550 is 5.1.1 to it, whatever the reply says (`550 Rejected`). Where nobody replied, the words are those of the
    Status field, and PowerMTA speaks of what it found itself, such as a domain that does not exist.
    """
    return _ADDRESS_STATUS.fullmatch(status) is not None and words != diagnostic_of("", status_field)


def _complaints(row: Mapping[str, str], arrival: Arrival, raw: str | None) -> tuple[Report, ...]:
    """Return the reports of a feedback row: one for each complainant, or one without where only a token tells who."""
    shared = _shared(row, arrival, raw)
    kind = (row.get("feedbacktype") or row.get("arf_feedback-type") or feedback.ABUSE).strip().lower()
    found, redacted = _complainants(row, shared)
    if not found and not redacted and not shared.get("subscriber"):
        raise RecordError("names nobody: it has neither a recipient nor a subscriber's token")
    digest = _digest("f", row)
    return tuple(
        _report(
            digest, address, Event.COMPLAINT, shared,
            feedback_type=kind if kind in feedback.TYPES else feedback.OTHER,
            note=None if address or not redacted else REDACTED,
        )
        for address in found or [""]
    )  # fmt: skip


def _complainants(row: Mapping[str, str], shared: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Return who complained, and whether an address was there that a privacy policy or the provider had redacted."""
    redacted = False
    own = address_in(row.get("orig", "")).lower()
    for column in (*_COMPLAINANTS, None, "header_to"):
        if column is None:
            said = verp.read_feedback_id(shared.get("feedback_id") or "")
            value = said.address or "" if said else ""
        else:
            value = row.get(column, "")
        if not value.strip():
            continue
        addresses = returned.addresses_in([addresses_of(value.replace(";", ","))])
        named = [address for address in addresses if not _is_redacted(address) and address.lower() != own]
        redacted = redacted or any(map(_is_redacted, addresses or [address_in(value)]))
        if named and (column != "header_to" or len(addresses) == 1):
            return named, redacted
    return [], redacted


def _is_redacted(address: str) -> bool:
    return columns.is_redacted(address) or feedback.is_redacted(address)


def _shared(row: Mapping[str, str], arrival: Arrival, raw: str | None) -> dict[str, Any]:
    """Return the fields that all reports of a row have alike."""
    sender = address_in(row.get("orig") or row.get("header_return-path") or row.get("arf_original-mail-from") or "")
    feedback_id = one_line(bounded(row.get("header_x-fblid") or row.get("header_feedback-id") or "")) or None
    list_header = row.get("header_list-id")
    token = verp.read(sender) or (returned.token_in(feedback_id) if feedback_id else None)
    vmta = row.get("vmta") or row.get("dlvsourceip")
    return {
        "source": arrival.source,
        "system": SYSTEM,
        "received_time": arrival.received_time,
        "event_time": times.not_after(row.get("timelogged", ""), arrival.received_time),
        "envelope_recipient": sender if is_address(sender) else None,
        "list_id": token.list_id if token else returned.list_label(bounded(list_header)) if list_header else None,
        "campaign": token.campaign if token else row.get("jobid") or None,
        "subscriber": token.subscriber if token else None,
        "feedback_id": feedback_id,
        "message_id": row.get("header_message-id", "").strip("<> ") or None,
        "subject": one_line(row.get("header_subject", "")) or None,
        "remote_mta": host_in(row.get("dsnmta", "")) or row.get("repsourceip") or row.get("dlvdestinationip") or None,
        "reporting_mta": host_in(row.get("dsnreportingmta") or row.get("reportingmta") or "") or None,
        "source_category": row.get("bouncecat") or None,
        "sending_mta": vmta or None,
        "raw": raw,
    }


def _report(digest: bytes, recipient: str, event: Event, shared: Mapping[str, Any], **fields: Any) -> Report:
    addressee = fields.get("original_recipient") or recipient
    return Report(
        id=report_id(digest, event, recipient),
        event=event,
        recipient=recipient or None,
        addressee=addressee if addressee and is_address(addressee) else None,
        **fields,
        **shared,
    )


def _digest(kind: str, row: Mapping[str, str]) -> bytes:
    names = columns.plan_for(tuple(row)).identity
    return record_digest("powermta", kind, [(name, row[name]) for name in names])
