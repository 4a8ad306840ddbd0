"""An SMTP server in the place of SES: takes mail for the active receipt rule, stores it in S3, announces it by SNS.

A mail is answered with 250 only when it is safe in both; else with 451, and the sending MTA keeps it and tries again.
"""

import asyncio
import json
import logging
from typing import Any, Final

import boto3
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from botocore.exceptions import BotoCoreError, ClientError

from bounces.addresses import is_address
from bounces.notifications import MAX_RECIPIENTS
from local.endpoint import HOST, require_free
from local.receipt_rule import ReceiptRule
from local.received_mail import ReceivedMail

PORT: Final = 2525
MAX_MAIL: Final = 40 * 1024 * 1024  # bytes; SES's limit for a mail that a rule stores in S3

_log = logging.getLogger(__name__)


class _Door(SMTP):
    line_length_limit = MAX_MAIL  # SES takes longer lines than RFC 5321's 1,000, and bounces have them


class SmtpDoor(Controller):
    """The door, open between `start` and `stop`. For port 0 it takes a free one, and `port` says which."""

    def __init__(self, rule: ReceiptRule, port: int = PORT, host: str = HOST) -> None:
        super().__init__(_Handler(rule), hostname=host, port=require_free(port, host))

    def factory(self) -> SMTP:
        """Return the server of one connection."""
        return _Door(
            self.handler, data_size_limit=MAX_MAIL, enable_SMTPUTF8=True, hostname="localhost", ident="bounces"
        )


class _Handler:
    def __init__(self, rule: ReceiptRule) -> None:
        self._rule = rule
        self._s3 = boto3.client("s3")
        self._sns = boto3.client("sns")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[Any]
    ) -> str:
        if not is_address(address):
            return "501 5.1.3 Bad recipient address syntax"
        if not self._rule.takes(address):
            return "550 5.1.1 Requested action not taken: mailbox unavailable"
        if len(envelope.rcpt_tos) == MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"  # the sender gives the others in a mail of their own
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)  # the server was told not to decode
        mail = ReceivedMail(
            content=content,
            sender=(envelope.mail_from or "").removeprefix("<>"),
            recipients=tuple(envelope.rcpt_tos),
            peer=session.peer[0] if session.peer else HOST,
            helo=session.host_name or "localhost",
            region=self._s3.meta.region_name,
        )
        try:
            await asyncio.to_thread(self._keep, mail)
        except (BotoCoreError, ClientError) as error:
            _log.warning("a mail could not be kept, and is left to its sender: %s", error)
            return "451 4.3.0 Requested action aborted: not stored, try again"
        return f"250 2.6.0 OK {mail.message_id}"

    def _keep(self, mail: ReceivedMail) -> None:
        rule = self._rule
        self._s3.put_object(Bucket=rule.bucket, Key=rule.prefix + mail.message_id, Body=mail.stored())
        self._sns.publish(
            TopicArn=rule.topic,
            Subject="Amazon SES Email Receipt Notification",
            Message=json.dumps(mail.notification(rule)),
        )
