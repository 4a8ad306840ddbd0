"""How far a scan is, in a file of this machine, and the lock that keeps two scans apart."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from bounces.errors import LeaseLost, MailboxBusy
from bounces.mailbox.ports import Progress
from bounces_cli.errors import BROKEN, CommandError
from bounces_cli.file_state import FileState
from bounces_cli.other_states import Anew, NoState

NAMES = ("list:/hard.csv", "imap://u@mail.example.com:993/INBOX")


def test_a_mailbox_is_new_at_first(tmp_path: Path) -> None:
    state = FileState(tmp_path / "states", NAMES)
    assert state.acquire() == Progress()
    assert not state.was_cut_off
    assert state.known(["a"]) == frozenset()


def test_the_next_scan_has_what_was_kept(tmp_path: Path) -> None:
    first = FileState(tmp_path, NAMES)
    first.acquire()
    first.remember(["a", "b"])
    first.remember(["b", "c"])
    first.keep(Progress("7", 1 << 40, (3, 1 << 39)))
    first.release(is_clean=True)
    second = FileState(tmp_path, NAMES)
    assert second.acquire() == Progress("7", 1 << 40, (3, 1 << 39))
    assert second.known(["a", "c", "d"]) == {"a", "c"}
    assert not second.was_cut_off


def test_another_mailbox_or_another_place_has_a_state_of_its_own(tmp_path: Path) -> None:
    first = FileState(tmp_path, NAMES)
    first.acquire()
    first.keep(Progress("7", 9))
    first.remember(["a"])
    for names in ((NAMES[0], "pop3://u@mail.example.com:995"), ("list:/other.csv", NAMES[1])):
        other = FileState(tmp_path, names)
        assert other.acquire() == Progress()
        assert other.known(["a"]) == frozenset()


@pytest.mark.parametrize("how", ["unclean", "killed"])
def test_a_scan_that_was_cut_off_is_known(tmp_path: Path, how: str) -> None:
    if how == "unclean":
        state = FileState(tmp_path, NAMES)
        state.acquire()
        state.release(is_clean=False)
    else:
        _killed_with_lock(tmp_path)
    state = FileState(tmp_path, NAMES)
    state.acquire()
    assert state.was_cut_off
    state.release(is_clean=True)
    state.acquire()
    assert not state.was_cut_off


def test_two_scans_of_one_mailbox_never_overlap(tmp_path: Path) -> None:
    first, second = FileState(tmp_path, NAMES), FileState(tmp_path, NAMES)
    first.acquire()
    with pytest.raises(MailboxBusy, match=r"imap://u@mail\.example\.com:993/INBOX is being scanned by another"):
        second.acquire()
    second.release(is_clean=True)
    with pytest.raises(MailboxBusy):
        second.acquire()
    first.release(is_clean=True)
    second.acquire()


def test_who_lost_the_lock_keeps_nothing(tmp_path: Path) -> None:
    first = FileState(tmp_path, NAMES)
    first.acquire()
    first.renew()
    (lock,) = tmp_path.glob("*.lock")
    lock.unlink()
    second = FileState(tmp_path, NAMES)
    second.acquire()
    for doing in (first.renew, lambda: first.keep(Progress("7", 9))):
        with pytest.raises(LeaseLost):
            doing()
    first.release(is_clean=True)
    second.renew()


def test_progress_holds_only_while_the_witness_says_the_same(tmp_path: Path) -> None:
    content = {"7": "a"}
    state = FileState(tmp_path, NAMES, lambda done: content[str(done)])
    state.acquire()
    state.keep(Progress("e", 7))
    state.release(is_clean=True)
    assert state.acquire() == Progress("e", 7)
    state.release(is_clean=True)
    content["7"] = "b"
    assert state.acquire() == Progress()


def test_a_million_marks_cost_no_memory(tmp_path: Path) -> None:
    state = FileState(tmp_path, NAMES)
    state.acquire()
    for begin in range(0, 200_000, 1_000):
        state.remember([f"mail:{number:064x}" for number in range(begin, begin + 1_000)])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    state.remember([f"mail:{number:064x}" for number in range(200_000, 201_000)])
    assert len(state.known([f"mail:{number:064x}" for number in range(100_000, 301_000, 100)])) == 1_010
    assert tracemalloc.get_traced_memory()[0] - before < 1 << 20
    tracemalloc.stop()


def test_a_damaged_state_is_said_with_what_to_do(tmp_path: Path) -> None:
    state = FileState(tmp_path, NAMES)
    state.path.write_bytes(b"this is no database of SQLite, but long enough to be taken for one" * 100)
    with pytest.raises(CommandError, match=r"is damaged .* remove it") as raised:
        state.acquire()
    assert raised.value.code == BROKEN


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="--state FOLDER keeps it elsewhere"):
        FileState(tmp_path / "file" / "states", NAMES)


def test_only_its_owner_reads_a_state(tmp_path: Path) -> None:
    place = tmp_path / "states"
    state = FileState(place, NAMES)
    state.acquire()
    assert place.stat().st_mode & 0o077 == 0
    assert state.path.stat().st_mode & 0o077 == 0


def test_a_scan_that_begins_anew_is_kept_from_there_on(tmp_path: Path) -> None:
    state = FileState(tmp_path, NAMES)
    state.acquire()
    state.remember(["a"])
    state.keep(Progress("7", 9))
    state.release(is_clean=False)
    anew = Anew(state)
    assert anew.acquire() == Progress()
    assert anew.was_cut_off
    assert anew.known(["a"]) == frozenset()
    anew.renew()
    anew.remember(["b"])
    anew.keep(Progress("7", 4))
    anew.release(is_clean=True)
    assert state.acquire() == Progress("7", 4)
    assert state.known(["a", "b"]) == {"a", "b"}


def test_a_dry_run_keeps_nothing() -> None:
    state = NoState()
    state.acquire()
    state.remember(["a"])
    state.keep(Progress("7", 9))
    state.renew()
    state.release(is_clean=True)
    assert state.acquire() == Progress()
    assert state.known(["a"]) == frozenset()


HOLDING = """
import sys, time
from pathlib import Path
from bounces_cli.file_state import FileState
FileState(Path(sys.argv[1]), tuple(sys.argv[2:])).acquire()
print("acquired", flush=True)
time.sleep(600)
"""


def _killed_with_lock(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDING, str(place), *NAMES], stdout=subprocess.PIPE) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == b"acquired\n"
        holding.kill()
