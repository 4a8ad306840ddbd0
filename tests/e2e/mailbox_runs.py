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
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import boto3

from bounces.mailbox.batches import BATCH_MAILS
from local.stack import Stack
from tests.dovecot import Dovecot
from tests.e2e.mailbox_mails import Sent
from tests.e2e.mailbox_scanner import Job, Strike
from tests.stack import in_memory

ROOT: Final = Path(__file__).resolve().parents[2]
TABLES: Final = {"SubscribersTable": ("address", "item"), "SuppressionsTable": ("address",)}
REVIEW: Final = ("part", "item")
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


class Scan:
    """A scan under way."""

    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.mailbox_scanner"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["layers/patterns", "cli"])},
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


def job(stack: Stack, mailbox: dict[str, Any], password: str, owner: str, strike: Strike | None = None) -> Job:
    """Return the job to scan `mailbox` into `stack`."""
    its = stack.deployed.resources
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


def killed_and_ended(its: Job, kills: Iterable[Strike]) -> Ended:
    """Scan once for each of `kills`, at which the process is killed, and then to the end."""
    for number, strike in enumerate(kills):
        print(f"killed at {strike}")
        assert _after_lease(replace(its, owner=f"killed {number}", strike=strike)).was_killed(), strike
    return ended(its)


def ended(its: Job) -> Ended:
    """Scan until another scan's lease does not stand against it, and to the end."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (told := Scan(its).ended()).kind == "MailboxBusy":
        assert time.monotonic() < end, told
        time.sleep(LEASE_SECONDS / 4)
    return told


def _after_lease(its: Job) -> Scan:
    """Return a scan that begins when the lease of one that was killed has run out."""
    time.sleep(LEASE_SECONDS * 1.25)
    return Scan(its)


def state(stack: Stack) -> dict[str, list[Any]]:
    """Return every item of the tables, once every queue is empty; nothing may have failed."""
    assert stack.settle(PATIENCE_SECONDS)
    assert all(not pump.failed for pump in stack.pumps.values())
    names = stack.deployed.resources
    for name, url in names.items():
        if name.endswith("DeadLetterQueue"):
            assert stack.waiting(url) == 0, name
    return {name: sorted(in_memory.scan(names[name]), key=repr) for name in (*TABLES, "ReviewTable")}


def histories(state: dict[str, list[Any]]) -> Counter[str]:
    """Return how many reports were applied to each address."""
    items = state["SubscribersTable"]
    return Counter(item["address"]["S"] for item in items if item["item"]["S"].startswith("report#"))


def told(mails: Iterable[Sent]) -> Counter[str]:
    """Return how many reports must be applied to each address."""
    return Counter(address for mail in mails for address in mail.told)


def clear(stack: Stack) -> None:
    """Forget every mail, and what was done about it."""
    names = stack.deployed.resources
    for name, keys in {**TABLES, "ReviewTable": REVIEW}.items():
        in_memory.clear(names[name], keys)
    bucket = boto3.resource("s3").Bucket(names["MailBucket"])
    bucket.objects.all().delete()
