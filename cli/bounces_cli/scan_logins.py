"""How `bounces scan` gets into a mailbox on a server: by what is in files, variables, secrets or asked for.

Never by an argument: every user of a machine sees those in its list of processes.
"""

from __future__ import annotations

import argparse
import getpass
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from bounces.mailbox.mailboxes import Credential, Filing, Folders, Mailbox, Password, Protocol, Security
from bounces_cli.errors import CommandError, reason_of
from bounces_cli.operators import talking_to

PASSWORD_VARIABLE: Final = "BOUNCES_MAILBOX_PASSWORD"  # noqa: S105  the variable's name
MAX_FILE: Final = 64 * 1024
"""Bytes of a file with a password, settings or certificates."""
MAX_PASSWORD: Final = 4096


def login_of(arguments: argparse.Namespace) -> tuple[Mailbox, Credential]:
    """Return the mailbox that `arguments` name and what logs in to it. Raises `CommandError`, or `SettingError`."""
    if arguments.secret is not None or arguments.settings is not None:
        return _described(arguments)
    from bounces.mailbox.urls import mailbox_of_url

    mailbox = mailbox_of_url(
        arguments.mailbox,
        security=None if arguments.security is None else Security(arguments.security),
        ca=None if arguments.ca is None else read_bounded(arguments.ca),
    )
    mailbox = _as_wished(mailbox, arguments)
    return mailbox, Password(password_of(arguments, mailbox))


def _described(arguments: argparse.Namespace) -> tuple[Mailbox, Credential]:
    """Return what a secret or a file in its form says, with what `arguments` say otherwise."""
    for name in ("mailbox", "security", "ca"):
        if getattr(arguments, name) is not None:
            what = "the URL" if name == "mailbox" else f"--{name}"
            raise CommandError(f"{what} is left out with --secret and --settings, which say it")
    if arguments.secret is not None:
        from bounces.aws import mailbox_secrets

        with talking_to(arguments.secret):
            mailbox, credential = mailbox_secrets.fetch(arguments.secret)
    else:
        from bounces.mailbox.settings import read_mailbox

        mailbox, credential = read_mailbox(read_private(arguments.settings))
    return _as_wished(mailbox, arguments), credential


def _as_wished(mailbox: Mailbox, arguments: argparse.Namespace) -> Mailbox:
    """Return `mailbox` with the folders and the filing that `arguments` ask for. Raises `SettingError`."""
    from bounces.mailbox.settings import check

    folders = Folders(
        arguments.processed or mailbox.folders.processed,
        arguments.unrecognised or mailbox.folders.unrecognised,
        arguments.failed or mailbox.folders.failed,
    )
    if arguments.folder is not None and mailbox.protocol is Protocol.POP3:
        raise CommandError("--folder is for IMAP: POP3 has no folders")
    wished = replace(
        mailbox, folder=arguments.folder or mailbox.folder, folders=folders, filing=_filing(mailbox, arguments)
    )
    check(wished)
    return wished


def _filing(mailbox: Mailbox, arguments: argparse.Namespace) -> Filing:
    """Return what is done with mails that are safe. Nothing, unless it is asked for, where only a list is written."""
    if arguments.filing is not None:
        return Filing(arguments.filing)
    return mailbox.filing if arguments.stack is not None else Filing.LEAVE


def password_of(arguments: argparse.Namespace, mailbox: Mailbox, environment: Mapping[str, str] = os.environ) -> str:
    """Return the password from the file or the variable that `arguments` name, else as somebody types it.

    Raises `CommandError`, and never shows it.
    """
    if arguments.password_file is not None:
        return _checked(_first_line(arguments.password_file), arguments.password_file)
    variable = arguments.password_env or PASSWORD_VARIABLE
    if variable in environment:
        return _checked(environment[variable], f"the variable {variable}")
    if arguments.password_env is None and sys.stdin.isatty() and sys.stderr.isatty():
        return _checked(
            getpass.getpass(f"Password of {mailbox.user} at {mailbox.host}: ", sys.stderr), "what was typed"
        )
    raise CommandError(
        f"there is no password for {mailbox.name}: put it into a file (--password-file FILE) or into the variable "
        f"{variable}; --secret ARN and --settings FILE are for OAuth 2 as well"
    )


def _first_line(path: str) -> str:
    text = read_private(path)
    return text.partition("\n")[0].removesuffix("\r")


def read_private(path: str) -> str:
    """Return the text of a file that nobody else should read; say so on standard error where others may.

    Raises `CommandError`, which shows nothing of it.
    """
    text = read_bounded(path)
    mode = Path(path).stat().st_mode
    if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        print(f"bounces: {path} can be read by others on this machine; chmod 600 {path}", file=sys.stderr)
    return text


def read_bounded(path: str) -> str:
    """Return the text of the small file `path`. Raises `CommandError`, which shows nothing of it."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}") from error
    if len(raw) > MAX_FILE:
        raise CommandError(
            f"{path} has more than {MAX_FILE} bytes, which is more than is ever needed; is it this file?"
        )
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not UTF-8") from None  # the error has the bytes


def _checked(password: str, where: str) -> str:
    if not password:
        raise CommandError(f"{where} holds no password")
    if len(password) > MAX_PASSWORD or any(character in password for character in "\r\n\0"):
        raise CommandError(f"{where} holds no password: it is one line of at most {MAX_PASSWORD} characters")
    return password
