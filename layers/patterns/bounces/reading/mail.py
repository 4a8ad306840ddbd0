"""The reader: mails' bytes in, their reports out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bounces.octets import has
from bounces.reading import expiry, shapes
from bounces.reading.bounding import bounded
from bounces.reading.finding import Finding, Findings
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


class _Mail:
    """A mail on its way from bytes to reports: what each step has made of it."""

    __slots__ = ("cuts", "end", "findings", "raw", "root")

    def __init__(self, raw: bytes) -> None:
        self.cuts: list[str] = []
        self.raw, self.end = bounded(_bare_mail(raw), self.cuts)
        self.root: Part | None = None
        self.findings: Findings | None = None


def read_mail(raw: bytes, arrival: Arrival = UNKNOWN_WAY) -> Reading:
    """Return what the mail `raw` says. Never raises; what is beyond a limit is cut and noted.

    Two mails that differ only in what carried them (trace headers, line ends, storage) give reports of equal ids.
    """
    return read_mails((raw,), arrival)[0]


def read_mails(raws: Sequence[bytes], arrival: Arrival = UNKNOWN_WAY) -> list[Reading]:
    """Return what `read_mail` does for each of the mails `raws`, which came in alike.

    Step by step over all of them, since the code and tables of a step then stay in the processor's caches: of some
    dozen mails a tenth faster than one mail after the other.
    """
    mails = [_Mail(raw) for raw in raws]
    for mail in mails:
        mail.root = parse(mail.raw, mail.cuts)
    return [reading for reading in _readings(mails, arrival) if reading is not None]


def read_quickly(raws: Sequence[bytes]) -> list[Reading | None]:
    """Return what `read_mails` does, with None for each mail that takes mail-parser: for who has a process of its own
    for those, since importing it takes as long as reading three hundred mails.
    """
    mails = [_Mail(raw) for raw in raws]
    for mail in mails:
        mail.root = parse_quickly(mail.raw, mail.cuts)
    return _readings(mails, UNKNOWN_WAY)


def _readings(mails: list[_Mail], arrival: Arrival) -> list[Reading | None]:
    """Return what each of `mails` says, None for one that is not split."""
    for mail in mails:
        if mail.root is not None and mail.root.headers:
            mail.findings = _findings(mail.root, mail.cuts)
    return [_reading(mail, arrival) for mail in mails]


def _findings(root: Part, cuts: list[str]) -> Findings:
    findings = shapes.read(root)
    findings.cuts[:0] = cuts
    expiry.mark(findings)
    if findings.cuts:
        # Something that could have named a recipient is not here, so a person is to look at the mail.
        findings.recipients.append(Finding(event=Event.OTHER))
        findings.note = f"beyond the limit: {', '.join(dict.fromkeys(findings.cuts))}"
    return findings


def _reading(mail: _Mail, arrival: Arrival) -> Reading | None:
    root, findings = mail.root, mail.findings
    if root is None:
        return None
    if findings is None:
        return Reading((), Event.OTHER, "is no mail: it has no header field")
    reports: tuple[Report, ...] = ()
    if findings.recipients:
        reports = reports_of(findings, root, mail.raw[mail.end :].lstrip(b"\r\n"), arrival)
    return Reading(reports, findings.kind, findings.reason, findings.system or None, tuple(findings.cuts))


def _bare_mail(raw: bytes) -> bytes:
    """Return the mail without an mbox's `From ` line and with line ends that a parser knows."""
    raw = raw.lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :] if has(raw, b"\n") else raw
    if not has(raw, b"\n") and has(raw, b"\r"):  # the first is in the first line of nearly every mail
        raw = raw.replace(b"\r", b"\n")
    return raw
