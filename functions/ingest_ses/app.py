"""A notification of SES, or of the push door -> the mail it names -> reports of it, on the report queue."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from bounces import envelopes, notifications, settings
from bounces.aws import batches, mail_store, queues, telemetry
from bounces.aws.batches import Message
from bounces.aws.telemetry import logger
from bounces.notifications import Receipt
from bounces.reading import Arrival, Reading, read_mail
from bounces.records import Report


@cache
def _settings() -> settings.IngestSettings:
    return settings.read(settings.IngestSettings)


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    """Read the mail of each notification in `event`, and return the messages that shall come again."""
    return batches.run(event, context, _ingest, _settings().dead_letter_queue_url)


def _ingest(message: Message) -> None:
    receipt = notifications.read_receipt(message.body)
    if receipt.is_setup:
        logger.info("SES tried the receipt rule out: no mail", key=receipt.key)
        telemetry.count(telemetry.SETUP_NOTIFICATIONS)
        return
    reading = _read(receipt)
    queues.send(_settings().report_queue_url, envelopes.pack(Report, reading.reports))
    _account(receipt, reading)


def _read(receipt: Receipt) -> Reading:
    mail = mail_store.fetch(receipt.bucket, receipt.key)
    if not mail.is_whole:
        logger.warning("the mail is longer than SES takes, only its beginning is read", key=receipt.key)
        telemetry.count(telemetry.MAILS_CUT)
    return read_mail(
        mail.raw,
        Arrival(
            source=receipt.source,
            received_time=receipt.received_time,
            envelope_recipients=receipt.envelope_recipients,
            authentication=receipt.verdicts,
            raw=f"s3://{receipt.bucket}/{receipt.key}",
        ),
    )


def _account(receipt: Receipt, reading: Reading) -> None:
    telemetry.count(telemetry.MAILS_READ)
    telemetry.count(telemetry.REPORTS_MADE, len(reading.reports))
    if reading.reports:
        logger.info("mail read", key=receipt.key, kind=reading.kind, reports=len(reading.reports), cuts=reading.cuts)
    else:
        logger.info(
            "mail without a report stays in the bucket", key=receipt.key, kind=reading.kind, reason=reading.reason
        )
        telemetry.count(telemetry.MAILS_WITHOUT_REPORT)
