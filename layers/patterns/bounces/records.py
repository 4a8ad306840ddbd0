"""The two records that travel between the functions: a report, and the verdict on it.

A *report* is what one source says of one recipient. A *verdict* is a report with what it was found to mean. Both are
frozen, both bound every text that they hold the moment they are made (a stranger wrote it), and both have one JSON
form with a version, which is refused on reading when anything in it is not as this module writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from bounces.addresses import MAX_ADDRESS
from bounces.errors import RecordError, UnknownVersion, shown
from bounces.frozen import Frozen

VERSION: Final = 1

MAX_DIAGNOSTIC: Final = 2000
MAX_LINE: Final = 998  # RFC 5322 2.1.1: a line, so a header as a sane sender writes it
MAX_NAME: Final = 255  # RFC 1035 2.3.4: a host name; ours for ids and codes too
MAX_KEY: Final = 1024  # an S3 key in bytes
MAX_RETURNED_HEADERS: Final = 16
MAX_CUTS: Final = 32

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
"""What a map holds where the source is silent: one for all records, so nobody can add to it."""


class Source(StrEnum):
    """Which way in a report took."""

    SES = "ses"
    MAILBOX = "mailbox"
    POWERMTA = "powermta"
    KUMOMTA = "kumomta"
    API = "api"
    OPERATOR = "operator"  # a person, who decided what waited for review


class Event(StrEnum):
    """What a report says has happened.

    A delay is a delivery that time ran out on: for now, where the action is `delayed` (a warning), or for good, where
    it is `failed` (the sender's mail system gave up, and nobody had refused).
    """

    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"
    DELIVERY = "delivery"
    OTHER = "other"


class BounceType(StrEnum):
    """Whether a verdict is about the address (hard), may pass (soft), or is no bounce (none)."""

    HARD = "hard"
    SOFT = "soft"
    NONE = "none"


_REPORT_LIMITS: Final = {
    "id": 64,
    "recipient": MAX_ADDRESS,
    "original_recipient": MAX_ADDRESS,
    "returned_to": MAX_ADDRESS,
    "addressee": MAX_ADDRESS,
    "action": 32,
    "command": 16,
    "status": 16,
    "reply_code": 3,
    "diagnostic": MAX_DIAGNOSTIC,
    "remote_mta": MAX_NAME,
    "reporting_mta": MAX_NAME,
    "sending_mta": MAX_NAME,
    "envelope_recipient": MAX_ADDRESS,
    "message_id": MAX_LINE,
    "subject": MAX_LINE,
    "feedback_id": MAX_LINE,
    "list_id": MAX_NAME,
    "campaign": MAX_NAME,
    "subscriber": MAX_NAME,
    "feedback_type": 32,
    "source_category": 64,
    "system": 64,
    "note": MAX_NAME,
    "raw": MAX_KEY,
}
_COLLECTIONS: Final = ("headers", "authentication", "cuts")
_VERDICT_LIMITS: Final = {
    "category": 64,
    "rule": MAX_NAME,
    "rule_text": MAX_LINE,
    "layer": 32,
    "matched": MAX_NAME,
    "reason": MAX_LINE,
    "patterns_version": 64,
}


class Report(Frozen, limits=_REPORT_LIMITS, collections=_COLLECTIONS):
    """What one source says of one recipient.

    Every text is cut to its limit when the record is made, and the field's name is then in `cuts`. Texts are None
    where the source is silent. Times are aware and in UTC.
    """

    id: str  # a hash of what the report's author wrote (see `bounces.identity`)
    source: Source
    event: Event
    recipient: str | None  # as reported: Final-Recipient of RFC 3464 2.3.2, or the address in the text
    original_recipient: str | None = None  # RFC 3464 2.3.1
    returned_to: str | None = None  # the To of the returned message, where it names exactly one address
    addressee: str | None = None  # who the sender mailed: the one whose state this report is about
    action: str | None = None  # RFC 3464 2.3.3
    status: str | None = None  # enhanced status code, RFC 3463, such as 5.1.1
    reply_code: str | None = None  # SMTP reply code, RFC 5321 4.2.1, such as 550
    diagnostic: str | None = None  # the remote's own words, on one line
    command: str | None = None  # what was refused (RFC 5321 4.1.1: MAIL, EHLO), where it is not in the diagnostic
    remote_mta: str | None = None  # RFC 3464 2.3.5
    reporting_mta: str | None = None  # RFC 3464 2.2.2
    sending_mta: str | None = None  # the virtual MTA, source or address of ours that the message left from
    event_time: datetime | None = None  # never later than received_time
    received_time: datetime | None = None  # when our door got it
    first_attempt: datetime | None = None  # of a transient failure: when the sending host took it (RFC 3464 2.2.5)
    last_attempt: datetime | None = None  # and when it was tried last (RFC 3464 2.3.7), else when it was reported
    envelope_recipient: str | None = None  # the return path that the report came to
    message_id: str | None = None  # of the returned message
    subject: str | None = None  # of the returned message
    feedback_id: str | None = None  # Feedback-ID or X-FBLId of the returned message
    list_id: str | None = None
    campaign: str | None = None
    subscriber: str | None = None
    feedback_type: str | None = None  # RFC 5965 3.1, of a complaint
    source_category: str | None = None  # the source's own classification, kept beside ours
    system: str | None = None  # the mail system whose shape the report has
    note: str | None = None  # what the reader found odd, for whoever reviews it
    headers: Mapping[str, str] = NOTHING  # headers of the returned message that carry ids
    authentication: Mapping[str, str] = NOTHING  # SES's spam, virus, spf, dkim, dmarc verdicts
    cuts: tuple[str, ...] = ()  # what was beyond a limit and is therefore not here
    raw: str | None = None  # where the mail, or the pushed body and the place in it, is kept

    @classmethod
    def _bound(cls, fields: dict[str, Any], names: list[str]) -> list[str]:
        cut = super()._bound(fields, names)
        for name in names:
            if name in _MAPS:
                fields[name], was_cut = _bounded_map(fields[name])
                if was_cut:
                    cut.append(name)
        if cut or "cuts" in names:
            fields["cuts"] = tuple(dict.fromkeys((*fields.get("cuts", ()), *cut)))[:MAX_CUTS]
        return cut

    @property
    def is_failure(self) -> bool:
        """Whether the message was given up: refused (a bounce), or not delivered in time (a delay that has failed)."""
        return self.event is Event.BOUNCE or (self.event is Event.DELAY and self.action == "failed")

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON's types; fields that hold nothing are left out."""
        return _to_json(self)

    @classmethod
    def from_json(cls, value: object) -> Report:
        """Return the report that `to_json` gave. Raises `RecordError`, or `UnknownVersion`."""
        return cls(**_known(value, "report"))


class Verdict(Frozen, limits=_VERDICT_LIMITS):
    """A report and what it means: category, hard or soft, and the rule that decided."""

    report: Report
    category: str | None  # PowerMTA's names; None where the report is no bounce
    bounce_type: BounceType
    rule: str | None = None  # the id of the rule that decided
    rule_text: str | None = None  # its words or expression
    layer: str | None = None  # operator, provider, phrase, status, reply-code, default
    matched: str | None = None  # the part of the diagnostic or the code that the rule met
    reason: str | None = None  # the decision in words
    patterns_version: str | None = None  # of the operator's set
    ignore: bool = False  # an operator's pattern says: to history, with no other effect

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON's types; fields that hold nothing are left out."""
        return _to_json(self)

    @classmethod
    def from_json(cls, value: object) -> Verdict:
        """Return the verdict that `to_json` gave. Raises `RecordError`, or `UnknownVersion`."""
        return cls(**_known(value, "verdict"))


_ENUMS: Final[dict[str, type[StrEnum]]] = {"source": Source, "event": Event, "bounce_type": BounceType}
_TIMES: Final = frozenset({"event_time", "received_time", "first_attempt", "last_attempt"})
_MAPS: Final = frozenset({"headers", "authentication"})
_REQUIRED: Final = {"report": ("id", "source", "event", "recipient"), "verdict": ("report", "category", "bounce_type")}
_NAMES: Final = {"report": Report.FIELDS, "verdict": Verdict.FIELDS}


def _bounded_map(value: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    kept = list(value.items())[:MAX_RETURNED_HEADERS]
    bounded = {
        name[:MAX_NAME].encode("utf-8", "replace").decode(): text[:MAX_LINE].encode("utf-8", "replace").decode()
        for name, text in kept
    }
    return bounded, len(value) > len(kept) or any(len(n) > MAX_NAME or len(t) > MAX_LINE for n, t in kept)


def _to_json(record: Report | Verdict) -> dict[str, Any]:
    written: dict[str, Any] = {"version": VERSION}
    for name in record.FIELDS:
        value = getattr(record, name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        elif isinstance(value, Report):
            value = value.to_json()
        elif isinstance(value, StrEnum):
            value = value.value
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, Mapping):
            value = dict(value)
        if value or value == "":
            written[name] = value
    return written


def _known(value: object, what: str) -> dict[str, Any]:
    """Return the constructor's arguments from a record's JSON form, each checked for its type."""
    if not isinstance(value, dict):
        raise RecordError(f"a {what} is a JSON object, this is {shown(value)}")
    if value.get("version") != VERSION:
        raise UnknownVersion(f"{what} of version {shown(value.get('version'))}; this reader knows version {VERSION}")
    unknown = value.keys() - set(_NAMES[what]) - {"version"}
    if unknown:
        raise RecordError(f"{what} with unknown field {shown(min(unknown))}")
    arguments: dict[str, Any] = dict.fromkeys(_REQUIRED[what])
    for name, part in value.items():
        if name != "version":
            arguments[name] = _field(name, part, what)
    missing = [n for n in _REQUIRED[what] if arguments[n] in (None, "") and n not in ("recipient", "category")]
    if missing:
        raise RecordError(f"{what} without {missing[0]}")
    return arguments


def _field(name: str, value: Any, what: str) -> Any:
    try:
        if name == "report":
            return Report.from_json(value)
        if name in _ENUMS:
            return _ENUMS[name](value)
        if name in _TIMES and isinstance(value, str):
            time = datetime.fromisoformat(value)
            if time.tzinfo is not None:
                return time.astimezone(UTC)
        elif name in _MAPS and isinstance(value, dict):
            if all(isinstance(part, str) for pair in value.items() for part in pair):
                return value
        elif name == "cuts" and isinstance(value, list):
            if all(isinstance(part, str) for part in value):
                return tuple(value)
        elif name == "ignore":
            if isinstance(value, bool):
                return value
        elif name not in (*_TIMES, *_MAPS, "cuts") and isinstance(value, str):
            return value
    except (ValueError, OverflowError) as error:
        raise RecordError(f"{what}'s {name} cannot be {shown(value)}") from error
    raise RecordError(f"{what}'s {name} cannot be {shown(value)}")
