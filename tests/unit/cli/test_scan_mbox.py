"""An mbox as a mailbox that is scanned: numbers, where the next scan goes on, and what changes in between."""

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bounces.errors import MailUnavailable
from bounces_cli import mbox_session
from bounces_cli.errors import CommandError
from bounces_cli.mbox_session import Mbox, MboxSession, date_of
from tests.unit.cli.mboxes import NOON, bounce, entry, mbox, ordinary

MAILS = [bounce(1), ordinary(2), b"Subject: empty\n\n", bounce(4)]


def session_of(path: Path) -> MboxSession:
    return MboxSession(Mbox(str(path)))


def read(session: MboxSession, after: int = 0) -> list[bytes]:
    return [session.fetch(listed).raw for listed in session.waiting(after)]


def ends(session: MboxSession) -> list[int]:
    return [listed.number for listed in session.waiting(0)]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return mbox(tmp_path / "box", MAILS)


def test_mails_come_out_as_they_went_in_but_for_the_line_end_that_parts_them(box: Path) -> None:
    assert [raw.removesuffix(b"\n") for raw in read(session_of(box))] == MAILS


def test_a_mail_is_named_by_its_place_as_inspect_names_it(box: Path) -> None:
    session = session_of(box)
    assert [listed.name for listed in session.waiting(0)] == ["1", "2", "3", "4"]
    assert [listed.name for listed in session.waiting(ends(session)[1])] == ["3", "4"]


@pytest.mark.parametrize("done", range(len(MAILS) + 1))
def test_from_any_mail_on_the_rest_waits(box: Path, done: int) -> None:
    session = session_of(box)
    after = [0, *ends(session)][done]
    assert read(session, after) == read(session)[done:]


@pytest.mark.parametrize("block", [8, 64, 1000])
def test_where_a_mail_ends_does_not_hang_on_blocks(box: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(session_of(box))
    monkeypatch.setattr("bounces_cli.sources._BLOCK", block)
    session = session_of(box)
    assert [read(session, end) for end in ends(session)] == [whole[done:] for done in range(1, len(MAILS) + 1)]


def test_what_looks_like_the_next_mail_within_one_is_told_apart_on_going_on_too(tmp_path: Path) -> None:
    # Right behind a `From ` line a line like it is a header field that no mail system quoted.
    line = b"From a@example.com Fri Nov 20 12:00:00 2026\n"
    path = tmp_path / "box"
    path.write_bytes(line + line + b"Subject: one\n\n1\n\n" + line + line + b"Subject: two\n\n2\n")
    session = session_of(path)
    assert len(read(session)) == 2
    assert read(session, ends(session)[0]) == read(session)[1:]


def test_an_empty_file_has_no_mails(tmp_path: Path) -> None:
    assert read(session_of(mbox(tmp_path / "box", []))) == []


def test_the_epoch_stays_while_mails_are_appended(box: Path) -> None:
    before = session_of(box).epoch
    with box.open("ab") as file:
        file.write(entry(bounce(5)))
    assert session_of(box).epoch == before
    assert session_of(mbox(box, [bounce(9), *MAILS])).epoch != before


def test_what_is_appended_waits_behind_what_was_there(box: Path) -> None:
    end = ends(session_of(box))[-1]
    with box.open("ab") as file:
        file.write(entry(bounce(5)))
    session = session_of(box)
    assert [listed.name for listed in session.waiting(end)] == ["5"]
    assert read(session, end) == [bounce(5) + b"\n"]


def test_what_is_appended_while_it_is_read_is_the_next_scans(box: Path) -> None:
    session = session_of(box)
    waiting = session.waiting(0)
    next(waiting)
    with box.open("ab") as file:
        file.write(entry(bounce(5))[:100])
    assert len(list(waiting)) == len(MAILS) - 1


def test_where_the_last_mail_has_grown_all_mails_wait_again(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(entry(bounce(1)) + entry(bounce(2))[:-40])
    end = ends(session_of(path))[-1]
    path.write_bytes(entry(bounce(1)) + entry(bounce(2)))
    assert len(read(session_of(path), end)) == 2


def test_a_digest_says_that_what_is_before_a_mail_is_the_same(box: Path) -> None:
    third = ends(session_of(box))[2]
    before = Mbox(str(box)).digest_up_to(third)
    grown = box.with_name("grown")
    grown.write_bytes(box.read_bytes() + entry(bounce(5)))
    assert Mbox(str(grown)).digest_up_to(third) == before
    shrunk = mbox(box.with_name("shrunk"), [MAILS[0], *MAILS[2:], bounce(5), bounce(6)])
    assert Mbox(str(shrunk)).digest_up_to(third) != before
    assert Mbox(str(mbox(box.with_name("short"), MAILS[:1]))).digest_up_to(third) != before


def test_digests_of_more_and_more_are_those_of_one_look(box: Path) -> None:
    growing = Mbox(str(box))
    for end in [*ends(session_of(box)), ends(session_of(box))[0]]:
        assert growing.digest_up_to(end) == Mbox(str(box)).digest_up_to(end)
        assert growing.mails_before(end) == Mbox(str(box)).mails_before(end)


def test_a_file_that_is_changed_while_it_is_read_gives_no_mail_that_it_never_had(box: Path) -> None:
    session = session_of(box)
    listed = list(session.waiting(0))[-1]
    box.write_bytes(entry(bounce(7, more=1000)) * 4)
    with pytest.raises(MailUnavailable, match="changed while it was read"):
        session.fetch(listed)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"From a@example.com Fri Nov 20 12:00:00 2026\n", NOON),
        (b"From a@example.com  Fri Nov 20 12:00 2026\r\n", NOON),
        (b"From a@example.com Fri Nov 20 13:00:00 +0100 2026\n", NOON),  # Google Takeout
        (b"From a@example.com Fri Nov 20 13:00:00 2026 +0100\n", NOON),
        (b"From - Sun Nov  1 09:30:00 2026\n", datetime(2026, 11, 1, 9, 30, tzinfo=UTC)),  # Thunderbird
        (b"From - Thu Jan  1 00:00:00 1970\n", None),
        (b"From a@example.com Fri Nov 31 12:00:00 2026\n", None),
        (b"From a@example.com\n", None),
    ],
)
def test_the_date_in_a_from_line(line: bytes, expected: datetime | None) -> None:
    assert date_of(line) == expected


