"""Reports from the report queue -> what each means -> verdicts, on the verdict queue."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from bounces import envelopes, settings
from bounces.aws import batches, operator_set, queues, telemetry
from bounces.aws.batches import Message
from bounces.aws.operator_set import Followed
from bounces.patterns import Classifier
from bounces.records import Report, Verdict


@cache
def _settings() -> settings.ClassifySettings:
    return settings.read(settings.ClassifySettings)


@cache
def _classifiers() -> Followed[Classifier]:
    return operator_set.classifiers(_settings().patterns_table, _settings().patterns_refresh_seconds)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Classify the reports of each message in `event`, and return the messages that shall come again."""
    return batches.run(event, context, _classify, _settings().dead_letter_queue_url)


def _classify(message: Message) -> None:
    outcome = batches.each_record(Report, message, _classifiers().current().classify)
    queues.send(_settings().verdict_queue_url, envelopes.pack(Verdict, outcome.results))
    telemetry.count(telemetry.VERDICTS_MADE, len(outcome.results))
    batches.settle(Report, message, outcome, _settings().dead_letter_queue_url)
