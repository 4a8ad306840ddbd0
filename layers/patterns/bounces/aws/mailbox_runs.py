"""One run of the scheduled scan: every mailbox that the stack is told of, one after another, within the time there is.

The time that is left is divided among the mailboxes that are left, so that a full one does not keep the others from
being read, and one that is empty gives its time to those behind it. What does not fit into a run waits for the next.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Protocol

from bounces.aws import mailbox_secrets, telemetry
from bounces.aws.mailbox_door import StackDoor
from bounces.aws.mailbox_state import TableState
from bounces.aws.telemetry import logger
from bounces.errors import BouncesError, LeaseLost, MailboxBusy, MailboxError, shown
from bounces.mailbox.batches import Limits
from bounces.mailbox.opening import open_session
from bounces.mailbox.ports import Door, Place, Session, State
from bounces.mailbox.scanning import Outcome, scan
from bounces.settings import MailboxSettings

MARGIN_SECONDS: Final = 120.0
"""What a run keeps for the end: no mail is begun then, and the batch in hand is made safe and filed; and a server that
is not there takes 100 s to be given up (`bounces.mailbox.opening`)."""
LEAST_SECONDS: Final = 5.0
"""What a mailbox gets at the least, where there is that much: to log in and to file a few mails."""
MAX_TOLD: Final = 500
"""Characters of an error in an answer or in a log line."""

Told = dict[str, Any]


class Scan(Protocol):
    """`bounces.mailbox.scanning.scan`, as it is called here."""

    def __call__(
        self, mailbox_name: str, open_session: Callable[[], Session], door: Door, state: State, *, limits: Limits
    ) -> Outcome:
        """Go through a mailbox, and return what came of it."""


def run(its: MailboxSettings, run_id: str, seconds_left: Callable[[], float], scan_one: Scan = scan) -> Told:
    """Scan the mailboxes of `its`, and return what came of each: `{"mailboxes": {SECRET: {...}}}`, JSON.

    `run_id` is told to who finds a mailbox busy, `seconds_left` returns the seconds that there are. What fails with one
    mailbox does not keep the others from being scanned; at the end it raises `MailboxError`, which names those.
    """
    told: dict[str, Told] = {}
    for place, secret in enumerate(its.secrets):
        left = seconds_left() - MARGIN_SECONDS
        seconds = max(left / (len(its.secrets) - place), LEAST_SECONDS) if left >= LEAST_SECONDS else 0.0
        told[mailbox_secrets.name_of(secret)] = _told(secret, its, run_id, seconds, scan_one)
    failed = {name: one["error"] for name, one in told.items() if "error" in one}
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise MailboxError(telemetry.masked(f"{len(failed)} of {len(told)} mailboxes could not be scanned: {reasons}"))
    return {"mailboxes": told}


def _told(secret: str, its: MailboxSettings, run_id: str, seconds: float, scan_one: Scan) -> Told:
    """Scan the mailbox in `secret`, and return, log and count what came of it."""
    name = mailbox_secrets.name_of(secret)
    if not seconds:
        logger.warning("no time is left for a mailbox in this run", secret=name)
        return {"no_time": True}
    try:
        told = _of(_scanned(secret, its, run_id, seconds, scan_one))
    except (MailboxBusy, LeaseLost) as error:
        logger.warning("another scan has the mailbox", secret=name, reason=_short(error))
        telemetry.count(telemetry.MAILBOXES_BUSY)
        return {"busy": _short(error)}
    except Exception as error:  # noqa: BLE001 - it is raised again by `run`, when the other mailboxes are scanned
        # Without the traceback, which quotes what libraries were given.
        logger.error("the mailbox could not be scanned", secret=name, error=type(error).__name__, reason=_short(error))
        telemetry.count(telemetry.MAILBOXES_FAILED)
        return {"error": f"{type(error).__name__}: {_short(error)}"}
    logger.info("mailbox scanned", secret=name, **told)
    _count(told)
    return told


def _scanned(secret: str, its: MailboxSettings, run_id: str, seconds: float, scan_one: Scan) -> Outcome:
    mailbox, credential = mailbox_secrets.fetch(secret)
    return scan_one(
        mailbox.name,
        partial(open_session, mailbox, credential),
        StackDoor(its.mail_bucket, its.mail_queue_url),
        # Of each scan its own, though one run may meet the same mailbox in two secrets.
        TableState(its.mailboxes_table, mailbox.name, f"{run_id}/{uuid.uuid4().hex[:8]}"),
        limits=Limits(its.mailbox_mails_per_run, seconds),
    )


def _of(outcome: Outcome) -> Told:
    return {
        "taken": outcome.taken,
        "known": outcome.known,
        **{str(place): outcome.places[place] for place in Place},
        "unfiled": outcome.unfiled,
        "is_finished": outcome.is_finished,
    }


def _count(told: Mapping[str, Any]) -> None:
    telemetry.count(telemetry.MAILBOXES_SCANNED)
    telemetry.count(telemetry.MAILBOX_MAILS_TAKEN, told["taken"])
    telemetry.count(telemetry.MAILBOX_MAILS_FAILED, told[Place.FAILED])
    telemetry.count(telemetry.MAILBOX_MAILS_UNFILED, told["unfiled"])


def _short(error: Exception) -> str:
    """Return the error's message, of another library's error escaped: it may quote anything."""
    text = str(error) if isinstance(error, BouncesError) else shown(str(error))
    return text[:MAX_TOLD]
