"""How a scan gets into a mailbox: where passwords come from, and that none is shown."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bounces.errors import SettingError
from bounces.mailbox.mailboxes import Credential, Filing, Mailbox, Password, RefreshToken
from bounces_cli import scan_arguments, scan_logins
from bounces_cli.errors import USAGE, CommandError
from bounces_cli.main import main
from bounces_cli.scan_logins import login_of

URL = "imap://bounces%40example.com@mail.example.com/INBOX"
SECRET = "s3cret, with a space"

Login = Callable[..., tuple[Mailbox, Credential]]


def given(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    scan_arguments.add_to(parser)
    return parser.parse_args(arguments)


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Login:
    monkeypatch.delenv("BOUNCES_MAILBOX_PASSWORD", raising=False)
    return lambda *arguments: login_of(given(*map(str, arguments)))


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


def test_a_password_comes_from_a_file(login: Login, secret_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mailbox, credential = login(URL, "--dry-run", "--password-file", secret_file)
    assert credential == Password(SECRET)
    assert (mailbox.user, mailbox.host, mailbox.port, mailbox.folder) == (
        "bounces@example.com", "mail.example.com", 993, "INBOX"
    )  # fmt: skip
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", [None, "MY_PASSWORD"])
def test_or_from_a_variable(login: Login, monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    monkeypatch.setenv(name or "BOUNCES_MAILBOX_PASSWORD", SECRET)
    assert login(URL, "--dry-run", *(["--password-env", name] if name else []))[1] == Password(SECRET)


def test_or_somebody_types_it(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def typed(prompt: str, stream: Any) -> str:
        asked.append(prompt)
        return SECRET

    monkeypatch.setattr(scan_logins.getpass, "getpass", typed)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert login(URL, "--dry-run")[1] == Password(SECRET)
    assert asked == ["Password of bounces@example.com at mail.example.com: "]


@pytest.mark.parametrize("name", [None, "MY_PASSWORD"])
def test_without_one_it_is_said_where_to_put_it(login: Login, name: str | None) -> None:
    with pytest.raises(CommandError, match=f"--password-file FILE.* or into the variable {name or 'BOUNCES_MAILBOX_'}"):
        login(URL, "--dry-run", *(["--password-env", name] if name else []))


@pytest.mark.parametrize("content", [b"", b"\n", b"a" * 5000, b"\xff\xfe" + SECRET.encode(), b"x" * 70_000, b"\0" * 9])
def test_a_file_without_a_password_is_refused_and_not_shown(login: Login, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(CommandError) as raised:
        login(URL, "--dry-run", "--password-file", path)
    assert str(path) in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "aaaa" not in str(raised.value)


def test_who_keeps_a_password_where_others_read_it_is_told(
    login: Login, secret_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret_file.chmod(0o644)
    login(URL, "--dry-run", "--password-file", secret_file)
    assert capsys.readouterr().err == (
        f"bounces: {secret_file} can be read by others on this machine; chmod 600 {secret_file}\n"
    )


def test_a_password_in_the_url_is_refused_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "imap://bounces:hunter2@mail.example.com/INBOX", "--dry-run"]) == USAGE
    said = capsys.readouterr()
    assert "holds a password" in said.err
    assert "hunter2" not in said.err + said.out


@pytest.mark.parametrize(
    ("arguments", "filing"),
    [
        (["--stack", "s"], Filing.MOVE),
        (["--out", "hard.csv"], Filing.LEAVE),
        (["--dry-run"], Filing.LEAVE),
        (["--dry-run", "--filing", "move"], Filing.MOVE),
        (["--stack", "s", "--filing", "delete"], Filing.DELETE),
    ],
)
def test_mails_are_moved_only_where_they_take_effect_or_somebody_says_so(
    login: Login, secret_file: Path, arguments: list[str], filing: Filing
) -> None:
    assert login(URL, *arguments, "--password-file", secret_file)[0].filing is filing


def test_by_pop3_they_are_left(login: Login, secret_file: Path) -> None:
    url = "pop3://bounces@mail.example.com"
    assert login(url, "--stack", "s", "--password-file", secret_file)[0].filing is Filing.LEAVE
    with pytest.raises(SettingError, match="POP3 cannot do"):
        login(url, "--stack", "s", "--password-file", secret_file, "--filing", "move")
    with pytest.raises(CommandError, match="POP3 has no folders"):
        login(url, "--stack", "s", "--password-file", secret_file, "--folder", "Bounces")


def test_folders_and_security_are_as_the_arguments_say(login: Login, secret_file: Path) -> None:
    names = ["--folder", "Bounces", "--processed", "Done", "--unrecognised", "Odd", "--failed", "Bad"]
    mailbox, _ = login(URL, "--stack", "s", "--password-file", secret_file, *names, "--security", "starttls")
    assert mailbox.folder == "Bounces"
    folders = mailbox.folders
    assert (folders.processed, folders.unrecognised, folders.failed) == ("Done", "Odd", "Bad")
    assert (mailbox.security, mailbox.port) == ("starttls", 143)


def test_a_folder_that_mails_are_moved_to_is_not_the_one_that_is_scanned(login: Login, secret_file: Path) -> None:
    with pytest.raises(SettingError, match="the folder that is scanned"):
        login(URL, "--stack", "s", "--password-file", secret_file, "--folder", "Processed")


def test_settings_in_a_file_are_those_of_a_secret(
    login: Login, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mailbox.json"
    oauth = {"provider": "google", "client_id": "c", "client_secret": "d", "refresh_token": SECRET}
    path.write_text(json.dumps({"user": "bounces@example.com", "oauth": oauth}))
    path.chmod(0o640)
    mailbox, credential = login("--stack", "s", "--settings", path, "--folder", "Bounces")
    assert isinstance(credential, RefreshToken)
    assert credential.refresh_token == SECRET
    assert (mailbox.user, mailbox.folder, mailbox.filing) == ("bounces@example.com", "Bounces", Filing.MOVE)
    said = capsys.readouterr()
    assert "can be read by others" in said.err
    assert SECRET not in said.err + said.out


@pytest.mark.parametrize("other", [URL, "--security=tls", "--ca=ca.pem"])
def test_what_settings_say_is_not_said_twice(login: Login, tmp_path: Path, other: str) -> None:
    with pytest.raises(CommandError, match="left out with --secret and --settings"):
        login("--dry-run", "--settings", tmp_path / "mailbox.json", other)
