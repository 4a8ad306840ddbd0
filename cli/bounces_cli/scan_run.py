"""`bounces scan`: from its arguments to the mailbox, the door, and what is said of it."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from bounces.errors import BouncesError, Disconnected, LeaseLost, MailboxBusy, MailboxError, SettingError
from bounces.mailbox.batches import Limits
from bounces.mailbox.scanning import Outcome, scan
from bounces_cli.errors import BROKEN, CONFLICT, DONE, INCOMPLETE, USAGE, CommandError
from bounces_cli.problems import Problems
from bounces_cli.progress import Progress, progress_over, progress_to
from bounces_cli.scan_boxes import Box, box_of
from bounces_cli.scan_destinations import Destination, destination_of
from bounces_cli.scan_report import Manner, Telling, summary, words

GOES_ON = "the same command goes on from there"


def run(arguments: argparse.Namespace) -> int:
    """Scan what `arguments` name and return the exit code. Raises `CommandError`."""
    problems = Problems()
    with box_of(arguments, problems) as box, destination_of(arguments, box, problems) as destination:
        manner = Manner(arguments.as_json, arguments.dry_run)
        with _progress(box) as progress:
            telling = Telling(box, destination.judge, manner, progress, problems)
            with _ending(telling):
                outcome = _scanned(arguments, box, destination, telling)
        _say(arguments, box, destination, outcome, telling)
    if not outcome.is_finished:
        return BROKEN
    return INCOMPLETE if problems.count or outcome.unfiled else DONE


def _scanned(arguments: argparse.Namespace, box: Box, destination: Destination, telling: Telling) -> Outcome:
    limits = Limits(arguments.limit or sys.maxsize, arguments.seconds or math.inf)
    return scan(box.name, box.open_session, destination.door, destination.state, limits=limits, on_filed=telling)


def _progress(box: Box) -> AbstractContextManager[Progress]:
    return progress_to(0, "Scanning") if box.is_remote else progress_over(box.paths, "Scanning")


@contextmanager
def _ending(telling: Telling) -> Iterator[None]:
    """Raise `CommandError` for what ends a scan, by what it then means that it ended."""
    try:
        yield
    except MailboxBusy as error:
        raise CommandError(str(error), CONFLICT) from error
    except (Disconnected, LeaseLost) as error:
        raise CommandError(f"{error}\n{_done(telling)}; {GOES_ON}", BROKEN) from error
    except (MailboxError, SettingError) as error:
        raise CommandError(str(error), BROKEN if telling.mails else USAGE) from error
    except BouncesError as error:
        raise CommandError(f"{error}\n{_done(telling)}; {GOES_ON}", BROKEN) from error
    except KeyboardInterrupt:
        print(f"bounces: interrupted, {_done(telling)}; {GOES_ON}", file=sys.stderr)
        raise


def _done(telling: Telling) -> str:
    return f"{telling.mails:,} mails were done with"


def _say(arguments: argparse.Namespace, box: Box, destination: Destination, outcome: Outcome, telling: Telling) -> None:
    if arguments.as_json:
        hard_list = destination.hard_list
        print(summary(outcome, telling.outcomes, None if hard_list is None else hard_list.rows), end="")
        return
    for line in words(box, outcome, telling.outcomes, is_dry=arguments.dry_run):
        print(line)
    for line in _next(arguments, destination, outcome):
        print(line)


def _next(arguments: argparse.Namespace, destination: Destination, outcome: Outcome) -> Iterator[str]:
    """Yield where things are, and what to do next."""
    if not outcome.is_finished:
        yield f"Stopped at its limit, and more mails wait: {GOES_ON}."
    if destination.hard_list is not None:
        hard_list = destination.hard_list
        yield f"{hard_list.path}: {hard_list.size:,} addresses that bounced hard, {hard_list.rows:,} of them new."
        if hard_list.size:
            yield f"  bounces suppressions import {hard_list.path} --stack NAME"
    elif arguments.stack is not None and outcome.taken:
        yield "They take effect within minutes; what nobody understood waits for a person:"
        yield f"  bounces why ADDRESS --stack {arguments.stack}"
        yield f"  bounces review list --stack {arguments.stack}"
    elif arguments.dry_run:
        yield "Nothing was changed. --stack NAME takes them into a stack, --out FILE lists who bounced hard."
