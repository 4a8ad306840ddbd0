"""A mail as SES stores and announces it: the headers that it writes in front, and its receipt notification.

Field by field after https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html. Nothing is
checked here, so the verdicts are those of a clean mail whose sender published neither SPF, DKIM nor DMARC.
"""

import base64
import email.utils
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any, Final

from local.receipt_rule import ReceiptRule

MAX_HEADERS: Final = 10_240  # bytes of headers that a notification tells; more is `headersTruncated`
_HEADER_SECTION: Final = 1_000_000  # bytes in which the end of the headers is looked for
_ID_CHARACTERS: Final = "abcdefghijklmnopqrstuv0123456789"


def _message_id() -> str:
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(36)) + "jo1"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail at the door, with its envelope. `sender` is "" for the null sender of a bounce (RFC 5321 4.5.5)."""

    content: bytes
    sender: str
    recipients: tuple[str, ...]
    peer: str = "127.0.0.1"
    helo: str = "localhost"
    region: str = "eu-west-1"
    message_id: str = field(default_factory=_message_id)
    received: datetime = field(default_factory=lambda: datetime.now(UTC))

    def stored(self) -> bytes:
        """Return the mail with SES's headers in front, as it is put into the bucket."""
        spf = (
            f"none (spfCheck: {self.peer} is neither permitted nor denied by domain of {self._domain()}) "
            f"client-ip={self.peer}; envelope-from={self.sender}; helo={self.helo};"
        )
        lines = [
            f"Return-Path: <{self.sender}>",
            f"Received: from {self.helo} ({self.helo} [{self.peer}])",
            f" by inbound-smtp.{self.region}.amazonaws.com with SMTP id {self.message_id}",
            f" for {self.recipients[0]};",
            f" {self.received:%a, %d %b %Y %H:%M:%S} +0000 (UTC)",
            "X-SES-Spam-Verdict: PASS",
            "X-SES-Virus-Verdict: PASS",
            f"Received-SPF: {spf}",
            "Authentication-Results: amazonses.com;",
            f" spf={spf}",
            " dkim=none;",
            f" dmarc=none header.from={self._header_domain()};",
            f"X-SES-RECEIPT: {_random(240)}",
            f"X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b={_random(128)}; c=relaxed/simple; "
            f"s={secrets.token_hex(16)}; d=amazonses.com; t={int(self.received.timestamp())}; v=1; bh={_random(32)}; "
            "h=From:To:Cc:Bcc:Subject:Date:Message-ID:MIME-Version:Content-Type:X-SES-RECEIPT;",
        ]
        written = "\r\n".join(line.replace("\r", "").replace("\n", "") for line in lines)
        return written.encode("utf-8", "surrogateescape") + b"\r\n" + self.content

    def notification(self, rule: ReceiptRule) -> dict[str, Any]:
        """Return what SES publishes of the mail, stored by `rule`."""
        parsed = _headers(self.stored())
        listed, truncated = _listed(parsed)
        verdict = {"status": "PASS" if rule.scans else "DISABLED"}
        gray = {"status": "GRAY"}
        return {
            "notificationType": "Received",
            "mail": {
                "timestamp": _time(self.received),
                "source": self.sender,
                "messageId": self.message_id,
                "destination": _addresses(parsed, "To") or list(self.recipients),
                "headersTruncated": truncated,
                "headers": listed,
                "commonHeaders": _common(parsed, self.sender),
            },
            "receipt": {
                "timestamp": _time(self.received),
                "processingTimeMillis": 1,
                "recipients": list(self.recipients),
                "spamVerdict": verdict,
                "virusVerdict": verdict,
                "spfVerdict": gray,
                "dkimVerdict": gray,
                "dmarcVerdict": gray,
                "action": {
                    "type": "S3",
                    "topicArn": rule.topic,
                    "bucketName": rule.bucket,
                    "objectKeyPrefix": rule.prefix,
                    "objectKey": rule.prefix + self.message_id,
                },
            },
        }

    def _domain(self) -> str:
        return self.sender.rpartition("@")[2] or self.helo

    def _header_domain(self) -> str:
        senders = _addresses(_headers(self.content), "From")
        return senders[0].rpartition("@")[2].rstrip(">") if senders else self.helo


def _random(size: int) -> str:
    return base64.b64encode(os.urandom(size)).decode()


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _headers(content: bytes) -> Message:
    section = content[:_HEADER_SECTION]
    for end in (b"\r\n\r\n", b"\n\n"):
        section = section.partition(end)[0]
    return BytesHeaderParser().parsebytes(section + b"\r\n\r\n")


def _text(value: object) -> str:
    """Return a header's value unfolded and fit for JSON, whatever bytes it was made of."""
    joined = str(value).replace("\r", "").replace("\n", "")
    return joined.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _listed(parsed: Message) -> tuple[list[dict[str, str]], bool]:
    listed: list[dict[str, str]] = []
    size = 0
    for name, value in parsed.items():
        part = {"name": _text(name), "value": _text(value)}
        size += len(part["name"].encode()) + len(part["value"].encode())
        if size > MAX_HEADERS:
            return listed, True
        listed.append(part)
    return listed, False


def _addresses(parsed: Message, name: str) -> list[str]:
    values = [_text(value)[:MAX_HEADERS] for value in parsed.get_all(name, [])]
    return [address for _, address in email.utils.getaddresses(values) if address]


def _common(parsed: Message, sender: str) -> dict[str, Any]:
    common: dict[str, Any] = {"returnPath": sender}
    for key, name in (("from", "From"), ("to", "To"), ("cc", "Cc"), ("replyTo", "Reply-To")):
        if parsed.get_all(name):
            common[key] = [_text(value)[:MAX_HEADERS] for value in parsed.get_all(name, [])]
    for key, name in (("date", "Date"), ("messageId", "Message-ID"), ("subject", "Subject")):
        if parsed.get(name) is not None:
            common[key] = _text(parsed[name])[:MAX_HEADERS]
    return common