def test_a_mail_is_received_when_its_from_line_says_but_never_later_than_now(tmp_path: Path) -> None:
    path = tmp_path / "box"
    later = datetime.now(UTC) + timedelta(days=2)
    path.write_bytes(entry(bounce(1)) + entry(bounce(2), later))
    session = session_of(path)
    first, second = (session.fetch(listed).received_time for listed in session.waiting(0))
    assert first == NOON
    assert NOON < second <= datetime.now(UTC)


def test_without_a_date_it_is_when_the_file_was_written(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(b"From - Thu Jan  1 00:00:00 1970\n" + bounce(1))
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    session = session_of(path)
    (listed,) = session.waiting(0)
    assert session.fetch(listed).received_time == NOON


def test_a_mail_beyond_the_limit_is_cut_and_said_to_be(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox_session, "MAX_READ", 501)
    session = session_of(box)
    found = [session.fetch(listed) for listed in session.waiting(0)]
    assert [mail.is_whole for mail in found] == [len(raw) + 1 <= 500 for raw in MAILS]
    assert max(len(mail.raw) for mail in found) <= 501


LOCKING = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_delivery_to_the_file_is_waited_for_and_not_for_ever(box: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox_session, "LOCK_SECONDS", 0.2)
    with subprocess.Popen(
        [sys.executable, "-c", LOCKING, str(box)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as delivery:
        assert delivery.stdout is not None
        delivery.stdout.readline()
        with pytest.raises(CommandError, match="is locked by another program"):
            Mbox(str(box))
        assert delivery.stdin is not None
        delivery.stdin.close()
    Mbox(str(box))


def test_it_keeps_no_lock_that_would_keep_mails_out(box: Path) -> None:
    mailbox = Mbox(str(box))
    trying = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    subprocess.run([sys.executable, "-c", trying, str(box)], check=True)
    assert fcntl.fcntl(mailbox.descriptor, fcntl.F_GETFD) == fcntl.FD_CLOEXEC
