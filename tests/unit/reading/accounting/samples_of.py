"""The sample records, and what their tables say of them."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bounces.patterns import Classifier
from bounces.reading import Arrival
from bounces.records import BounceType, Report, Source

FOLDER = Path(__file__).parent / "samples"
POWERMTA = Arrival(source=Source.POWERMTA, received_time=datetime(2026, 11, 25, tzinfo=UTC), raw="pushed/a")
KUMOMTA = Arrival(source=Source.KUMOMTA, received_time=datetime(2026, 11, 25, tzinfo=UTC), raw="pushed/b")
FILES = sorted(path.stem for path in FOLDER.glob("*.csv"))
CLASSIFIER = Classifier()


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def body(name: str) -> bytes:
    return (FOLDER / f"{name}.csv").read_bytes()


def rows(name: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a sample file of one header and no damage."""
    header, *found = csv.reader(io.StringIO(body(name).decode()))
    return header, found


def line(cells: list[str]) -> str:
    """Return a row as PowerMTA writes it: quoted where it must be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def wrong(report: Report, wanted: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return each field of `report` that is not as `wanted`, with what it is and what it should be."""
    written = report.to_json()
    found = [
        (field, written.get(field, ""), value)
        for field, value in wanted.items()
        if field not in ("hard", "also", "line") and written.get(field, "") != value
    ]
    if "hard" in wanted:
        verdict = CLASSIFIER.classify(report)
        if (verdict.bounce_type is BounceType.HARD) is not wanted["hard"]:
            found.append(("hard", verdict.reason, wanted["hard"]))
    return found
