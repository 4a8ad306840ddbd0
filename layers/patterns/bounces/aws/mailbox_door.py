"""The stack's door for mails out of a mailbox: the bucket that SES writes to, and the queue that announces its mails.

A mail's key is made of the day that the mailbox got it and of its contents, so that a mail that is handed in again is
stored once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bounces.aws import clients, queues, telemetry
from bounces.aws.telemetry import logger
from bounces.mailbox.ports import HandedIn
from bounces.notifications import MAX_RECIPIENTS, announce
from bounces.records import Source

MAILS: Final = "incoming/mailbox/"
UPLOADS: Final = 4
"""Mails that are stored at once: a small one takes the time of a round trip, and a client has ten connections."""
MAX_CANDIDATES_CHARACTERS: Final = 20_000
"""Of all envelope recipients that are announced: in JSON a character has six bytes at most, a message 256 KB."""


class StackDoor:
    """Hands mails in at a deployed stack (`bounces.mailbox.ports.Door`)."""

    def __init__(self, bucket: str, queue_url: str) -> None:
        """Name the stack's MailBucket and the URL of its MailQueue. No call is made before the first mails."""
        self._bucket = bucket
        self._queue_url = queue_url

    def take(self, mails: Sequence[HandedIn]) -> None:
        """Store `mails`, then announce each. Once this has returned, all of them are in the bucket and in the queue.

        Raises `QueueError` and whatever else the calls raise, all of which may pass: any of `mails` may then be stored
        or announced, and handing all of them in again makes duplicates of those, which change nothing.
        """
        places = {key_of(mail): mail for mail in mails}  # the same mail twice has one key
        clients.s3()  # made here: boto3 makes clients in one thread at a time
        with ThreadPoolExecutor(UPLOADS, thread_name_prefix="door") as pool:
            for _ in pool.map(self._store, places, places.values()):
                pass
        queues.send(self._queue_url, map(self._announced, mails))
        self._account(mails)

    def _store(self, key: str, mail: HandedIn) -> None:
        clients.s3().put_object(Bucket=self._bucket, Key=key, Body=mail.raw)

    def _announced(self, mail: HandedIn) -> str:
        recipients = tuple(_bounded(mail.envelope_recipients))
        return announce(self._bucket, key_of(mail), mail.received_time, recipients, Source.MAILBOX)

    def _account(self, mails: Iterable[HandedIn]) -> None:
        for mail in mails:
            logger.info("mail taken out of a mailbox", mail=mail.name, key=key_of(mail))
            if not mail.is_whole:
                logger.warning("the mail is longer than is taken of one, only its beginning is kept", mail=mail.name)
                telemetry.count(telemetry.MAILS_CUT)


def key_of(mail: HandedIn) -> str:
    """Return where `mail` is kept in the bucket."""
    return f"{MAILS}{mail.received_time:%Y/%m/%d}/{mail.digest}"


def _bounded(recipients: Iterable[str]) -> Iterator[str]:
    """Yield the first of `recipients` that a notification has room for: a stranger may have written thousands."""
    room = MAX_CANDIDATES_CHARACTERS
    for recipient in tuple(recipients)[:MAX_RECIPIENTS]:
        room -= len(recipient)
        if room < 0:
            return
        yield recipient
