"""Scans of a mailbox into the local stack: each in a process of its own (`mailbox_scanner`), and what came of them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
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
from local import aws_door, endpoint
from local.endpoint import ACCOUNT, REGION
from tests.dovecot import Dovecot, digest
from tests.e2e.mailbox_jobs import Job, Strike
from tests.e2e.mailbox_mails import Sent
from tests.stack import deployed, in_memory

ROOT: Final = Path(__file__).resolve().parents[2]
_PATH: Final = os.pathsep.join(["layers/patterns", "cli"])
REVIEW: Final = "review"
BATCH_MESSAGES: Final = 25
LEASE_SECONDS: Final = 0.5
"""Short, so that a scan after one that was killed waits for no more than that."""
PATIENCE_SECONDS: Final = 600.0


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
    """The stack in this process's memory, and what forks a process for each scan into it."""

    stack: deployed.Stack
    scanner: Scanner


class Scanner:
    """A process that has loaded what a scan needs (`mailbox_scanner`), and forks one for each."""

    def __init__(self, url: str, folder: Path) -> None:
        """Lead it to the AWS at `url`. Each scan has a folder of its own in `folder`."""
        self._folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.mailbox_scanner"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **endpoint.environment(0), "AWS_ENDPOINT_URL": url, "PYTHONPATH": _PATH},
            text=True,
        )

    def scan(self, its: Job) -> Scan:
        """Begin a scan."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps({"folder": str(folder), "job": asdict(its)}), file=self._process.stdin, flush=True)
        return Scan(int(self._process.stdout.readline()), folder)

    def end(self) -> None:
        """End it; no scan may be under way."""
        self._process.communicate()


@contextmanager
def aws() -> Iterator[Aws]:
    """Have the stack, its AWS open to other processes, and a scanner, until left."""
    with (
        tempfile.TemporaryDirectory(prefix="scans-") as folder,
        deployed.stack() as stack,
        aws_door.opened(endpoint.HOST) as door,
    ):
        scanner = Scanner(door.url, Path(folder))
        try:
            yield Aws(stack, scanner)
        finally:
            scanner.end()


class Scan:
    """A scan under way, in the process `pid`, which stays to be seen when it has ended."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid, self._folder = pid, folder

    def ended(self) -> Ended:
        """Wait for its end, and return what it told."""
        state, status = self._wait_for("Z")
        assert (state, status) == ("Z", 0), f"{state} {status}: {self._log()}"
        said = json.loads((self._folder / "told").read_text())
        return Ended(said["outcome"], said["error"] and tuple(said["error"]), said["grown_bytes"])

    def was_killed(self) -> bool:
        """Wait for its end, and say whether it was killed: else its strike was not reached."""
        _, status = self._wait_for("Z")
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def is_stopped(self) -> bool:
        """Wait until it has stopped itself, and say whether it did rather than end."""
        return self._wait_for("TZ")[0] == "T"

    def go_on(self) -> None:
        """Have it go on where it stopped."""
        os.kill(self._pid, signal.SIGCONT)

    def end(self) -> None:
        """End it, however it is."""
        os.kill(self._pid, signal.SIGKILL)
        self._wait_for("Z")

    def _wait_for(self, states: str) -> tuple[str, int]:
        """Wait until it is in one of `states` (Z ended, T stopped), and return which, and what it ended by."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
            if fields[0] in states:
                return fields[0], int(fields[-1])  # the last is what waitpid(2) would tell
            assert time.monotonic() < end, f"still in state {fields[0]}: {self._log()}"
            time.sleep(0.01)

    def _log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")[-4000:]


def batch_mails(count: int) -> int:
    """Return how many mails of `count` make a batch: a tenth, so that few are as many batches as a test needs."""
    return min(BATCH_MAILS, max(1, count // 10))


def job(aws: Aws, mailbox: dict[str, Any], password: str, count: int) -> Job:
    """Return the job to scan `mailbox`, of `count` mails, into the stack of `aws`."""
    its = aws.stack.deployed.resources
    places = (its["MailBucket"], its["MailQueue"], its["MailboxesTable"])
    return Job(mailbox, password, *places, "last", LEASE_SECONDS, batch_mails(count))


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
    """Return a kill for each of `methods`, in some order, in scans of a mailbox of `count` mails.

    Each lets so few batches be done with, and one more where it comes late, that there are enough for the others.
    """
    draw = random.Random(f"strikes {seed}")
    batches = (count // batch_mails(count) - 1) // len(methods) - 1
    assert batches > 0, f"{count} mails are too few for {len(methods)} kills"
    return [
        Strike(
            method,
            draw.randint(1, batches * batch_mails(count) if method == "fetch" else batches),
            draw.choice(("before", "during", "after")),
            delay=draw.uniform(0, 0.02),
        )
        for method in draw.sample(list(methods), len(methods))
    ]


def killed_and_ended(aws: Aws, its: Job, kills: Iterable[Strike]) -> Ended:
    """Scan once for each of `kills`, at which the process is killed, and then to the end."""
    for number, strike in enumerate(kills):
        print(f"killed at {strike}")
        killed(aws, replace(its, owner=f"killed {number}", strike=strike))
    return ended(aws, its)


def killed(aws: Aws, its: Job) -> None:
    """Scan, as soon as another scan's lease does not stand against it, until its strike kills it."""
    while not (scan := aws.scanner.scan(its)).was_killed():
        _require_busy(scan.ended())


def ended(aws: Aws, its: Job) -> Ended:
    """Scan until another scan's lease does not stand against it, and to the end."""
    while (told := aws.scanner.scan(its).ended()).kind == "MailboxBusy":
        _require_busy(told)
    return told


def _require_busy(told: Ended) -> None:
    """Wait until a lease may have run out that stands against a scan; nothing else may."""
    assert told.kind == "MailboxBusy", told
    time.sleep(LEASE_SECONDS / 4)


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
    reviewed = in_memory.stated(aws.stack.deployed.resources["ReviewTable"])
    return {**aws.stack.tables.dump(), REVIEW: reviewed}


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
