"""What says that a mail is in S3: SES's receipt notification, or our own, of the push door or of a mailbox's scan.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
SES's comes as it wrote it (the template's subscription asks for raw delivery) or wrapped in SNS's own JSON. Ours is a
JSON object with `kind` (`mail`), `version`, `bucket`, `key`, `received_time`, `envelope_recipients` and `source`, which
is `mailbox`, or `api`, as it also is where it is missing: to write one of SES's shape, what SES alone knows, its
verdicts and ids, would have to be made up.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bounces.errors import NotificationError, shown
from bounces.records import Source

SETUP: Final = "AMAZON_SES_SETUP_NOTIFICATION"
"""What SES stores and announces, in a mail's place, when a receipt rule is made."""

MAX_RECIPIENTS: Final = 500  # ten times what SES accepts in one inbound SMTP transaction
MAX_ID: Final = 255
MAX_BUCKET: Final = 63
MAX_KEY: Final = 1024  # bytes, as S3 has it
MAX_STATUS: Final = 32

KIND: Final = "mail"
VERSION: Final = 1
"""Of our own notification."""

OWN_SOURCES: Final = frozenset({Source.API, Source.MAILBOX})
"""Whose mails our own notification announces."""

_VERDICTS: Final = ("spam", "virus", "spf", "dkim", "dmarc")


@dataclass(frozen=True, slots=True)
class Receipt:
    """One mail that a door took: where it is, when it came, for whom, and what SES thinks of it."""

    message_id: str  # SES's, not the mail's own; of a mail that SES did not take its key
    bucket: str
    key: str
    received_time: datetime  # aware, UTC
    envelope_recipients: tuple[str, ...]  # RCPT TO, as the rule matched them; out of a mailbox, candidates for it
    verdicts: Mapping[str, str]  # spam, virus, spf, dkim, dmarc -> PASS, FAIL, GRAY, PROCESSING_FAILED, DISABLED
    is_setup: bool  # no mail: SES trying the rule out
    source: Source = Source.SES


def read_receipt(body: str) -> Receipt:
    """Return what the queue message `body` says that has been stored. Raises `NotificationError`."""
    notification = _unwrapped(_object(body))
    if notification.get("kind") == KIND:
        return _announced(notification)
    if notification.get("notificationType") != "Received":
        kind = notification.get("notificationType")
        raise NotificationError(
            f"SES's receipt notifications have the notificationType Received, this has {shown(kind)}"
        )
    mail, receipt = _part(notification, "mail"), _part(notification, "receipt")
    action = _part(receipt, "action")
    if action.get("type") != "S3":
        raise NotificationError(f"the mail is where an S3 action put it, this action is {shown(action.get('type'))}")
    message_id, key = _text(mail, "messageId", MAX_ID), _text(action, "objectKey", MAX_KEY)
    return Receipt(
        message_id=message_id,
        bucket=_text(action, "bucketName", MAX_BUCKET),
        key=key,
        received_time=_time(mail.get("timestamp") or receipt.get("timestamp")),
        envelope_recipients=_recipients(receipt.get("recipients", [])),
        verdicts=dict(_verdicts(receipt)),
        is_setup=SETUP in (message_id, key.rpartition("/")[2]),
    )


def announce(
    bucket: str, key: str, received_time: datetime, envelope_recipients: Sequence[str], source: Source = Source.API
) -> str:
    """Return the queue message that says that the mail `key`, which came by `source`, is in `bucket`."""
    said = {
        "kind": KIND,
        "version": VERSION,
        "bucket": bucket,
        "key": key,
        "received_time": received_time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "envelope_recipients": list(envelope_recipients),
        "source": source,
    }
    return json.dumps(said, separators=(",", ":"))


def _announced(notification: dict[str, Any]) -> Receipt:
    if notification.get("version") != VERSION:
        version = notification.get("version")
        raise NotificationError(f"a notification of a mail has version {VERSION}, this has {shown(version)}")
    source = notification.get("source", Source.API)
    if not isinstance(source, str) or source not in OWN_SOURCES:
        raise NotificationError(f"source is {' or '.join(sorted(OWN_SOURCES))}, this is {shown(source)}")
    key = _text(notification, "key", MAX_KEY)
    return Receipt(
        message_id=key,
        bucket=_text(notification, "bucket", MAX_BUCKET),
        key=key,
        received_time=_time(notification.get("received_time")),
        envelope_recipients=_recipients(notification.get("envelope_recipients")),
        verdicts={},
        is_setup=False,
        source=Source(source),
    )


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotificationError(f"a notification is a JSON object, this is {shown(text)}") from error
    if not isinstance(value, dict):
        raise NotificationError(f"a notification is a JSON object, this is {shown(text)}")
    return value


def _unwrapped(outer: dict[str, Any]) -> dict[str, Any]:
    """Take SNS's wrapping off, where there is one."""
    if outer.get("Type") == "Notification" and isinstance(outer.get("Message"), str):
        return _object(outer["Message"])
    return outer


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    part = whole.get(name)
    if not isinstance(part, dict):
        raise NotificationError(f"a receipt notification has an object {name}, this has {shown(part)}")
    return part


def _text(part: dict[str, Any], name: str, most: int) -> str:
    text = part.get(name)
    if not isinstance(text, str) or not 0 < len(text.encode("utf-8", "replace")) <= most:
        raise NotificationError(f"{name} is a text of 1 to {most} bytes, this is {shown(text)}")
    return text


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        if time is not None and time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise NotificationError(f"timestamp is an ISO 8601 time with its zone, this is {shown(value)}")


def _recipients(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and len(value) <= MAX_RECIPIENTS and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise NotificationError(f"recipients is a list of at most {MAX_RECIPIENTS} addresses, this is {shown(value)}")


def _verdicts(receipt: dict[str, Any]) -> list[tuple[str, str]]:
    """Read SES's checks. One that is missing or odd is left out: none of them decides whether a mail is read."""
    found = []
    for name in _VERDICTS:
        verdict = receipt.get(f"{name}Verdict")
        status = verdict.get("status") if isinstance(verdict, dict) else None
        if isinstance(status, str) and 0 < len(status) <= MAX_STATUS:
            found.append((name, status))
    return found
