"""What an operator has set, followed: read when a function starts, and again when the pointer of the table moves.

The pointer is looked at once an interval at most. Whatever goes wrong afterwards, what was made last goes on being
used; at a cold start, a table that cannot be read is an error, so that the messages come again: to classify without
the operator's patterns could give up people whom they protect. A version that is not whole is passed over for the one
before it, whole; with none left, the built-in rules decide alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bounces.aws import telemetry
from bounces.aws.telemetry import logger
from bounces.errors import PatternError, PatternSetDamaged
from bounces.patterns import NO_PATTERNS, Classifier, OperatorPatterns, Policy, parse_patterns
from bounces.patterns.expressions import ExpressionSet
from bounces.patterns.operator_patterns import OperatorPattern
from bounces.store import PatternStore, Version

Made = TypeVar("Made")
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Kept(Generic[Made]):
    """What was made of the version with `version_id`. None: of a table without a version, or of none of them."""

    version_id: str | None
    made: Made


class Followed(Generic[Made]):
    """What `make` makes of the version that holds, made again when another one does."""

    def __init__(
        self,
        store: PatternStore,
        make: Callable[[PatternStore, Version | None], Made],
        interval: float,
        clock: Clock = time.monotonic,
    ) -> None:
        """Follow the pointer of `store`, looking at it once in `interval` seconds of `clock` at most."""
        self._store = store
        self._make = make
        self._interval = interval
        self._clock = clock
        self._kept: Kept[Made] | None = None
        self._due = 0.0

    def current(self) -> Made:
        """Return what was made of the version that holds, or held when the table could last be read.

        Raises whatever the first reading of the table raises; it may pass.
        """
        if self._kept is None:
            self._kept = self._first()
            self._due = self._clock() + self._interval
        elif self._clock() >= self._due:
            self._kept = self._looked(self._kept)
            self._due = self._clock() + self._interval
        return self._kept.made

    def _first(self) -> Kept[Made]:
        """Return what can be made of the newest version that is whole; of none where none is."""
        current_id = self._store.current_id()
        if current_id is None:
            return Kept(None, self._make(self._store, None))
        try:
            return self._made_of(current_id)
        except PatternSetDamaged as error:
            _tell_damaged(error)
        for version in self._store.versions():
            if version.id != current_id:
                try:
                    return Kept(version.id, self._make(self._store, version))
                except PatternSetDamaged as error:
                    _tell_damaged(error)
        logger.error("no version of the operator's patterns is whole: the built-in rules decide alone")
        return Kept(None, self._make(self._store, None))

    def _looked(self, kept: Kept[Made]) -> Kept[Made]:
        try:
            current_id = self._store.current_id()
            return kept if current_id in (kept.version_id, None) else self._made_of(current_id)
        except PatternSetDamaged as error:
            _tell_damaged(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, what is there can still be used
            logger.warning("the patterns table cannot be read: what was read last is used", error=str(error))
            telemetry.count(telemetry.PATTERNS_UNREADABLE)
        return kept

    def _made_of(self, version_id: str) -> Kept[Made]:
        version = self._store.version(version_id)
        made = self._make(self._store, version)
        logger.info("operator's set in use", version=version.name, patterns=version.patterns)
        return Kept(version_id, made)


def classifiers(table: str, interval: float, clock: Clock = time.monotonic) -> Followed[Classifier]:
    """Return the classifier of the patterns and policy in `table`, looked for once in `interval` seconds."""
    return Followed(PatternStore(table), _classifier, interval, clock)


def policies(table: str, interval: float, clock: Clock = time.monotonic) -> Followed[Policy]:
    """Return the policy in `table`, looked for once in `interval` seconds."""
    return Followed(PatternStore(table), PatternStore.policy, interval, clock)


def _classifier(store: PatternStore, version: Version | None) -> Classifier:
    if version is None:
        return Classifier(NO_PATTERNS)
    policy = store.policy(version)
    patterns, refused = parse_patterns(store.text(version.text), version.name)
    for line in refused:
        _tell_skipped(version.name, line.line, line.reason)
    try:
        return Classifier(patterns, policy=policy)
    except PatternError as error:
        logger.warning("the patterns cannot be compiled together", version=version.name, reason=str(error))
    try:
        return Classifier(_usable(patterns), policy=policy)
    except PatternError as error:
        raise PatternSetDamaged(f"version {version.name} of the patterns cannot be compiled: {error}") from error


def _usable(patterns: OperatorPatterns) -> OperatorPatterns:
    """Return `patterns` without the expressions that cannot be searched for, each told."""
    return OperatorPatterns(
        tuple(
            entry
            for entry in patterns.entries
            if not isinstance(entry, OperatorPattern) or _is_usable(entry, patterns.version)
        ),
        patterns.version,
    )


def _is_usable(pattern: OperatorPattern, version: str | None) -> bool:
    if pattern.is_expression and pattern.enabled:
        try:
            ExpressionSet([pattern.text])
        except PatternError as error:
            _tell_skipped(version, pattern.line, str(error))
            return False
    return True


def _tell_skipped(version: str | None, line: str, reason: str) -> None:
    logger.warning("operator's pattern skipped", version=version, line=line, reason=reason)
    telemetry.count(telemetry.PATTERNS_SKIPPED)


def _tell_damaged(error: PatternSetDamaged) -> None:
    logger.error("a version of the operator's patterns is skipped", reason=str(error))
    telemetry.count(telemetry.PATTERN_SETS_DAMAGED)
