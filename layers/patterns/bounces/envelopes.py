"""Queue messages: how records are packed into few messages, and read out again one by one.

An envelope has a version, a kind, and 1 to `MAX_RECORDS` records in at most `MAX_BYTES`. SQS and Lambda bill and
batch by the message, so a mail of 50,000 recipients is some hundred messages, not 50,000.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from bounces.errors import RecordError, UnknownVersion, shown
from bounces.records import Report, Verdict

VERSION: Final = 1
MAX_RECORDS: Final = 100
MAX_BYTES: Final = 200_000  # SQS takes 262,144 a message, and as much a batch of ten

Record = TypeVar("Record", Report, Verdict)
_MAX_FRAME: Final = 100  # what an envelope adds to its records
_KINDS: Final[dict[type[Any], str]] = {Report: "reports", Verdict: "verdicts"}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record of an envelope that cannot be read: its place (from 0), its JSON as it came, and why."""

    place: int
    record: object
    reason: str


@dataclass(frozen=True, slots=True)
class Opened(Generic[Record]):
    """What an envelope held: the records that can be read, and those that cannot."""

    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...]


def pack(kind: type[Record], records: Iterable[Record]) -> Iterator[str]:
    """Yield queue messages that hold `records` in their order, each an envelope of `kind`, in ASCII."""
    bodies: list[str] = []
    size = 0
    frame = len(_seal(kind, []))
    for record in records:
        body = _written(record)
        if bodies and (len(bodies) == MAX_RECORDS or frame + size + len(body) + 1 > MAX_BYTES):
            yield _seal(kind, bodies)
            bodies, size = [], 0
        bodies.append(body)
        size += len(body) + 1
    if bodies:
        yield _seal(kind, bodies)


def repack(kind: type[Record], rejected: Iterable[Rejected]) -> str:
    """Return a queue message that holds `rejected` as they came, to be kept and run again."""
    return _seal(kind, [json.dumps(part.record, separators=(",", ":")) for part in rejected])


def unpack(kind: type[Record], message: str) -> Opened[Record]:
    """Return what the queue message `message` holds.

    A record that cannot be read does not keep the others from being used. Raises `RecordError` where the message
    as a whole is no envelope of `kind`, and `UnknownVersion` where it is one of another version.
    """
    try:
        envelope = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"a queue message is a JSON envelope, this is {shown(message)}") from error
    if not isinstance(envelope, dict):
        raise RecordError(f"a queue message is a JSON envelope, this is {shown(message)}")
    if envelope.get("version") != VERSION:
        raise UnknownVersion(f"envelope of version {shown(envelope.get('version'))}; known is version {VERSION}")
    if envelope.get("kind") != _KINDS[kind]:
        raise RecordError(f"envelope of kind {shown(envelope.get('kind'))}; this queue takes {_KINDS[kind]}")
    parts = envelope.get("records")
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_RECORDS:
        raise RecordError(f"an envelope holds a list of 1 to {MAX_RECORDS} records")
    records: list[Record] = []
    rejected: list[Rejected] = []
    for place, part in enumerate(parts):
        try:
            records.append(kind.from_json(part))
        except RecordError as error:
            rejected.append(Rejected(place, part, str(error)))
    return Opened(tuple(records), tuple(rejected))


def _written(record: Report | Verdict) -> str:
    """Return `record` as JSON in ASCII, without its maps where only so it fits a message: a stranger wrote them."""
    body = json.dumps(record.to_json(), separators=(",", ":"))
    if len(body) <= MAX_BYTES - _MAX_FRAME:
        return body
    report = record.report if isinstance(record, Verdict) else record
    report = report.replaced(headers={}, authentication={}, cuts=("headers", "authentication", *report.cuts))
    smaller = record.replaced(report=report) if isinstance(record, Verdict) else report
    return json.dumps(smaller.to_json(), separators=(",", ":"))


def _seal(kind: type[Any], bodies: list[str]) -> str:
    return f'{{"version":{VERSION},"kind":"{_KINDS[kind]}","records":[{",".join(bodies)}]}}'
