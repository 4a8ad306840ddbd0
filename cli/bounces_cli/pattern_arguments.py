"""The arguments of `bounces patterns`. What the verbs need is imported when one of them runs."""

from __future__ import annotations

import argparse
import os
from typing import Any

PATTERN = "TEXT==>Hard, TEXT==>Soft, ...: docs/patterns.md has the whole syntax"
WHICH = "a pattern's number in the list, its line, or its text"


def add_to(patterns: argparse.ArgumentParser) -> None:
    """Add its own verbs to the parser of the verb `patterns`."""
    own = patterns.add_subparsers(title="verbs", metavar="VERB", required=True, dest="verb")

    _json(_verb(own, "list", "show the patterns with their numbers"))

    add = _verb(own, "add", "add patterns, behind the others")
    add.add_argument("lines", nargs="+", metavar="PATTERN", help=PATTERN)
    add.add_argument("--at", type=int, metavar="NUMBER", help="before the pattern NUMBER: the first that matches wins")
    _saving(add)
    for name, help_text in (
        ("remove", "take patterns out"),
        ("enable", "switch patterns on"),
        ("disable", "switch patterns off, and keep them"),
    ):
        which = _verb(own, name, help_text)
        which.add_argument("which", nargs="+", metavar="PATTERN", help=WHICH)
        _saving(which)

    imports = _verb(own, "import", "put the patterns of a file in the place of those that are there")
    imports.add_argument(
        "source", type=os.fspath, metavar="FILE", help="a set as export writes it; - is standard input"
    )
    _json(imports, "FILE is JSON (default: if named .json)")
    _saving(imports)

    export = _verb(own, "export", "write the set to standard output, to the letter")
    _json(export)
    export.add_argument("--version", type=int, metavar="NUMBER", help="an earlier version of the table")

    test = _verb(own, "test", "show which verdicts patterns would change; nothing is saved")
    test.add_argument("lines", nargs="*", metavar="PATTERN", help=PATTERN)
    test.add_argument("--set", type=os.fspath, metavar="FILE", help="a whole set in the place of the one that is there")
    test.add_argument("--policy", type=os.fspath, metavar="FILE", help="a policy in the place of the one that is there")
    test.add_argument("--at", type=int, metavar="NUMBER", help="as of add")
    _json(test, "one line of JSON a change")
    _given(test)

    _json(_verb(own, "versions", "show every version of the table"), "one line of JSON a version")

    rollback = _verb(own, "rollback", "have an earlier version hold again")
    rollback.add_argument("version", type=int, metavar="VERSION", help="its number; 0 is the empty set")
    _saving(rollback)

    policy = _verb(own, "policy", "show or set what the categories do; it is saved with the patterns")
    policy.add_argument(
        "source", nargs="?", type=os.fspath, metavar="FILE", help="TOML in the form of policy.toml, what differs only"
    )
    policy.add_argument("--default", action="store_true", help="go back to the built-in policy")
    _saving(policy)


def add_origin(parser: argparse.ArgumentParser) -> None:
    """Add what a bare diagnostic does not say and a pattern's scope asks for."""
    parser.add_argument("--recipient", metavar="ADDRESS", help="whom the diagnostics are about, for patterns' scopes")
    parser.add_argument("--remote-mta", metavar="HOST", help="the host that wrote them, likewise")


def _verb(own: Any, name: str, help_text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = own.add_parser(name, help=help_text, description=f"{help_text.capitalize()}.")
    where = parser.add_argument_group("which set").add_mutually_exclusive_group()
    where.add_argument("--file", type=os.fspath, metavar="PATH", help="a set in a file: text, or JSON if named .json")
    where.add_argument("--table", metavar="NAME", help="the table of a stack (default: BOUNCES_PATTERNS_TABLE)")
    where.add_argument("--stack", metavar="NAME", help="the stack whose table it is")
    parser.set_defaults(run=_patterns, author=None, why=None, base=None, yes=False)
    return parser


def _json(parser: argparse.ArgumentParser, help_text: str = "as JSON") -> None:
    parser.add_argument("--json", action="store_true", dest="as_json", help=help_text)


def _saving(parser: argparse.ArgumentParser) -> None:
    saving = parser.add_argument_group("saving")
    saving.add_argument("--why", metavar="TEXT", help="the reason, kept with the version (a table asks for it)")
    saving.add_argument("--author", metavar="NAME", help="who edits (default: the user of this machine)")
    saving.add_argument("--base", type=int, metavar="NUMBER", help="save only if this version still holds")
    saving.add_argument("--yes", action="store_true", help="save what would else have to be confirmed")
    _given(parser)


def _given(parser: argparse.ArgumentParser) -> None:
    given = parser.add_argument_group("what to count and try on")
    given.add_argument(
        "--diagnostics",
        action="append",
        default=[],
        type=os.fspath,
        metavar="FILE",
        help="one a line; -: standard input",
    )
    given.add_argument("--mails", nargs="+", default=[], type=os.fspath, metavar="PATH", help="mails, as of inspect")
    add_origin(parser)


def _patterns(arguments: argparse.Namespace) -> int:
    from bounces_cli.patterns import run

    return run(arguments)
