"""The command `bounces scan` on a mailbox on a server, by TLS, and on one that refuses."""

import csv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bounces.mailbox import opening
from bounces_cli.errors import BROKEN, DONE, USAGE
from bounces_cli.main import main
from tests.mailbox_servers import certificates
from tests.mailbox_servers.imap import ImapServer, Script
from tests.mailbox_servers.mails import MailStore
from tests.unit.cli.mboxes import bounce, ordinary

Run = Callable[..., int]

PASSWORD = "pass word"


@pytest.fixture
def store() -> MailStore:
    mails = MailStore()
    for raw in (bounce(1), ordinary(2), bounce(3)):
        mails.inbox.add(raw)
    return mails


@pytest.fixture
def server(store: MailStore, tmp_path: Path) -> Iterator[ImapServer]:
    made = certificates.make(tmp_path, "127.0.0.1")
    (tmp_path / "ca.pem").write_text(made.authority)
    server = ImapServer(store, Script(), made.server_context())
    with server.serving():
        yield server


@pytest.fixture
def run(server: ImapServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("BOUNCES_MAILBOX_PASSWORD", PASSWORD)
    url = f"imap://bounces@127.0.0.1:{server.port}/INBOX"
    return lambda *arguments: main(["scan", url, "--ca", str(tmp_path / "ca.pem"), *map(str, arguments)])


def held(store: MailStore) -> dict[str, list[tuple[bytes, frozenset[str]]]]:
    return {
        name: [(mail.raw, frozenset(mail.flags)) for mail in folder.mails] for name, folder in store.folders.items()
    }


def test_a_mailbox_becomes_a_list_and_stays_as_it_was(
    run: Run, store: MailStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(store)
    out = tmp_path / "hard.csv"
    assert run("--out", out) == DONE
    with out.open(newline="") as file:
        assert [row["address"] for row in csv.DictReader(file)] == ["u1@example.org", "u3@example.org"]
    assert held(store) == before
    assert "3 mails taken" in capsys.readouterr().out
    assert run("--out", out) == DONE
    assert "nothing new since the last time" in capsys.readouterr().out


def test_mails_are_filed_where_somebody_says_so(
    run: Run, store: MailStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", tmp_path / "hard.csv", "--filing", "move", "--processed", "Done") == DONE
    assert {name: len(folder.mails) for name, folder in store.folders.items() if folder.mails} == {
        "Done": 2, "Unrecognised": 1
    }  # fmt: skip
    assert "  processed     2 mails, moved to Done\n  unrecognised  1 mail, moved to Unrecognised\n" in (
        capsys.readouterr().out
    )


def test_a_dry_run_says_what_would_be_done_and_opens_the_folder_to_read_only(
    run: Run, store: MailStore, server: ImapServer, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(store)
    assert run("--dry-run", "--filing", "move") == DONE
    assert held(store) == before
    said = capsys.readouterr().out
    assert said.count("processed, would be moved to Processed") == 2
    assert "unrecognised, would be moved to Unrecognised" in said
    assert {name for name, folder in store.folders.items() if folder.mails} == {"INBOX"}


def test_a_login_that_is_refused_is_said_without_the_password(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOUNCES_MAILBOX_PASSWORD", "another one")
    assert run("--out", tmp_path / "hard.csv") == USAGE
    said = capsys.readouterr()
    assert "bounces@127.0.0.1" in said.err
    assert "another one" not in said.err + said.out


def test_a_folder_that_is_not_there_is_said(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--out", tmp_path / "hard.csv", "--folder", "Bounced") == USAGE
    assert "Bounced" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_said(
    run: Run, server: ImapServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "open_session", partial(opening.open_session, waits=()))
    server.shutdown()
    server.server_close()
    assert run("--out", tmp_path / "hard.csv") == BROKEN
    assert f"127.0.0.1:{server.port}" in capsys.readouterr().err
