"""Reports for the tests of this folder, made of a diagnostic as `bounces.reading` would fill them."""

import re
from pathlib import Path

from bounces.patterns import codes
from bounces.records import Event, Report, Source

HERE = Path(__file__).parent
_LOOKED_UP = re.compile(r"(?:name=|Name server: |look up host )([\w.-]*[\w-])")
_MISSING = re.compile(r"([\w-]+(?:\.[\w-]+)*\.invalid)\b")  # a recipient's domain that does not exist


def report_of(diagnostic: str | None, **fields: object) -> Report:
    """Return a bounce with `diagnostic` and the codes that stand in it; `fields` are set instead."""
    text = diagnostic or ""
    host = _MISSING.search(text) or _LOOKED_UP.search(text)
    found: dict[str, object] = {
        "id": "1",
        "source": Source.SES,
        "event": Event.BOUNCE,
        "recipient": f"someone@{host.group(1) if host else 'example.com'}",
        "status": next(iter(codes.statuses_in(text)), None),
        "reply_code": codes.reply_code_in(text),
        "diagnostic": diagnostic,
    }
    return Report(**{**found, **fields})  # type: ignore[arg-type]


def listed(file: str) -> list[str]:
    """Return the lines of `file` in this folder, without comments."""
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def imitations(file: str) -> list[tuple[str, str]]:
    """Return the receiver that each line of `file` imitates, and the diagnostic."""
    return [(receiver, diagnostic) for receiver, _, diagnostic in (line.partition(" | ") for line in listed(file))]
