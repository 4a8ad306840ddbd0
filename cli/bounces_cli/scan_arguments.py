"""The arguments of `bounces scan`. What it needs is imported when it runs."""

from __future__ import annotations

import argparse
import os

MAX_DIGITS = 12


def add_to(scan: argparse.ArgumentParser) -> None:
    """Add its arguments to the parser of the verb `scan`."""
    scan.add_argument(
        "mailbox",
        nargs="?",
        type=os.fspath,
        metavar="MAILBOX",
        help="imap://USER@HOST/FOLDER, pop3://USER@HOST, an mbox, a Maildir, a mail or a folder of mails",
    )
    _destination(scan.add_argument_group("where its mails go (one of these)"))
    _login(scan.add_argument_group("how to get into a mailbox on a server"))
    _filing(scan.add_argument_group("what is done there with a mail that is safe"))
    scan.add_argument("--limit", type=_count, metavar="N", help="take at most so many mails")
    scan.add_argument("--seconds", type=_seconds, metavar="N", help="begin no further mail after so many seconds")
    scan.add_argument("--again", action="store_true", help="take all mails, also those that were taken before")
    scan.add_argument(
        "--state", type=os.fspath, metavar="FOLDER", help="where it is kept how far files, and lists, are scanned"
    )
    scan.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON a mail, and one at the end")
    scan.set_defaults(run=_scan)


def _destination(group: argparse._ArgumentGroup) -> None:
    where = group.add_mutually_exclusive_group(required=True)
    where.add_argument("--stack", metavar="NAME", help="into a stack, where they take effect like those of SES")
    where.add_argument(
        "--out", type=os.fspath, metavar="FILE", help="who bounced hard, to a list (CSV) for import elsewhere"
    )
    where.add_argument("--dry-run", action="store_true", help="nowhere: say what they are and what would be done")
    group.add_argument(
        "--patterns", type=os.fspath, metavar="FILE", help="operator's patterns to judge by (default: the stack's)"
    )


def _login(group: argparse._ArgumentGroup) -> None:
    secret = group.add_mutually_exclusive_group()
    secret.add_argument("--password-file", type=os.fspath, metavar="FILE", help="a file with the password")
    secret.add_argument("--password-env", metavar="NAME", help="the variable with it (BOUNCES_MAILBOX_PASSWORD)")
    secret.add_argument("--secret", metavar="ARN", help="a secret as the function reads it, in the place of MAILBOX")
    secret.add_argument(
        "--settings", type=os.fspath, metavar="FILE", help="a file with the JSON of such a secret, likewise"
    )
    group.add_argument("--security", choices=("tls", "starttls"), help="what protects it (as the URL says, else tls)")
    group.add_argument(
        "--ca", type=os.fspath, metavar="FILE", help="certificates (PEM) to trust in the place of the system's"
    )
    group.add_argument("--folder", metavar="NAME", help="the folder of IMAP, if the URL does not name it (INBOX)")


def _filing(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--filing",
        choices=("move", "flag", "leave", "delete"),
        help="move to a folder, flag, leave, or delete what was understood (default: with --stack and IMAP move, "
        "else leave)",
    )
    for place in ("processed", "unrecognised", "failed"):
        group.add_argument(
            f"--{place}", metavar="NAME", help=f"the folder of what is {place} ({place.capitalize()}), made if missing"
        )


def _scan(arguments: argparse.Namespace) -> int:
    from bounces_cli.scan_run import run

    return run(arguments)


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds
