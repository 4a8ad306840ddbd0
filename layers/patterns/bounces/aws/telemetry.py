"""Logs and metrics: one logger, one set of counters, and their names.

A log line carries ids, keys and reasons. The local part of whatever looks like an address is masked in every line,
since a reason may quote what a stranger wrote.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE: Final = "BounceProcessing"

MAILS_READ: Final = "MailsRead"
MAILS_WITHOUT_REPORT: Final = "MailsWithoutReport"
MAILS_CUT: Final = "MailsCut"
SETUP_NOTIFICATIONS: Final = "SetupNotifications"
REPORTS_MADE: Final = "ReportsMade"
PUSHES_TAKEN: Final = "PushesTaken"
PUSHES_REFUSED: Final = "PushesRefused"  # answered with a 4xx
PUSHES_NOT_TAKEN: Final = "PushesNotTaken"  # answered with a 503, to be sent again
RECORDS_IGNORED: Final = "RecordsIgnored"  # pushed records that say nothing of a recipient
MAILBOXES_SCANNED: Final = "MailboxesScanned"
MAILBOXES_FAILED: Final = "MailboxesFailed"  # that could not be opened, or not gone through
MAILBOXES_BUSY: Final = "MailboxesBusy"  # that another scan was going through
MAILBOX_MAILS_TAKEN: Final = "MailboxMailsTaken"  # safe in S3 and in the queue
MAILBOX_MAILS_FAILED: Final = "MailboxMailsFailed"  # that the server did not give out
MAILBOX_MAILS_UNFILED: Final = "MailboxMailsUnfiled"  # taken, and where they were
VERDICTS_MADE: Final = "VerdictsMade"
DUPLICATES: Final = "Duplicates"
HARD_BOUNCES: Final = "HardBounces"
SOFT_BOUNCES: Final = "SoftBounces"
DELIVERIES: Final = "Deliveries"
COMPLAINTS: Final = "Complaints"
RECORDED_ONLY: Final = "RecordedOnly"
KEPT_FOR_REVIEW: Final = "KeptForReview"  # verdicts that wait for a person
REJECTED: Final = "Rejected"  # with the dimension `reason`: the name of the error
PATTERNS_SKIPPED: Final = "PatternsSkipped"  # stored patterns that cannot be used
PATTERN_SETS_DAMAGED: Final = "PatternSetsDamaged"  # stored versions that are not whole
PATTERNS_UNREADABLE: Final = "PatternsUnreadable"  # looks at the patterns table that failed
RETRIED: Final = "Retried"  # messages given back to their queue

_METRICS_DISABLED: Final = "POWERTOOLS_METRICS_DISABLED"

# A local part in quotes may hold blanks (RFC 5321 4.1.2). The bounds keep the search linear in a text that has no @.
_LOCAL_PART: Final = re.compile(r'"(?:[^"\\]|\\.){1,254}"@|[^\s@]{1,254}@')


def masked(value: Any) -> Any:
    """Return `value`, text or JSON's containers of text, with the local part of every address masked."""
    if isinstance(value, str):
        return _LOCAL_PART.sub("***@", value)
    if isinstance(value, dict):
        return {name: masked(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [masked(part) for part in value]
    return value


def _line(record: dict[str, Any]) -> str:
    return json.dumps(masked(record), default=str)


logger = Logger(json_serializer=_line)
_metrics = Metrics(namespace=NAMESPACE)


def count(name: str, number: int = 1) -> None:
    """Add `number` to the metric `name`; `flush` sends it."""
    if number:
        _metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)


def count_rejected(reason: str, number: int = 1) -> None:
    """Count records or messages set aside, by the name of the error; sent at once, having its own dimension."""
    with single_metric(name=REJECTED, unit=MetricUnit.Count, value=number, namespace=NAMESPACE) as metric:
        metric.add_dimension(name="reason", value=reason)


@contextmanager
def silence() -> Iterator[None]:
    """Log and count nothing meanwhile: for the command, whose standard output is its own."""
    level, disabled = logger.log_level, os.environ.get(_METRICS_DISABLED)
    logger.setLevel("CRITICAL")
    os.environ[_METRICS_DISABLED] = "true"
    try:
        yield
    finally:
        logger.setLevel(level)
        if disabled is None:
            del os.environ[_METRICS_DISABLED]
        else:
            os.environ[_METRICS_DISABLED] = disabled


def flush() -> None:
    """Send what was counted: a line in CloudWatch's embedded metric format on standard output."""
    if _metrics.metric_set:
        _metrics.flush_metrics()
