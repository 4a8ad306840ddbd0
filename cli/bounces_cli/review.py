"""`bounces review`: what was not acted on for doubt, shown, applied after all, or dismissed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from bounces import addresses
from bounces.store import Choice, Decision, Group, Item, Reviewed, ReviewStore, names_somebody
from bounces.store.shapes import SHAPE_ID
from bounces_cli import review_screen
from bounces_cli.errors import DONE, INCOMPLETE, CommandError
from bounces_cli.people import agree, author
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.review_places import ReviewPlace, talking_to_aws
from bounces_cli.review_rows import group_row, item_row, reviewed_row

Arguments = argparse.Namespace

_GIVES_UP: Final = frozenset({Choice.HARD, Choice.COMPLAINT})


def run(arguments: Arguments) -> int:
    """Do what the verb of `arguments` says, and return the exit code. Raises `CommandError`."""
    return {"list": _list, "show": _show, "apply": _decide, "dismiss": _decide}[arguments.verb](arguments)


def _list(arguments: Arguments) -> int:
    with talking_to_aws():
        groups = ReviewPlace(arguments).review().groups(decided=arguments.decided)
        if arguments.as_json:
            _print_rows(map(group_row, groups))
        else:
            review_screen.show_groups(sorted(groups, key=lambda group: (-group.waiting, group.id)))
    return DONE


def _show(arguments: Arguments) -> int:
    with talking_to_aws():
        review = ReviewPlace(arguments).review()
        if not _is_group(arguments.id):
            item = review.item(arguments.id)
            if arguments.as_json:
                _print_rows([item_row(item)])
            else:
                review_screen.show_item(item)
        elif arguments.as_json:
            review.group(arguments.id)
            _print_rows(map(item_row, review.items(arguments.id)))
        else:
            group = review.group(arguments.id)
            review_screen.show_group(group, review.items(group.id), max(0, arguments.limit))
    return DONE


def _decide(arguments: Arguments) -> int:
    decision = Decision(
        choice=Choice(arguments.choice),
        by=author(arguments.author),
        at=datetime.now(UTC),
        why=arguments.why or "",
        category=arguments.category,
        recipient=arguments.recipient,
    )
    if arguments.group != _is_group(arguments.id):
        other = "is a group's: say --group for all of it" if not arguments.group else "is no group's"
        raise CommandError(f"the id {plain(arguments.id)} {other}")
    if arguments.group and arguments.recipient:
        raise CommandError("one address is not what a whole group is about; --recipient is for one item")
    place = ReviewPlace(arguments)
    with talking_to_aws():
        reviewer = place.reviewer() if decision.is_applied else place.dismisser()
        decision = reviewer.checked(decision)
        review = place.review()
        group = review.group(arguments.id) if arguments.group else None
        if group is None:
            item = review.item(arguments.id)
        elif decision.choice in _GIVES_UP and group.waiting and not arguments.yes:
            _confirm(review, group, decision)
    with talking_to_aws(deciding=True):
        if group is None:
            return _told([reviewer.decide(item, decision)], as_json=arguments.as_json)
        done = reviewer.decide_all(group.id, decision)
        return _told(review_screen.shown_beside_a_bar(done, group.waiting), as_json=arguments.as_json, count=True)


def _confirm(review: ReviewStore, group: Group, decision: Decision) -> None:
    """Say how many addresses `decision` gives up, and have it confirmed. Raises `CommandError` where it is not."""
    waiting = review.items(group.id, waiting=True)
    whom = {_whom(item) for item in waiting if names_somebody(item.verdict.report)}
    print(
        f"bounces: {plain(group.shape)}\n"
        f"bounces: {group.waiting:,} items of {len(whom):,} addresses wait there; {decision.choice} gives up every one "
        "of these addresses: nobody mails it again.",
        file=sys.stderr,
    )
    agree("Apply it to all of them?", "applied")


def _told(done: Iterable[Reviewed], *, as_json: bool, count: bool = False) -> int:
    """Say what became of each, or of a group only the count and what went wrong, and return the exit code."""
    problems = Problems()
    decided = before = 0
    for reviewed in done:
        if as_json:
            _print_rows([reviewed_row(reviewed)])
        elif not count:
            print(f"{reviewed.item.id}  {plain(_whom(reviewed.item) or '(names nobody)')}  {plain(reviewed.words)}")
        if reviewed.problem:
            problems.add(f"{reviewed.item.id}: {plain(reviewed.problem)}")
        elif reviewed.is_new:
            decided += 1
        else:
            before += 1
    if count and not as_json:
        others = f", {before:,} had been decided before" if before else ""
        waits = f", {problems.count:,} still wait" if problems.count else ""
        print(f"{decided:,} decided{others}{waits}")
    return INCOMPLETE if problems.count else DONE


def _is_group(text: str) -> bool:
    return len(text) == SHAPE_ID and "-" not in text


def _whom(item: Item) -> str:
    report = item.verdict.report
    return addresses.key(report.addressee or report.recipient or "")


def _print_rows(rows: Iterable[object]) -> None:
    for row in rows:
        print(json.dumps(row))
