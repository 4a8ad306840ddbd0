"""Real mails of many systems give the same reports from an mbox and from a Maildir as each of them alone.

They are not part of the project: ../shared/corpus, where it is there; else the project's own sample mails are taken.
"""

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bounces.mailbox.batches import Limits, Sorted
from bounces.mailbox.ports import Session
from bounces.mailbox.scanning import scan
from bounces.records import Report
from bounces_cli.file_sessions import FilesSession, MaildirSession
from bounces_cli.mbox_session import Mbox, MboxSession
from bounces_cli.other_states import NoState
from bounces_cli.problems import Problems
from bounces_cli.scan_destinations import NoDoor
from tests.unit.cli.mboxes import NOON, ROOT, maildir, mbox, our_mails

CORPUS = ROOT.parent / "shared" / "corpus"
FOLDERS = ("sisimai", "flufl", "cpython", "mailparser")

Reports = list[tuple[Report, ...]]


def corpus() -> tuple[bytes, ...]:
    if not CORPUS.is_dir():
        pytest.skip("needs ../shared/corpus, which is not here")
    paths = [path for folder in FOLDERS for path in sorted((CORPUS / folder).rglob("*")) if path.is_file()]
    assert len(paths) > 300
    return tuple(path.read_bytes() for path in paths)


def scanned(open_session: Callable[[], Session]) -> Reports:
    """Return the reports of each mail, in order, but for where it is kept."""
    found: list[Sorted] = []
    limits = Limits(sys.maxsize, math.inf)
    outcome = scan("box", open_session, NoDoor(), NoState(), limits=limits, on_filed=found.append)
    assert outcome.is_finished
    return [tuple(report.replaced(raw=None) for report in mail.reading.reports) for mail in found]


@pytest.fixture(scope="module", params=[our_mails, corpus], ids=["ours", "corpus"])
def mails(request: pytest.FixtureRequest) -> tuple[bytes, ...]:
    found: tuple[bytes, ...] = request.param()
    return found


@pytest.fixture(scope="module")
def single(mails: tuple[bytes, ...], tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """The reports of each mail as a file of its own."""
    folder = tmp_path_factory.mktemp("single")
    reports: Reports = []
    for number, raw in enumerate(mails):
        path = folder / f"{number:06}.eml"
        path.write_bytes(raw)
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
        reports += scanned(lambda path=path: FilesSession(str(path), Problems()))  # type: ignore[misc]
    assert len(reports) == len(mails)
    print(f"\n{len(mails)} mails, {sum(map(len, reports))} reports")
    return reports


def test_a_maildir_gives_the_same_reports(mails: tuple[bytes, ...], single: Reports, tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir", mails)
    found = scanned(lambda: MaildirSession(str(box)))
    numbered = [*range(1, len(mails), 2), *range(0, len(mails), 2)]  # what is new comes first
    assert found == [single[number] for number in numbered]


def test_an_mbox_gives_the_same_reports(mails: tuple[bytes, ...], single: Reports, tmp_path: Path) -> None:
    box = Mbox(str(mbox(tmp_path / "box", mails)))
    assert scanned(lambda: MboxSession(box)) == single


def test_a_folder_gives_the_same_reports(mails: tuple[bytes, ...], single: Reports, tmp_path: Path) -> None:
    for number, raw in enumerate(mails):
        path = tmp_path / f"{number:06}.eml"
        path.write_bytes(raw)
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    assert scanned(lambda: FilesSession(str(tmp_path), Problems())) == single
