"""`bounces scan` into the whole stack: bounces in files end in the tables, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bounces.store import State, Store
from bounces_cli.errors import BROKEN, CONFLICT, DONE
from bounces_cli.main import main
from local.deploy import STACK
from local.stack import Stack
from tests.mailbox_servers.imap import ImapServer
from tests.mailbox_servers.mails import MailStore
from tests.unit.cli.mboxes import bounce, maildir, mbox, ordinary

MAILS = [bounce(1), ordinary(2), bounce(3)]

Run = Callable[..., int]


@pytest.fixture
def run(stack: Stack, tmp_path: Path) -> Run:
    return lambda *given: main(["scan", *map(str, given), "--stack", STACK, "--state", str(tmp_path / "state")])


def test_the_bounces_of_an_mbox_take_effect_once(
    stack: Stack, store: Store, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = mbox(tmp_path / "box", MAILS)
    store.subscribe("u1@example.org", "news")
    assert run(box) == DONE
    said = capsys.readouterr().out
    assert said.startswith(f"{box}: 3 mails taken\n  reports       2 hard, 0 soft\n")  # and no line of a log
    assert stack.settle()
    for address in ("u1@example.org", "u3@example.org"):
        assert store.status(address).state is State.HARD_BOUNCED
        (past,) = store.history(address)
        assert past.source == "mailbox"
    assert [membership.is_subscribed for membership in store.memberships("u1@example.org")] == [False]
    assert run(box) == DONE
    assert "nothing new since the last time" in capsys.readouterr().out


def test_the_same_mails_from_a_maildir_change_nothing_more(
    stack: Stack, store: Store, run: Run, tmp_path: Path
) -> None:
    assert run(maildir(tmp_path / "Maildir", [*MAILS, bounce(4)])) == DONE
    assert stack.settle()
    assert store.status("u4@example.org").state is State.HARD_BOUNCED
    assert len(store.history("u1@example.org")) == 1


@pytest.fixture
def mailbox() -> Iterator[ImapServer]:
    mails = MailStore()
    for raw in (bounce(11), ordinary(12), bounce(13)):
        mails.inbox.add(raw)
    server = ImapServer(mails)
    with server.serving():
        yield server


def test_a_mailbox_on_a_server_is_worked_off_and_its_mails_are_filed(
    stack: Stack, store: Store, run: Run, mailbox: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNCES_MAILBOX_PASSWORD", mailbox.script.password)
    url = f"imap://bounces@127.0.0.1:{mailbox.port}/INBOX?security=plain"
    assert run(url, "--limit", 1) == BROKEN
    assert run(url) == DONE
    assert run(url) == DONE
    assert {name: len(folder.mails) for name, folder in mailbox.store.folders.items()} == {
        "INBOX": 0, "Processed": 2, "Unrecognised": 1
    }  # fmt: skip
    assert stack.settle()
    for address in ("u11@example.org", "u13@example.org"):
        assert store.status(address).state is State.HARD_BOUNCED
        assert len(store.history(address)) == 1


def test_the_command_and_the_function_never_scan_a_mailbox_at_once(
    stack: Stack, run: Run, mailbox: ImapServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bounces.aws.mailbox_state import TableState

    monkeypatch.setenv("BOUNCES_MAILBOX_PASSWORD", mailbox.script.password)
    name = f"imap://bounces@127.0.0.1:{mailbox.port}/INBOX"
    function = TableState(stack.deployed.outputs["MailboxesTableName"], name, "the function")
    function.acquire()
    assert run(f"{name}?security=plain") == CONFLICT
    assert name in capsys.readouterr().err
    assert len(mailbox.store.inbox.mails) == 3
    function.release(is_clean=True)
    assert run(f"{name}?security=plain") == DONE
