"""The arguments of the verbs that know addresses: `suppressions`, `subscribers`, `why` and `undo`.

What the verbs need is imported when one of them runs.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

SOURCES = ("ses", "mailbox", "powermta", "kumomta", "api", "operator")
IMPORTED = "CSV with a line of names, JSON lines, or one address a line; plain or .gz; - is standard input"


def add_suppressions(parser: argparse.ArgumentParser) -> None:
    """Add its own verbs to the parser of the verb `suppressions`."""
    own = parser.add_subparsers(title="verbs", metavar="VERB", required=True, dest="verb")

    check = _verb(own, "check", "say which addresses may be mailed", _check)
    check.add_argument("addresses", nargs="*", metavar="ADDRESS", help="by default one a line on standard input")
    check.add_argument("--file", type=os.fspath, metavar="FILE", help="addresses, one a line, of any number")
    check.add_argument("--list", metavar="LIST", help="for the mails of this list (default: what holds for every list)")
    shown = check.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON an address, in order")
    shown.add_argument("--sendable", action="store_true", help="only the addresses that may be mailed, one a line")

    add = _verb(own, "add", "suppress addresses", _decide)
    add.add_argument("addresses", nargs="+", metavar="ADDRESS")
    add.add_argument("--reason", default="manual", metavar="WORD", help="what it is called in the list (manual)")
    add.add_argument(
        "--expires", metavar="DATE|DAYS", help="when it ends by itself: 2026-12-31, or 90 (default: never)"
    )
    _deciding(add)

    lift = _verb(own, "lift", "set addresses free; reports of before never suppress them again", _decide)
    lift.add_argument("addresses", nargs="*", metavar="ADDRESS", help="by default one a line on standard input")
    lift.add_argument("--file", type=os.fspath, metavar="FILE", help="addresses, one a line, of any number")
    _deciding(lift)

    imports = _verb(own, "import", "suppress the addresses of a file, or take an export back in", _import)
    _importing(imports)
    imports.add_argument("--list", metavar="LIST", help="where a row names no list (default: every list)")
    imports.add_argument("--reason", default="import", metavar="WORD", help="where a row names no reason (import)")
    imports.add_argument("--why", metavar="TEXT", help="where a row says no why")
    imports.add_argument("--author", metavar="NAME", help="who imports (default: the user of this machine)")

    export = _verb(own, "export", "write the suppressions, all or what is new", _export)
    export.add_argument("--format", choices=("csv", "json"), help="json: one line of JSON a row (default: csv)")
    export.add_argument(
        "--out", default="-", type=os.fspath, metavar="FILE", help="goes on where it was interrupted (default: print)"
    )
    export.add_argument("--since", metavar="TIME", help="only addresses of which something was written then or later")
    export.add_argument("--live-only", action="store_true", help="only what suppresses now: no lifts, nothing expired")


def add_subscribers(parser: argparse.ArgumentParser) -> None:
    """Add its own verbs to the parser of the verb `subscribers`."""
    own = parser.add_subparsers(title="verbs", metavar="VERB", required=True, dest="verb")
    imports = _verb(own, "import", "put the addresses of a file on lists", _memberships)
    _importing(imports)
    imports.add_argument("--list", metavar="LIST", help="where a row names no list")
    show = _verb(own, "show", "show where an address stands", _explain)
    show.add_argument("address", metavar="ADDRESS")
    _json(show)


def add_why(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `why` to its parser."""
    _tables(parser)
    parser.add_argument("address", metavar="ADDRESS")
    _json(parser)
    parser.set_defaults(run=_explain, verb="why")


def add_undo(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `undo` to its parser."""
    _tables(parser)
    parser.add_argument("address", nargs="?", metavar="ADDRESS", help="whose report it is")
    parser.add_argument("report", nargs="?", metavar="REPORT", help="the report's id, or how it begins")
    many = parser.add_argument_group("many reports at once, instead of ADDRESS and REPORT")
    many.add_argument("--rule", metavar="RULE", help="those that this rule decided")
    many.add_argument("--provider", metavar="NAME", help="those of this mail provider, such as google")
    many.add_argument("--source", choices=SOURCES, help="those that came this way")
    many.add_argument("--remote-mta", metavar="HOST", help="those in which this host, or one under it, answered")
    many.add_argument("--since", metavar="TIME", help="that were applied at that time or later")
    many.add_argument("--until", metavar="TIME", help="that were applied before that time")
    many.add_argument("--event-since", metavar="TIME", help="that say they happened at that time or later")
    many.add_argument("--event-until", metavar="TIME", help="that say they happened before that time")
    many.add_argument("--yes", action="store_true", help="do not ask whether the count is right")
    _saying_why(parser)
    parser.set_defaults(run=_undo)


def _verb(own: Any, name: str, help_text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = own.add_parser(name, help=help_text, description=f"{help_text.capitalize()}.")
    _tables(parser)
    parser.set_defaults(run=run)
    return parser


def _tables(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("which tables")
    where.add_argument("--stack", metavar="NAME", help="those of a deployed stack")
    where.add_argument("--subscribers-table", metavar="NAME", help="(default: BOUNCES_SUBSCRIBERS_TABLE)")
    where.add_argument("--suppressions-table", metavar="NAME", help="(default: BOUNCES_SUPPRESSIONS_TABLE)")


def _deciding(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", metavar="LIST", help="for this list only (default: for every list)")
    _saying_why(parser)


def _saying_why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason, kept with the decision")
    parser.add_argument("--author", metavar="NAME", help="who decides (default: the user of this machine)")


def _importing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=os.fspath, metavar="FILE", help=IMPORTED)
    parser.add_argument(
        "--rejects", type=os.fspath, metavar="FILE", help="where rows go that cannot be used (FILE.rejected.csv)"
    )
    parser.add_argument("--again", action="store_true", help="all of the file, also what was imported before")
    parser.add_argument(
        "--state", type=os.fspath, metavar="FOLDER", help="where it is kept how far files were imported"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask whether it is the right file")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", dest="as_json", help="as JSON")


def _check(arguments: argparse.Namespace) -> int:
    from bounces_cli.suppression_check import run

    return run(arguments)


def _decide(arguments: argparse.Namespace) -> int:
    from bounces_cli.suppression_decisions import run

    return run(arguments)


def _import(arguments: argparse.Namespace) -> int:
    from bounces_cli.suppression_import import run

    return run(arguments)


def _export(arguments: argparse.Namespace) -> int:
    from bounces_cli.suppression_export import run

    return run(arguments)


def _memberships(arguments: argparse.Namespace) -> int:
    from bounces_cli.membership_import import run

    return run(arguments)


def _explain(arguments: argparse.Namespace) -> int:
    from bounces_cli.why import run

    return run(arguments)


def _undo(arguments: argparse.Namespace) -> int:
    from bounces_cli.undo import run

    return run(arguments)
