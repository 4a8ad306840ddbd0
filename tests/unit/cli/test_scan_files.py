"""Maildirs, folders and single mails as mailboxes that are scanned."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounces.errors import MailboxRefused, MailUnavailable, MailVanished
from bounces_cli import sources
from bounces_cli.file_sessions import FilesSession, MaildirSession
from bounces_cli.problems import Problems
from tests.unit.cli.mboxes import NOON, bounce, maildir, mbox, ordinary


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return maildir(tmp_path / "Maildir", [bounce(0), bounce(1), ordinary(2)])


def test_a_maildir_gives_what_is_new_and_what_was_seen_by_the_part_that_stays(box: Path) -> None:
    (box / "tmp" / "9.host").write_bytes(b"Subject: being written\n\n")
    (box / "new" / ".hidden").write_bytes(b"Subject: no mail\n\n")
    session = MaildirSession(str(box))
    waiting = list(session.waiting(0))
    assert [(listed.number, listed.name, listed.size) for listed in waiting] == [
        (0, "000001.host", len(bounce(1))),
        (0, "000000.host", len(bounce(0))),
        (0, "000002.host", len(ordinary(2))),
    ]
    assert [session.fetch(listed).raw for listed in waiting] == [bounce(1), bounce(0), ordinary(2)]


def test_nothing_in_a_maildir_is_changed(box: Path) -> None:
    def found() -> list[tuple[Path, int]]:
        return [(path, path.stat().st_mtime_ns) for path in sorted(box.rglob("*"))]

    before = found()
    session = MaildirSession(str(box))
    for listed in session.waiting(0):
        session.fetch(listed)
    session.file({}, again=False)
    assert found() == before


def test_a_mail_whose_flags_change_meanwhile_is_still_found(box: Path) -> None:
    session = MaildirSession(str(box))
    waiting = list(session.waiting(0))
    (box / "new" / "000001.host").rename(box / "cur" / "000001.host:2,RS")
    assert session.fetch(waiting[0]).raw == bounce(1)
    (box / "cur" / "000001.host:2,RS").unlink()
    with pytest.raises(MailVanished):
        session.fetch(waiting[0])


def test_a_maildir_that_is_gone_is_refused(box: Path) -> None:
    (box / "new").rename(box / "old")
    with pytest.raises(MailboxRefused, match="No such file"):
        list(MaildirSession(str(box)).waiting(0))


def test_a_mail_is_received_when_its_file_was_written_but_never_later_than_now(box: Path) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).timestamp()
    os.utime(box / "new" / "000001.host", (later, later))
    session = MaildirSession(str(box))
    times = [session.fetch(listed).received_time for listed in session.waiting(0)]
    assert NOON < times[0] <= datetime.now(UTC)
    assert times[1:] == [NOON, NOON]


def test_a_folder_gives_its_mails_and_those_of_its_mboxes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.eml").write_bytes(bounce(1))
    (tmp_path / "empty").write_bytes(b"")
    mbox(tmp_path / "b.mbox", [bounce(2), ordinary(3)])
    session = FilesSession(str(tmp_path), Problems())
    waiting = list(session.waiting(0))
    assert [listed.name.partition(" of ")[0] for listed in waiting] == ["b.mbox#1", "b.mbox#2", "in/a.eml"]
    assert [session.fetch(listed).raw.rstrip() for listed in waiting] == [
        raw.rstrip() for raw in (bounce(2), ordinary(3), bounce(1))
    ]


def test_a_file_that_is_replaced_is_another_mail(tmp_path: Path) -> None:
    path = tmp_path / "0001.eml"
    path.write_bytes(bounce(1))
    session = FilesSession(str(path), Problems())
    (before,) = session.waiting(0)
    assert [listed.name for listed in session.waiting(0)] == [before.name]
    path.write_bytes(bounce(2))
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    (after,) = session.waiting(0)
    assert before.name != after.name


def test_a_file_that_cannot_be_read_costs_that_file(tmp_path: Path) -> None:
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(bounce(1))
    session = FilesSession(str(tmp_path), Problems())
    first, second = session.waiting(0)
    (tmp_path / "a.eml").unlink()
    (tmp_path / "b.eml").unlink()
    (tmp_path / "b.eml").mkdir()
    with pytest.raises(MailVanished, match=r"a\.eml is no longer there"):
        session.fetch(first)
    with pytest.raises(MailUnavailable, match="cannot be read: Is a directory"):
        session.fetch(second)


def test_what_cannot_be_read_of_a_folder_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = FilesSession(str(tmp_path), Problems())
    assert [*session.waiting(0), *session.waiting(0)] == []
    assert capsys.readouterr().err == f"bounces: {tmp_path}: nothing in it to read\n"


def test_a_mail_beyond_the_limit_is_cut_and_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_READ", 101)
    monkeypatch.setattr("bounces_cli.file_sessions.MAX_READ", 101)
    for size in (100, 101):
        (tmp_path / f"{size}.eml").write_bytes(bounce(1)[:size])
    session = FilesSession(str(tmp_path), Problems())
    assert [session.fetch(listed).is_whole for listed in session.waiting(0)] == [True, False]
