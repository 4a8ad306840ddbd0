"""Facts as the mails that tell them, from the templates in `mails/`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from string import Template
from typing import Final

from tests.stack.faults.facts import Fact

RETURN_PATH: Final = "bounces@return.example.com"
_TEMPLATES: Final = {path.stem: Template(path.read_text("utf-8")) for path in Path(__file__).parent.glob("mails/*.eml")}


def mail_of(facts: Sequence[Fact]) -> bytes:
    """Return the mail that tells `facts`, which are of one list: a DSN of all of them, or of one that is no failure."""
    first = facts[0]
    template = _TEMPLATES.get(first.kind.event, _TEMPLATES["dsn"])
    text = template.substitute(
        mark=first.mark,
        date=format_datetime(max(fact.time for fact in facts)),
        address=first.address,
        return_path=RETURN_PATH,
        feedback_type=first.kind.feedback_type,
        list_header=f"List-Id: <{first.list_id}.lists.example.com>\n" if first.list_id else "",
        recipients="\n".join(map(_recipient, facts)),
    )
    return text.encode("ascii")


def _recipient(fact: Fact) -> str:
    """Return the fields of one recipient (RFC 3464 2.3)."""
    return (
        f"Final-Recipient: rfc822; {fact.address}\n"
        f"Action: {fact.kind.action}\n"
        f"Status: {fact.kind.status}\n"
        f"Remote-MTA: dns; mx.{fact.address.partition('@')[2]}\n"
        f"Diagnostic-Code: smtp; {fact.diagnostic}\n"
        f"Last-Attempt-Date: {format_datetime(fact.time)}\n"
    )


def notification(bucket: str, key: str, received: datetime) -> dict[str, object]:
    """Return what SES publishes of the mail `key`."""
    return {
        "notificationType": "Received",
        "mail": {"timestamp": f"{received:%Y-%m-%dT%H:%M:%S.000Z}", "messageId": key.rpartition("/")[2]},
        "receipt": {
            "recipients": [RETURN_PATH],
            "action": {"type": "S3", "bucketName": bucket, "objectKeyPrefix": "incoming/", "objectKey": key},
        },
    }
