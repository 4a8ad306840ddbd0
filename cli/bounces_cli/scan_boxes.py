"""The mailbox that `bounces scan` is given: on a server, or files of this machine."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bounces.errors import SettingError
from bounces.mailbox.mailboxes import Filing, Folders
from bounces.mailbox.ports import Session
from bounces_cli import sources
from bounces_cli.errors import CommandError
from bounces_cli.file_sessions import FilesSession, MaildirSession
from bounces_cli.mbox_session import Mbox, MboxSession
from bounces_cli.problems import Problems
from bounces_cli.scan_logins import login_of

SERVER_OPTIONS: Final = (
    *("password_file", "password_env", "security", "ca", "folder"),
    *("processed", "unrecognised", "failed"),
)
"""What can be said of a mailbox on a server only."""

DEFAULT_FOLDERS: Final = Folders()


@dataclass(frozen=True, slots=True)
class Box:
    """A mailbox: its name for people, the name its state has, how it is opened, and what is done with its mails.

    `paths` are its files. `witness` digests it up to a number, where it has numbers and no server that stands for them.
    """

    name: str
    key: str
    open_session: Callable[[], Session]
    filing: Filing = Filing.LEAVE
    folders: Folders = DEFAULT_FOLDERS
    paths: tuple[str, ...] = ()
    witness: Callable[[int], str] | None = None

    @property
    def is_remote(self) -> bool:
        """Whether it is on a server."""
        return not self.paths


@contextmanager
def box_of(arguments: argparse.Namespace, problems: Problems) -> Iterator[Box]:
    """Yield the mailbox that `arguments` name. Raises `CommandError`.

    What of its files cannot be read is added to `problems`.
    """
    text = arguments.mailbox
    if text is None and arguments.secret is None and arguments.settings is None:
        raise CommandError(
            "which mailbox? imap://USER@HOST/FOLDER, pop3://USER@HOST, a file, a folder, or --secret ARN"
        )
    if text is None or "://" in text:
        yield _on_server(arguments)
        return
    if arguments.secret is not None or arguments.settings is not None:
        raise CommandError(f"{text} is left out with --secret and --settings, which say which mailbox it is")
    _refuse_server_options(arguments)
    sources.check([text])
    real = str(Path(text).resolve())
    if sources.is_maildir(text):
        yield Box(text, f"maildir:{real}", lambda: MaildirSession(text), paths=(text,))
    elif Path(text).is_file() and sources.begins_as_mbox(text):
        mbox = Mbox(text)
        try:
            yield Box(text, f"file:{real}", lambda: MboxSession(mbox), paths=(text,), witness=mbox.digest_up_to)
        finally:
            mbox.close()
    else:
        yield Box(text, f"file:{real}", lambda: FilesSession(text, problems), paths=(text,))


def _on_server(arguments: argparse.Namespace) -> Box:
    from bounces.mailbox.opening import open_session

    try:
        mailbox, credential = login_of(arguments)
    except SettingError as error:
        raise CommandError(str(error)) from error
    logging.basicConfig(format="bounces: %(message)s", level=logging.WARNING)  # that a server is tried again
    opened = mailbox if not arguments.dry_run else replace(mailbox, filing=Filing.LEAVE)
    return Box(mailbox.name, mailbox.name, lambda: open_session(opened, credential), mailbox.filing, mailbox.folders)


def _refuse_server_options(arguments: argparse.Namespace) -> None:
    for name in SERVER_OPTIONS:
        if getattr(arguments, name) is not None:
            raise CommandError(
                f"--{name.replace('_', '-')} is for a mailbox on a server; {arguments.mailbox} is a file"
            )
    if arguments.filing not in (None, Filing.LEAVE):
        raise CommandError(f"--filing {arguments.filing}: files are left as they are; move them when the scan is done")
