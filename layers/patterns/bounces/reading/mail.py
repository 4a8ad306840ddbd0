"""The reader: one mail's bytes in, its reports out."""

from __future__ import annotations

from typing import NamedTuple

from bounces.octets import has
from bounces.reading import expiry, shapes
from bounces.reading.bounding import bounded
from bounces.reading.finding import Finding
from bounces.reading.mime import parse, parse_quickly
from bounces.reading.part import Part
from bounces.reading.reports import UNKNOWN_WAY, Arrival, reports_of
from bounces.records import Event, Report


class Reading(NamedTuple):
    """What a mail was read as: its reports, and why.

    A mail that is no bounce, complaint, delivery or automatic reply has none, and `kind` is `Event.OTHER`. A bounce
    that names nobody has one report without a recipient.
    """

    reports: tuple[Report, ...]
    kind: Event
    reason: str
    system: str | None = None
    cuts: tuple[str, ...] = ()


def read_mail(raw: bytes, arrival: Arrival = UNKNOWN_WAY) -> Reading:
    """Return what the mail `raw` says. Never raises; what is beyond a limit is cut and noted.

    Two mails that differ only in what carried them (trace headers, line ends, storage) give reports of equal ids.
    """
    cuts: list[str] = []
    raw, end = bounded(_bare_mail(raw), cuts)
    return _reading(raw, end, parse(raw, cuts), cuts, arrival)


def read_quickly(raw: bytes) -> Reading | None:
    """Return what `read_mail` does, or None where that takes mail-parser: for who has a process of its own for those,
    since importing it takes as long as reading three hundred mails.
    """
    cuts: list[str] = []
    raw, end = bounded(_bare_mail(raw), cuts)
    root = parse_quickly(raw, cuts)
    return None if root is None else _reading(raw, end, root, cuts, UNKNOWN_WAY)


def _reading(raw: bytes, end: int, root: Part, cuts: list[str], arrival: Arrival) -> Reading:
    if not root.headers:
        return Reading((), Event.OTHER, "is no mail: it has no header field")
    findings = shapes.read(root)
    findings.cuts[:0] = cuts
    expiry.mark(findings)
    if findings.cuts:
        # Something that could have named a recipient is not here, so a person is to look at the mail.
        findings.recipients.append(Finding(event=Event.OTHER))
        findings.note = f"beyond the limit: {', '.join(dict.fromkeys(findings.cuts))}"
    if not findings.recipients:
        return Reading((), findings.kind, findings.reason, findings.system or None, tuple(findings.cuts))
    body = raw[end:].lstrip(b"\r\n")
    reports = reports_of(findings, root, body, arrival)
    return Reading(reports, findings.kind, findings.reason, findings.system or None, tuple(findings.cuts))


def _bare_mail(raw: bytes) -> bytes:
    """Return the mail without an mbox's `From ` line and with line ends that a parser knows."""
    raw = raw.lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :] if has(raw, b"\n") else raw
    if not has(raw, b"\n") and has(raw, b"\r"):  # the first is in the first line of nearly every mail
        raw = raw.replace(b"\r", b"\n")
    return raw
