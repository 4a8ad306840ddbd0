"""What is kept of pushes in the mail bucket: each body, each record that could not be read, each pushed mail.

Keys are made of the day and of the contents, so that a push that comes again is kept once.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bounces.aws import clients
from bounces.aws.http_api import Request
from bounces.reading.accounting import SetAside

PUSHED: Final = "pushed/"
REJECTED: Final = "rejected/"
MAILS: Final = "incoming/pushed/"

_GZIP: Final = b"\x1f\x8b"
_LEVEL: Final = 1  # six times as fast as 6, for a tenth more bytes of such text
MAX_METADATA: Final = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """Where something is kept in the bucket `bucket`: `place` is what is common to its key and its rejects' key."""

    bucket: str
    place: str

    @property
    def key(self) -> str:
        """The key of the body."""
        return f"{PUSHED}{self.place}.gz"

    @property
    def uri(self) -> str:
        """The body as reports name it."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def rejected_key(self) -> str:
        """The key of the records of the body that could not be read."""
        return f"{REJECTED}{self.place}.jsonl.gz"

    @property
    def rejected_uri(self) -> str:
        """Those records as reports name them."""
        return f"s3://{self.bucket}/{self.rejected_key}"


def place_of(bucket: str, body: bytes, received: datetime) -> Kept:
    """Return where `body` is to be kept."""
    return Kept(bucket, f"{received:%Y/%m/%d}/{hashlib.sha256(body).hexdigest()}")


def keep_body(kept: Kept, request: Request) -> None:
    """Keep the body of `request`, packed with gzip unless it is, with what is needed to push it again."""
    body = request.body
    packed = body if body.startswith(_GZIP) else gzip.compress(body, _LEVEL, mtime=0)
    said = {
        "path": request.path,
        "content-type": request.content_type,
        "content-encoding": request.content_encoding,
    }
    clients.s3().put_object(
        Bucket=kept.bucket,
        Key=kept.key,
        Body=packed,
        ContentType="application/gzip",
        Metadata={name: _printable(text) for name, text in said.items() if text},
    )


def keep_rejected(kept: Kept, records: Iterable[SetAside]) -> None:
    """Keep `records` with their reasons, as JSON, one a line."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_LEVEL, mtime=0) as lines:
        for record in records:
            lines.write(json.dumps(_line(kept, record)).encode() + b"\n")
    clients.s3().put_object(
        Bucket=kept.bucket, Key=kept.rejected_key, Body=packed.getvalue(), ContentType="application/gzip"
    )


def mail_key(content: bytes, received: datetime) -> str:
    """Return where a pushed mail is to be kept: where SES's are."""
    return f"{MAILS}{received:%Y/%m/%d}/{hashlib.sha256(content).hexdigest()}"


def keep_mail(bucket: str, key: str, content: bytes) -> None:
    """Keep a pushed mail at `key`."""
    clients.s3().put_object(Bucket=bucket, Key=key, Body=content)


def _line(kept: Kept, record: SetAside) -> dict[str, Any]:
    line: dict[str, Any] = {
        "place": record.place,
        "reason": record.reason,
        "reports_made": record.is_read,
        "body": kept.uri,
    }
    try:
        line["record"] = record.record.decode("utf-8")
    except UnicodeDecodeError:
        line["record_base64"] = base64.b64encode(record.record).decode()
    return line


def _printable(text: str) -> str:
    """Return `text` as a header field of S3's may hold it."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text[:MAX_METADATA])
