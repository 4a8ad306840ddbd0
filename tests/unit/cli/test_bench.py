"""`bounces bench`: figures for people and for machines."""

import json
from pathlib import Path

import pytest

from bounces_cli import bench_measures, bench_patterns
from bounces_cli.main import main

MAILS = Path(__file__).parents[3] / "events" / "mails"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_measures, "MIN_ROUND", 0.0)
    monkeypatch.setattr(bench_patterns, "MANY", (1_000, 50))
    monkeypatch.setattr(bench_patterns, "DIAGNOSTICS", 100)


def test_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json", "--rounds", "1", str(MAILS)]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["mails"] == len(list(MAILS.glob("*.eml")))
    assert figures["reports"] >= figures["mails"]
    assert figures["ratio"] == pytest.approx(figures["parse_seconds"] / figures["read_seconds"])
    assert figures["mails_per_second"] == pytest.approx(figures["mails"] / figures["read_seconds"])
    assert figures["patterns"]["many"] == [1_000, 50]
    assert figures["patterns"]["diagnostics_per_second"] == pytest.approx(1 / figures["patterns"]["many_seconds"])
    assert min(figures["parse_peak"], figures["read_peak"], figures["verdicts_per_second"]) > 0


def test_figures_for_people_over_the_projects_samples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--rounds", "1"]) == 0
    said = capsys.readouterr().out
    for words in (
        "mails/s",
        "email.message_from_bytes alone",
        "times as fast",
        "verdicts a second",
        "memory for the",
        "1,000 patterns, 50 expressions",
        "to compile them, once",
    ):
        assert words in said


def test_a_folder_without_mails_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(tmp_path)]) == 2
    assert "no mails in" in capsys.readouterr().err
