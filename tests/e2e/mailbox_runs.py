"""Scans of a mailbox into the local stack: each in a process of its own (`mailbox_scanner`), and what came of them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import boto3
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from bounces.mailbox.batches import BATCH_MAILS
from functions.apply_actions import app as apply_actions
from functions.classify import app as classify
from functions.ingest_ses import app as ingest_ses
from local import endpoint
from local.endpoint import ACCOUNT, REGION
from tests.dovecot import Dovecot, digest
from tests.e2e.mailbox_jobs import Job, Strike
from tests.e2e.mailbox_mails import Sent
from tests.stack import deployed, in_memory
from tests.stack.faults import aws_door
from tests.stack.faults.aws_door import AwsDoor
from tests.stack.faults.quick_aws import quick

ROOT: Final = Path(__file__).resolve().parents[2]
_PATH: Final = os.pathsep.join(["layers/patterns", "cli"])
REVIEW: Final = "review"
BATCH_MESSAGES: Final = 10
LEASE_SECONDS: Final = 2.0
"""Short, so that a scan after one that was killed waits for no more than that."""
PATIENCE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A scan's process that ended by itself."""

    outcome: dict[str, Any] | None
    error: tuple[str, str] | None
    grown_bytes: int

    @property
    def kind(self) -> str:
        """Return the class of the error, "" without one."""
        return self.error[0] if self.error else ""


@dataclass(frozen=True, slots=True)
class Aws:
    """The stack in this process's memory, and the door by which other processes reach it."""

    stack: deployed.Stack
    door: AwsDoor


@contextmanager
def aws() -> Iterator[Aws]:
    """Have the stack, and its AWS open to other processes, until left."""
    with deployed.stack() as stack, quick(), aws_door.opened() as door:
        yield Aws(stack, door)


class Scan:
    """A scan under way."""

    def __init__(self, aws: Aws, job: Job) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.mailbox_scanner"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **endpoint.environment(0), "AWS_ENDPOINT_URL": aws.door.url, "PYTHONPATH": _PATH},
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)).encode())
        self._process.stdin.close()
        self._process.stdin = None

    def ended(self) -> Ended:
        """Wait for its end, and return what it told."""
        told, logged = self._process.communicate(timeout=PATIENCE_SECONDS)
        assert self._process.returncode == 0, logged.decode("utf-8", "replace")[-4000:]
        said = json.loads(told.splitlines()[-1])
        return Ended(said["outcome"], said["error"] and tuple(said["error"]), said["grown_bytes"])

    def was_killed(self) -> bool:
        """Wait for its end, and say whether it was killed: else its strike was never reached."""
        self._process.communicate(timeout=PATIENCE_SECONDS)
        return self._process.returncode == -signal.SIGKILL

    def is_stopped(self) -> bool:
        """Wait until it has stopped itself, and say whether it did rather than end."""
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self._process.returncode = os.waitstatus_to_exitcode(status)
        return os.WIFSTOPPED(status)

    def go_on(self) -> None:
        """Have it go on where it stopped."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, however it is."""
        self._process.kill()
        self._process.communicate()


def job(aws: Aws, mailbox: dict[str, Any], password: str, owner: str, strike: Strike | None = None) -> Job:
    """Return the job to scan `mailbox` into the stack of `aws`."""
    its = aws.stack.deployed.resources
    queue_url = its["MailQueue"]
    return Job(
        mailbox, password, its["MailBucket"], queue_url, its["MailboxesTable"], owner, LEASE_SECONDS, strike=strike
    )


def imap(server: Dovecot, security: str = "tls", **its: Any) -> dict[str, Any]:
    """Return the fields of the mailbox of `server` by IMAP."""
    port = server.imaps_port if security == "tls" else server.imap_port
    return _mailbox("imap", server, port, security) | its


def pop3(server: Dovecot, security: str = "tls", **its: Any) -> dict[str, Any]:
    """Return the fields of the mailbox of `server` by POP3."""
    port = server.pop3s_port if security == "tls" else server.pop3_port
    return _mailbox("pop3", server, port, security) | its


def _mailbox(protocol: str, server: Dovecot, port: int, security: str) -> dict[str, Any]:
    host = "localhost"
    return {
        "protocol": protocol,
        "host": host,
        "port": port,
        "security": security,
        "user": server.user,
        "ca": server.ca_pem,
    }


