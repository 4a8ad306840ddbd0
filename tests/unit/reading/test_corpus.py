"""The reader on real mails of many systems, which are not part of the project: ../shared/corpus, where it is there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bounces.reading import mime, read_mail

ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus"
FOLDERS = ("sisimai", "flufl", "cpython", "mailparser")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus, which is not here")

FIGURE = re.compile(r"([\w-]+) ([\d.]+)")


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    """What the score tool says of `bounces inspect --json` on the whole corpus."""
    inspect = [sys.executable, "-m", "bounces_cli.main", "inspect", "--json", *(str(CORPUS / f) for f in FOLDERS)]
    lines = subprocess.run(inspect, capture_output=True, check=True).stdout
    score = [sys.executable, str(SHARED / "tools" / "score.py"), str(CORPUS / "truth.jsonl")]
    said = subprocess.run(score, input=lines, capture_output=True, check=True).stdout.decode()
    print(said)
    return {name: float(figure) for name, figure in FIGURE.findall(said)}


@pytest.mark.parametrize(
    ("figure", "least"), [("answered", 1.0), ("event", 0.985), ("F1", 0.985), ("status", 0.97), ("reply_code", 0.97)]
)
def test_reading_is_right(figures: dict[str, float], figure: str, least: float) -> None:
    assert figures[figure] >= least


def test_hardly_anyone_is_called_hard_who_did_not_fail(figures: dict[str, float]) -> None:
    assert figures["hard-unlisted"] <= 3


@pytest.mark.usefixtures("sources")
def test_both_parsers_give_the_same_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [CORPUS / json.loads(line)["file"] for line in (CORPUS / "truth.jsonl").read_text().splitlines()]
    mails = [(path, path.read_bytes()) for path in paths]
    fast = [read_mail(raw) for _, raw in mails]
    monkeypatch.setattr(mime, "_quickly", lambda _: None)
    differing = []
    for (path, raw), one in zip(mails, fast, strict=True):
        other = read_mail(raw)
        if one.reports != other.reports:
            differing.append(path.name)
    assert differing == []
