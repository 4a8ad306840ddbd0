"""The arguments of `bounces review`. What the verbs need is imported when one of them runs."""

from __future__ import annotations

import argparse
from typing import Any

ID = "an item's id (its end may be left out), or with --group a group's"
CHOICES = (
    ("hard", "it says that the address is dead: suppress it, unsubscribe it, mark it"),
    ("soft", "it may pass: count it, by --category"),
    ("complaint", "it is a complaint: suppress, unsubscribe, mark"),
)


def add_to(review: argparse.ArgumentParser) -> None:
    """Add its own verbs to the parser of the verb `review`."""
    own = review.add_subparsers(title="verbs", metavar="VERB", required=True, dest="verb")

    listing = _verb(own, "list", "show the groups of what waits, the largest first")
    listing.add_argument("--all", action="store_true", dest="decided", help="also groups of which all is decided")
    _json(listing, "one line of JSON a group")

    show = _verb(own, "show", "show a group and its items, or one item")
    show.add_argument("id", metavar="ID", help="a group's or an item's id; of an item's, the end may be left out")
    show.add_argument("--limit", type=int, default=20, metavar="N", help="items of a group that are shown (20)")
    _json(show, "JSON: an item, or one line an item of the group, all of them")

    apply = _verb(own, "apply", "have what waits count after all, as you say")
    apply.add_argument("id", metavar="ID", help=ID)
    choices = apply.add_mutually_exclusive_group(required=True)
    for name, help_text in CHOICES:
        choices.add_argument(f"--{name}", action="store_const", const=name, dest="choice", help=help_text)
    apply.add_argument("--category", metavar="NAME", help="what it counts as (default for --hard: bad-mailbox)")
    apply.add_argument("--recipient", metavar="ADDRESS", help="whom an item is about that names nobody itself")
    apply.add_argument("--yes", action="store_true", help="apply to a group without asking")
    tables = apply.add_argument_group("without --stack, the tables that are changed")
    tables.add_argument("--subscribers", metavar="NAME", help="default: BOUNCES_SUBSCRIBERS_TABLE")
    tables.add_argument("--suppressions", metavar="NAME", help="default: BOUNCES_SUPPRESSIONS_TABLE")
    tables.add_argument("--patterns", metavar="NAME", help="for its policy; default: BOUNCES_PATTERNS_TABLE")
    _deciding(apply)

    dismiss = _verb(own, "dismiss", "leave it as it is: it says nothing of anybody")
    dismiss.add_argument("id", metavar="ID", help=ID)
    dismiss.set_defaults(choice="dismiss")
    _deciding(dismiss)


def _verb(own: Any, name: str, help_text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = own.add_parser(name, help=help_text, description=f"{help_text.capitalize()}.")
    where = parser.add_argument_group("which review").add_mutually_exclusive_group()
    where.add_argument("--stack", metavar="NAME", help="the stack whose tables they are")
    where.add_argument("--table", metavar="NAME", help="the review's table (default: BOUNCES_REVIEW_TABLE)")
    parser.set_defaults(
        run=_review, category=None, recipient=None, yes=False, subscribers=None, suppressions=None, patterns=None
    )
    return parser


def _json(parser: argparse.ArgumentParser, help_text: str) -> None:
    parser.add_argument("--json", action="store_true", dest="as_json", help=help_text)


def _deciding(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--group", action="store_true", help="all of a group that still waits")
    parser.add_argument("--why", metavar="TEXT", help="the reason, which is kept with the decision")
    parser.add_argument("--author", metavar="NAME", help="who decides (default: the user of this machine)")
    _json(parser, "one line of JSON an item")


def _review(arguments: argparse.Namespace) -> int:
    from bounces_cli.review import run

    return run(arguments)
