"""Each mail of mails/ says what expected.toml says that it says."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bounces.patterns import Classifier
from bounces.reading import Reading, read_mail
from bounces.records import BounceType, Report

FOLDER = Path(__file__).parent
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
FIELDS = {"list": "list_id"}
OF_EVERY_REPORT = ("message_id", "subject", "list", "returned_to", "addressee")


def _read(name: str) -> Reading:
    return read_mail((FOLDER / "mails" / name).read_bytes())


def _one_of(value: str | list[str]) -> list[str]:
    return [v.lower() for v in (value if isinstance(value, list) else [value])]


def _value(report: Report, name: str) -> str:
    return str(getattr(report, FIELDS.get(name, name)) or "").strip("<>").lower()


def _report(reading: Reading, wanted: dict[str, Any], place: int) -> Report:
    """Return the report on the address that `wanted` names, or the one at `place` where it names none."""
    if "recipient" not in wanted:
        return reading.reports[place]
    found = [r for r in reading.reports if _value(r, "recipient") == wanted["recipient"].lower()]
    assert found, f"no report on {wanted['recipient']}, but on {[r.recipient for r in reading.reports]}"
    return found[0]


def test_every_mail_has_its_row_and_every_row_its_mail() -> None:
    assert {path.name for path in (FOLDER / "mails").iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_event(name: str) -> None:
    reading = _read(name)
    assert reading.kind.value in _one_of(EXPECTED[name]["event"]), reading.reason
    if reading.kind.value == "other":
        assert reading.reports == ()


@pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if "report" in row])
def test_reports(name: str) -> None:
    row, reading = EXPECTED[name], _read(name)
    assert len(reading.reports) == len(row["report"]), [(r.event, r.recipient) for r in reading.reports]
    for place, wanted in enumerate(row["report"]):
        report = _report(reading, wanted, place)
        fields = {"event": row["event"], **{n: row[n] for n in OF_EVERY_REPORT if n in row}, **wanted}
        diagnostic = fields.pop("diagnostic", "")
        fields.pop("hard", None)
        wrong = [(n, _value(report, n), v) for n, v in fields.items() if _value(report, n) not in _one_of(v)]
        assert not wrong, f"{report.recipient}: field, read, wanted: {wrong}"
        assert diagnostic.lower() in (report.diagnostic or "").lower()


@pytest.mark.parametrize("name", [n for n, row in EXPECTED.items() if any("hard" in r for r in row.get("report", ()))])
def test_an_address_is_hard_only_where_it_was_refused(name: str) -> None:
    reading, classifier = _read(name), Classifier()
    for place, wanted in enumerate(EXPECTED[name]["report"]):
        if "hard" in wanted:
            verdict = classifier.classify(_report(reading, wanted, place))
            assert (verdict.bounce_type is BounceType.HARD) is wanted["hard"], verdict.reason
