"""What a log record of KumoMTA says has happened: by its type (`kumomta.toml`) and the response in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from bounces.knowledge import read_table
from bounces.reading.accounting.values import part_of, text_of
from bounces.reading.codes import codes_in
from bounces.reading.delivery_status import best_status, diagnostic_of
from bounces.reading.expiry import is_expired
from bounces.reading.finding import Finding
from bounces.reading.text import one_line
from bounces.records import Event

IGNORED: Final = frozenset(
    {
        "TransientFailure", "Delayed", "Reception", "Rejection", "AdminRebind", "DeferredInjectionRebind", "XferIn",
        "XferOut",
    }
)  # fmt: skip
"""The types that are known and say nothing: what is under way, what came in, what was moved."""

_LOCAL: Final = "kumomta internal"
_LOCAL_NOTE: Final = "the answer is KumoMTA's own, no remote host's: it says nothing of the address"
_INVENTED: Final = "550"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a type of record says."""

    event: Event
    action: str | None = None
    status: str = ""
    note: str | None = None
    report: bool = False  # whether the record speaks of a mail that came in (a DSN, a complaint), not of one sent


@cache
def kinds() -> Mapping[str, Kind]:
    """Return what kumomta.toml says."""
    table = read_table("reading/accounting/kumomta.toml")
    return {name: Kind(**{**entry, "event": Event(entry["event"])}) for name, entry in table.items()}


_VERB: Final = re.compile(r"[A-Za-z]{4,8}")  # of an SMTP command (RFC 5321 4.1.1, RFC 3207), before its arguments


def outcome_of(kind: Kind, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the response says, as the fields of a report."""
    response = part_of(record, "response")
    content = one_line(text_of(response.get("content")))
    if kind.report:
        content = diagnostic_of(content, "")
    code = text_of(response.get("code"))
    status = _status(response.get("enhanced_code"))
    reply_code, said = codes_in(content)
    if kind.report and code == _INVENTED and not status:
        code = ""
    verb = _VERB.match(text_of(response.get("command")))
    event, note = kind.event, kind.note
    best = best_status(status, said) or kind.status
    reply_code = reply_code or (code if len(code) == 3 and _is_number(code) else "")
    if event is Event.BOUNCE and not kind.report and content[: len(_LOCAL)].lower() == _LOCAL:
        event, note = Event.OTHER, _LOCAL_NOTE
    elif event is Event.BOUNCE and is_expired(Finding(status=best, reply_code=reply_code, diagnostic=content)):
        event = Event.DELAY
    return {
        "event": event,
        "action": kind.action,
        "status": best or None,
        "reply_code": reply_code or None,
        "diagnostic": _as_received(code, status, content) or None,
        "command": verb.group().upper() if verb else None,
        "note": note,
    }


def _as_received(code: str, status: str, content: str) -> str:
    """Return the reply as the remote host wrote it: KumoMTA takes the codes off, and patterns are written with them."""
    if content[:3].isdecimal() or (code and content.startswith(code)):
        return content
    codes = code if not status or content.startswith(status) else f"{code} {status}"
    return f"{codes} {content}".strip()


def _status(enhanced: object) -> str:
    if isinstance(enhanced, dict):
        parts = [text_of(enhanced.get(name)) for name in ("class", "subject", "detail")]
        if all(_is_number(part) for part in parts):
            return ".".join(parts)
    return ""


def _is_number(text: str) -> bool:
    return len(text) <= 3 and text.isascii() and text.isdecimal()
