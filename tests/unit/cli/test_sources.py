"""Which mails a path names: files, folders, mbox files and Maildirs."""

import tracemalloc
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from bounces_cli import sources
from bounces_cli.errors import CommandError
from bounces_cli.problems import Problems
from bounces_cli.sources import check, mails, places

LINE = b"From s@example.com Thu Jan  1 00:00:00 2026\n"
ONE = b"Subject: one\n\n1\n"
TWO = b"Subject: two\n\n2\n"


def _found(*paths: Path) -> dict[str, bytes]:
    return dict(_mails(*paths))


def _mails(*paths: Path) -> Iterator[tuple[str, bytes]]:
    return chain.from_iterable(map(mails, places([str(path) for path in paths], Problems())))


def test_a_folder_gives_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in (
        "b.eml",
        "a/z.eml",
        "a.eml",
        ".hidden",
        "a/.hidden",
        "dovecot.index",
        "x.lock",
        "dovecot-lda.eml",
        "tmp/kept.eml",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    expected = ["a/z.eml", "a.eml", "b.eml", "dovecot-lda.eml", "tmp/kept.eml"]
    assert list(_found(tmp_path)) == [str(tmp_path / name) for name in expected]


def test_a_path_is_shown_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.eml").write_bytes(ONE)
    monkeypatch.chdir(tmp_path)
    assert [place.source for place in places(["./in", "in/a.eml"], Problems())] == ["./in/a.eml", "in/a.eml"]


def test_a_maildir_gives_what_is_delivered_and_not_what_is_being_written(tmp_path: Path) -> None:
    for name in ("new/1", "cur/2:2,S", "tmp/3", "dovecot-uidlist"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert list(_found(tmp_path).values()) == [b"new/1", b"cur/2:2,S"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_gives_its_mails_numbered(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "box"
    path.write_bytes((LINE + ONE + b"\n" + LINE + TWO).replace(b"\n", end))
    found = _found(path)
    assert list(found) == [f"{path}#1", f"{path}#2"]
    assert [raw.split() for raw in found.values()] == [ONE.split(), TWO.split()]


@pytest.mark.parametrize(("name", "source"), [("a.eml", ""), ("a.mbox", "#1")])
def test_one_mail_after_a_from_line_is_an_mbox_by_its_name_only(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / name
    path.write_bytes(LINE + ONE)
    assert list(_found(path)) == [f"{path}{source}"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"From here on all is well.\n", id="no date"),
        pytest.param(b"x\n" + LINE, id="not after a blank line"),
        pytest.param(b">" + LINE, id="quoted"),
        pytest.param(b"From " + b"x" * 600 + b" Thu Jan  1 00:00:00 2026\n", id="too long"),
    ],
)
def test_a_line_of_text_that_begins_with_from_parts_no_mail(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "box"
    path.write_bytes(LINE + ONE + b"\n" + text + b"\n" + LINE + TWO)
    assert len(_found(path)) == 2


def test_the_quoting_of_from_is_taken_off_once(tmp_path: Path) -> None:
    path = tmp_path / "box.mbox"
    path.write_bytes(LINE + ONE + b">From a\n>>From b\n> From c\n")
    assert list(_found(path).values()) == [ONE + b"From a\n>From b\n> From c\n"]


@pytest.mark.parametrize("small", [0, 1 << 20])
@pytest.mark.parametrize("block", range(1, 140, 7))
def test_from_lines_are_found_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, small: int
) -> None:
    monkeypatch.setattr(sources, "_BLOCK", block)
    monkeypatch.setattr(sources, "_SMALL", small)
    path = tmp_path / "box"
    written = [b"Subject: %d\n\n%b\n" % (n, b"y" * n) for n in range(9)]
    path.write_bytes(b"\n".join(LINE + mail for mail in written))
    assert [raw.rstrip() for raw in _found(path).values()] == [mail.rstrip() for mail in written]


def test_a_large_mbox_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "box"
    with path.open("wb") as file:
        for number in range(24):
            file.write(LINE + b"Subject: %d\n\n" % number + b"text of a line\n" * 70_000 + b"\n")
    tracemalloc.start()
    try:
        sizes = [len(raw) for _, raw in _mails(path)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(sizes) == 24
    assert path.stat().st_size > 24 << 20
    assert peak < 6 << 20


def test_a_file_beyond_all_measure_is_read_in_part(tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    with path.open("wb") as file:
        file.truncate(1 << 36)  # of which the disk holds nothing
    assert [len(raw) for _, raw in _mails(path)] == [sources.MAX_READ]


def test_what_is_neither_file_nor_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere: No such file or directory"):
        check([str(tmp_path), str(tmp_path / "nowhere")])
    with pytest.raises(CommandError, match="/dev/null: neither a file nor a folder"):
        check(["/dev/null"])


def test_a_folder_without_mails_and_a_file_that_is_gone_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = Problems()
    (tmp_path / "empty").mkdir()
    assert list(places([str(tmp_path / "empty"), str(tmp_path / "gone")], problems)) == []
    assert problems.count == 1
    assert "empty: nothing in it to read" in capsys.readouterr().err
