"""Verdicts from the verdict queue -> what the tables know of each address, and what waits for a person."""

from functools import cache
from typing import Any, Final

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from bounces import settings
from bounces.aws import batches, operator_set, telemetry
from bounces.aws.batches import Message
from bounces.aws.operator_set import Followed
from bounces.aws.telemetry import logger
from bounces.patterns import Policy
from bounces.records import Verdict
from bounces.store import Action, Applied, ReviewStore, Store, is_about_nobody, names_somebody, review_reason

METRICS: Final = {
    Action.HARD_BOUNCED: telemetry.HARD_BOUNCES,
    Action.COMPLAINED: telemetry.COMPLAINTS,
    Action.SOFT_BOUNCED: telemetry.SOFT_BOUNCES,
    Action.DELIVERED: telemetry.DELIVERIES,
    Action.RECORDED: telemetry.RECORDED_ONLY,
    Action.DUPLICATE: telemetry.DUPLICATES,
}


@cache
def _settings() -> settings.ApplySettings:
    return settings.read(settings.ApplySettings)


@cache
def _store() -> Store:
    return Store(_settings().subscribers_table, _settings().suppressions_table)


@cache
def _review() -> ReviewStore:
    return ReviewStore(_settings().review_table)


@cache
def _policies() -> Followed[Policy]:
    return operator_set.policies(_settings().patterns_table, _settings().patterns_refresh_seconds)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Apply the verdicts of each message in `event`, and return the messages that shall come again."""
    return batches.run(event, context, _apply_all, _settings().dead_letter_queue_url)


def _apply_all(message: Message) -> None:
    outcome = batches.each_record(Verdict, message, _apply)
    batches.settle(Verdict, message, outcome, _settings().dead_letter_queue_url)


def _apply(verdict: Verdict) -> Applied:
    policy = _policies().current()
    why = review_reason(verdict, policy)
    if why is not None and _review().keep(verdict, why):
        telemetry.count(telemetry.KEPT_FOR_REVIEW)
    if why is not None and not names_somebody(verdict.report):
        applied = Applied(verdict.report.id, Action.RECORDED, f"kept for review ({why})")
    elif is_about_nobody(verdict):
        applied = Applied(verdict.report.id, Action.RECORDED, f"about nobody ({verdict.report.event}), nothing changed")
    else:
        applied = _store().apply(verdict, policy)
    logger.info("verdict applied", report=applied.report, words=applied.words, rule=verdict.rule)
    telemetry.count(METRICS[applied.action])
    return applied
