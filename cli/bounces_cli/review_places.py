"""The tables that `bounces review` works on: a stack's, or as they are named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bounces.errors import PatternSetDamaged, RecipientError, RecordError, ReviewDecided, ReviewError
from bounces.patterns import Policy, default_policy
from bounces_cli.errors import BROKEN, CONFLICT, CommandError
from bounces_cli.operators import words_of
from bounces_cli.stacks import PATTERNS, REVIEW, SUBSCRIBERS, SUPPRESSIONS, Table, name_of

if TYPE_CHECKING:
    from bounces.store import Reviewer, ReviewStore

ARGUMENTS: Final = {REVIEW: "table", SUBSCRIBERS: "subscribers", SUPPRESSIONS: "suppressions", PATTERNS: "patterns"}
"""What each table is called among the arguments."""


@dataclass(frozen=True, slots=True)
class ReviewPlace:
    """Where the review is, by the arguments of the command and the environment."""

    arguments: argparse.Namespace

    def review(self) -> ReviewStore:
        """Return the review. Raises `CommandError` where it is not said which."""
        from bounces.store import ReviewStore

        return ReviewStore(self._named(REVIEW))

    def reviewer(self) -> Reviewer:
        """Return who carries decisions out on the tables and by the policy that the functions use."""
        from bounces.store import Reviewer, Store

        store = Store(self._named(SUBSCRIBERS), self._named(SUPPRESSIONS))
        return Reviewer(self.review(), store, self.policy())

    def dismisser(self) -> Reviewer:
        """Return who dismisses, which needs no other table than the review's."""
        from bounces.store import Reviewer

        return Reviewer(self.review(), None, default_policy())

    def policy(self) -> Policy:
        """Return the policy that holds: the one saved with the patterns, or where no such table is named, ours."""
        from bounces.store import PatternStore

        table = self._name(PATTERNS)
        if table is None:
            print(
                f"bounces: the built-in policy is used; --patterns or {PATTERNS.variable} names a table's",
                file=sys.stderr,
            )
            return default_policy()
        patterns = PatternStore(table)
        return patterns.policy(patterns.current())

    def _named(self, table: Table) -> str:
        name = self._name(table)
        if name is None:
            raise CommandError(
                f"which table? --stack NAME, --{ARGUMENTS[table]} NAME, or the variable {table.variable}"
            )
        return name

    def _name(self, table: Table) -> str | None:
        return name_of(table, self.arguments.stack, getattr(self.arguments, ARGUMENTS[table]))


@contextmanager
def talking_to_aws(*, deciding: bool = False) -> Iterator[None]:
    """Raise `CommandError` for what goes wrong with AWS, and for what the review says of a decision."""
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    try:
        yield
    except ReviewDecided as error:
        raise CommandError(str(error), CONFLICT) from error
    except (ReviewError, RecordError, RecipientError, PatternSetDamaged) as error:
        raise CommandError(str(error)) from error
    except (BotoCoreError, ClientError, PynamoDBException) as error:
        if deciding:
            raise CommandError(f"{words_of(error)}\nthe same command again goes on from there", BROKEN) from error
        raise CommandError(words_of(error)) from error