def strikes(seed: int, count: int, methods: Sequence[str]) -> list[Strike]:
    """Return a kill for each of `methods`, in some order, where a mailbox of `count` mails still has mails left.

    Each may let a quarter of the batches be done with, so that three leave one quarter.
    """
    draw = random.Random(f"strikes {seed}")
    batches = max(1, count // BATCH_MAILS // 4)
    chosen = draw.sample(list(methods), len(methods))
    return [
        Strike(
            method,
            draw.randint(1, batches * BATCH_MAILS if method == "fetch" else batches),
            draw.choice(("before", "during", "after")),
            delay=draw.uniform(0, 0.02),
        )
        for method in chosen
    ]


def killed_and_ended(aws: Aws, its: Job, kills: Iterable[Strike]) -> Ended:
    """Scan once for each of `kills`, at which the process is killed, and then to the end."""
    for number, strike in enumerate(kills):
        print(f"killed at {strike}")
        assert _after_lease(aws, replace(its, owner=f"killed {number}", strike=strike)).was_killed(), strike
    return ended(aws, its)


def ended(aws: Aws, its: Job) -> Ended:
    """Scan until another scan's lease does not stand against it, and to the end."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (told := Scan(aws, its).ended()).kind == "MailboxBusy":
        assert time.monotonic() < end, told
        time.sleep(LEASE_SECONDS / 4)
    return told


def _after_lease(aws: Aws, its: Job) -> Scan:
    """Return a scan that begins when the lease of one that was killed has run out."""
    time.sleep(LEASE_SECONDS * 1.25)
    return Scan(aws, its)


def state(aws: Aws) -> dict[str, list[Any]]:
    """Take every mail that was handed in through the functions, and return every item of the tables then.

    A few go the whole way at a time, since moto walks through a whole queue for each message.
    """
    waiting = _announced(aws)
    for start in range(0, len(waiting), BATCH_MESSAGES):
        bodies = waiting[start : start + BATCH_MESSAGES]
        for function, queue in ((ingest_ses, "ReportQueue"), (classify, "VerdictQueue"), (apply_actions, None)):
            assert aws.stack.call(function, bodies) == []
            bodies = aws.stack.messages(queue) if queue else []
    assert [letter for queue in deployed.QUEUES for letter in aws.stack.dead_letters(queue)] == []
    reviewed = in_memory.scan(aws.stack.deployed.resources["ReviewTable"])
    return {**aws.stack.tables.dump(), REVIEW: sorted(reviewed, key=repr)}


def handed_in(aws: Aws) -> Counter[str]:
    """Return how often each mail was announced, by its digest (`tests.dovecot.digest`), as the bucket has it."""
    bucket, s3 = aws.stack.deployed.resources["MailBucket"], boto3.client("s3")
    keys = Counter(json.loads(body)["key"] for body in _announced(aws))
    return Counter({digest(s3.get_object(Bucket=bucket, Key=key)["Body"].read()): count for key, count in keys.items()})


def clear(aws: Aws) -> None:
    """Forget what was handed in and done: as of a new stack, which would take longer to deploy.

    The mails stay in the bucket, where nobody finds them who is not told of them.
    """
    names = aws.stack.deployed.resources
    tables = dynamodb_backends[ACCOUNT][REGION].tables
    for table in ("SubscribersTable", "SuppressionsTable", "ReviewTable", "MailboxesTable"):
        tables[names[table]].items.clear()
    _announced(aws)
    apply_actions._review.cache_clear()  # it knows which groups are there


def _announced(aws: Aws) -> list[str]:
    """Take every message out of the mail queue: by SQS's own calls, moto would be at it for a minute."""
    url = aws.stack.deployed.resources["MailQueue"]
    queue = sqs_backends[ACCOUNT][REGION].get_queue(url.rpartition("/")[2])
    bodies = [message.body for message in queue._messages]
    queue._messages.clear()
    return bodies


def histories(state: dict[str, list[Any]]) -> Counter[str]:
    """Return how many reports were applied to each address."""
    items = [item for name, items in state.items() if name != REVIEW for item in items if "item" in item]
    return Counter(item["address"]["S"] for item in items if item["item"]["S"].startswith("report#"))


def told(mails: Iterable[Sent]) -> Counter[str]:
    """Return how many reports must be applied to each address."""
    return Counter(address for mail in mails for address in mail.told)
