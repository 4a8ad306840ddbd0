"""What the push door does with a request whose sender is known: keep it, read it, hand it on, and say what came of it.

Whatever is taken is in S3 and in its queue before this returns; what raises may be sent again, and is then the same
reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from bounces import envelopes, notifications
from bounces.aws import push_store, queues, telemetry
from bounces.aws.deadline import Deadline
from bounces.aws.http_api import Request
from bounces.aws.push_store import Kept
from bounces.aws.telemetry import logger
from bounces.errors import PushError, RecordError
from bounces.reading import Arrival
from bounces.reading.accounting import Push, read_push, rejections
from bounces.reading.pushed_mail import read_pushed_mail
from bounces.records import Report, Source
from bounces.settings import PushSettings

MAX_REJECTIONS: Final = 100
"""Rejected records whose place and reason an answer gives; all of them are in the rejected prefix."""

Answer = Mapping[str, Any]


def take_records(source: Source, request: Request, its: PushSettings, deadline: Deadline) -> Answer:
    """Take the records of `source` in `request`, and return what the answer says.

    Raises `PushError` where the body cannot be read as a whole, though it is kept; whatever else it raises may pass.
    """
    kept = _kept(request, its, deadline)
    arrival = Arrival(source=source, received_time=request.received, raw=kept.uri)
    try:
        request.require_size()
        push = read_push(request.body, arrival, request.content_type, request.content_encoding)
    except PushError:
        logger.warning("a body that is refused is kept all the same", key=kept.key)
        raise
    if push.set_aside:
        deadline.run(partial(push_store.keep_rejected, kept, push.set_aside))
    unread = rejections.reports_of(push.set_aside, arrival._replace(raw=kept.rejected_uri))
    queues.send_by(deadline, its.report_queue_url, envelopes.pack(Report, (*push.reports, *unread)))
    _account(kept.key, push)
    return _told(push)


def take_mail(request: Request, its: PushSettings, deadline: Deadline) -> Answer:
    """Take the mail in `request`, and return what the answer says. Raises as `take_records` does.

    Of a body that is a mail, the mail is kept, and of any other the body.
    """
    try:
        request.require_size()
        mail = read_pushed_mail(request.body, request.content_type, request.content_encoding)
    except PushError:
        logger.warning("a post that is no mail is kept all the same", key=_kept(request, its, deadline).key)
        raise
    key = push_store.mail_key(mail.content, request.received)
    deadline.run(partial(push_store.keep_mail, its.mail_bucket, key, mail.content))
    notification = notifications.announce(its.mail_bucket, key, request.received, mail.recipients)
    queues.send_by(deadline, its.mail_queue_url, [notification])
    logger.info("pushed mail taken", key=key)
    telemetry.count(telemetry.PUSHES_TAKEN)
    return _answer(accepted=1)


def _kept(request: Request, its: PushSettings, deadline: Deadline) -> Kept:
    """Keep the body of `request`, and return where."""
    kept = push_store.place_of(its.mail_bucket, request.body, request.received)
    deadline.run(partial(push_store.keep_body, kept, request))
    return kept


def _told(push: Push) -> Answer:
    rejections = [{"place": part.place, "reason": part.reason} for part in push.set_aside if not part.is_read]
    return _answer(
        accepted=push.accepted,
        ignored=push.ignored,
        rejected=push.rejected,
        rejections=rejections[:MAX_REJECTIONS],
        more=len(rejections[MAX_REJECTIONS:]),
    )


def _answer(**told: Any) -> Answer:
    return {"accepted": 0, "ignored": {}, "rejected": 0, "rejections": [], "more": 0, **told}


def _account(key: str, push: Push) -> None:
    logger.info("push taken", key=key, accepted=push.accepted, ignored=push.ignored, rejected=push.rejected)
    telemetry.count(telemetry.PUSHES_TAKEN)
    telemetry.count(telemetry.REPORTS_MADE, len(push.reports))
    telemetry.count(telemetry.RECORDS_IGNORED, sum(push.ignored.values()))
    if push.rejected:
        telemetry.count_rejected(RecordError.__name__, push.rejected)
