"""Which report is which: an id made of what the report's author wrote, never of what carried it.

The same bounce comes by SES (which puts headers in front), by IMAP, from an mbox, and again after each retry. All of
them must be one report, so the id covers the mail's Message-ID, Date and body, with the recipient and the event, and
no trace header, storage key, path or time of arrival. A record of an MTA's log comes as a line of a file, as JSON, in
a batch and again after each retry; its id covers the values that the MTA logged.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from bounces.octets import has

# 160 bits, in hex: beyond any accident, and short enough to be part of a key.
ID_CHARACTERS: Final = 40

_MBOX_QUOTING: Final = re.compile(rb"(?m)^>+(?=From )")


def mail_digest(message_id: bytes, date: bytes, body: bytes) -> bytes:
    """Return the digest of what a mail's author wrote.

    `message_id` and `date` are the values of those header fields (b"" where there is none), `body` all bytes after
    the header section. Line ends are normalised, white space in the fields folded, blank lines at the end and
    mbox's `>From ` quoting (RFC 4155) undone, since carriers change those.
    """
    if has(body, b"\r"):
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if (has(body, b"\n>") or body.startswith(b">")) and has(body, b">From "):  # the first is found in half the time
        body = _MBOX_QUOTING.sub(b"", body)
    digest = hashlib.sha256(b"mail\0%b\0%b\0" % (b" ".join(message_id.split()), b" ".join(date.split())))
    digest.update(body.rstrip(b"\n"))
    return digest.digest()


def record_digest(mta: str, kind: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Return the digest of the record of type `kind` that an MTA (`powermta`, `kumomta`) logged.

    `fields` are the names and values of its known fields in an order that is always the same. Shippers turn an empty
    value into none at all and change line ends, so neither counts.
    """
    logged = "\0".join([f"{name}={text}" for name, value in fields if (text := value.strip())])
    if "\r" in logged:
        logged = logged.replace("\r\n", "\n").replace("\r", "\n")
    return hashlib.sha256(f"record\0{mta}\0{kind}\0{logged}".encode("utf-8", "replace")).digest()


def rejected_digest(mta: str, record: bytes) -> bytes:
    """Return the digest of a record that an MTA (`powermta`, `kumomta`) logged and that cannot be read: of its bytes.

    Line ends and white space around it are the shipper's.
    """
    written = record.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip()
    return hashlib.sha256(b"rejected\0%b\0%b" % (mta.encode(), written)).digest()


def decision_digest(report: str, choice: str, category: str) -> bytes:
    """Return the digest of an operator's decision to have the report with the id `report` count as `choice`."""
    return hashlib.sha256(f"decision\0{report}\0{choice}\0{category}".encode("utf-8", "replace")).digest()


def report_id(digest: bytes, event: str, recipient: str) -> str:
    """Return the id of the report of `event` on `recipient` in the mail or record with `digest`."""
    text = b"%b\0%b\0%b" % (digest, event.encode(), recipient.lower().encode("utf-8", "replace"))
    return hashlib.sha256(text).hexdigest()[:ID_CHARACTERS]
