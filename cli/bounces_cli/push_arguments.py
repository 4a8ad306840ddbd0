"""The arguments of `bounces push` and of its own verbs. What they need is imported when one of them runs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

INTEGRATION = "integration"
ROTATE = "rotate-token"
OWN_VERBS = (INTEGRATION, ROTATE)


def add_to(push: argparse.ArgumentParser, rest: Sequence[str]) -> None:
    """Add the arguments of `bounces push REST...` to its parser: its own verbs', or those of sending files."""
    if rest[:1] and rest[0] in OWN_VERBS:
        own = push.add_subparsers(title="verbs", metavar="VERB", required=True)
        _integration(own.add_parser(INTEGRATION, help="print the configuration that sends records by itself"))
        _rotate(own.add_parser(ROTATE, help="make a new token, and keep the one before valid"))
        return
    push.add_argument(
        "paths", nargs="+", type=os.fspath, metavar="FILE", help="accounting files or JSON lines, plain or .gz; folders"
    )
    _door(push, is_needed=True)
    push.add_argument("--token-file", type=os.fspath, metavar="FILE", help="a file with the token")
    push.add_argument("--token-env", metavar="NAME", help="the variable with the token (BOUNCES_PUSH_TOKEN)")
    push.add_argument("--mta", choices=("powermta", "kumomta"), help="whose files they are (default: as they look)")
    push.add_argument("--again", action="store_true", help="send all of a file, also what was sent before")
    push.add_argument("--state", type=os.fspath, metavar="FOLDER", help="where it is kept how far files were sent")
    push.add_argument("--patience", type=float, default=600.0, metavar="SECONDS", help="how long to try (600)")
    push.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON a file")
    push.epilog = f"Verbs of its own: bounces push {INTEGRATION}, bounces push {ROTATE}; each with --help."
    push.set_defaults(run=_push)


def _door(parser: argparse.ArgumentParser, *, is_needed: bool) -> None:
    where = parser.add_mutually_exclusive_group(required=is_needed)
    where.add_argument("--to", metavar="URL", help="the stack's address")
    where.add_argument("--stack", metavar="NAME", help="the stack, whose output PushUrl has its address")


def _integration(parser: argparse.ArgumentParser) -> None:
    parser.description = "Print the files that make an MTA send its records, filled in with the stack's address."
    parser.add_argument("--mta", required=True, choices=("powermta", "kumomta"), help="which MTA")
    parser.add_argument("--shipper", choices=("logstash", "syslog-ng"), help="what sends PowerMTA's files")
    _door(parser, is_needed=True)
    parser.add_argument("--out", type=os.fspath, metavar="FOLDER", help="write the files there (default: print them)")
    parser.add_argument(
        "--folder", type=os.fspath, metavar="PATH", help="where PowerMTA writes the files that are sent"
    )
    parser.add_argument("--deliveries", action="store_true", help="send deliveries as well: they end counts")
    parser.add_argument("--token-env", metavar="NAME", help="the name of the token in Logstash's keystore")
    parser.add_argument(
        "--token-file", type=os.fspath, metavar="PATH", help="where syslog-ng or KumoMTA finds the token"
    )
    parser.set_defaults(run=_make)


def _rotate(parser: argparse.ArgumentParser) -> None:
    parser.description = "Make a new token; the one before stays valid until --finish."
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stack", metavar="NAME", help="the stack whose token it is")
    which.add_argument("--secret", metavar="ARN", help="the secret itself")
    parser.add_argument("--finish", action="store_true", help="every sender has the new token: end the old one")
    parser.add_argument(
        "--out", type=os.fspath, metavar="FILE", help="write the new token to FILE, for its owner alone"
    )
    parser.set_defaults(run=_rotated)


def _push(arguments: argparse.Namespace) -> int:
    from bounces_cli.push_run import run

    return run(arguments)


def _make(arguments: argparse.Namespace) -> int:
    from bounces_cli.push_integration import run

    return run(arguments)


def _rotated(arguments: argparse.Namespace) -> int:
    from bounces_cli.push_rotate import run

    return run(arguments)
