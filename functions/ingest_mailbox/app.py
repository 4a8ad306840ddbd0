"""A schedule -> the new mails of each mailbox, in S3 and on the mail queue, where ingest_ses reads them as SES's."""

from functools import cache
from typing import Any

from bounces import settings
from bounces.aws import mailbox_runs, telemetry


@cache
def _settings() -> settings.MailboxSettings:
    return settings.read(settings.MailboxSettings)


def handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Scan the mailboxes and return what came of each. Raises `MailboxError` if one failed. The event says nothing."""
    try:
        return mailbox_runs.run(
            _settings(), context.aws_request_id, lambda: context.get_remaining_time_in_millis() / 1000
        )
    finally:
        telemetry.flush()
