"""Scans of a mailbox, each in a process of its own, which ends or stops itself where a test wants it to.

Each line of standard input is a folder and a `Job`, as JSON: a process is forked for it, whose id is a line of
standard output. It leaves a `Told` as JSON in the folder's `told`, unless it is killed, and in `log` what it logged.
What it ended by stays to be seen until this process ends (proc_pid_stat(5)). AWS is where the environment leads.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

import boto3

from bounces.aws import clients
from bounces.aws.mailbox_door import StackDoor
from bounces.aws.mailbox_state import TableState
from bounces.errors import MailboxError
from bounces.mailbox import batches, imap, pop3_login  # noqa: F401  # else each process would load them
from bounces.mailbox.mailboxes import Filing, Folders, Mailbox, Password, Protocol, Security
from bounces.mailbox.opening import open_session
from bounces.mailbox.scanning import Limits, scan
from tests.e2e.mailbox_jobs import Job, Strike, Told, job_from
from tests.quick_aws import quick_clients

SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class _Struck:
    """`target`, of which each call is counted and may be the last."""

    def __init__(self, target: Any, strike: Strike, calls: Counter[str]) -> None:
        self._target, self._strike, self._calls = target, strike, calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        return self._counted(name, found) if name == self._strike.method else found

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._calls[name] += 1
            is_it = self._calls[name] == self._strike.at
            if is_it and self._strike.when == "during":
                threading.Timer(self._strike.delay, self._act).start()
            if is_it and self._strike.when == "before":
                self._act()
            answer = method(*args, **kwargs)
            if is_it and self._strike.when == "after":
                self._act()
            return answer

        return call

    def _act(self) -> None:
        os.kill(os.getpid(), SIGNALS[self._strike.act])


def _mailbox(its: dict[str, Any]) -> Mailbox:
    kinds: dict[str, Callable[[Any], Any]] = {
        "protocol": Protocol,
        "security": Security,
        "filing": Filing,
        "folders": lambda names: Folders(**names),
    }
    return Mailbox(**{name: kinds[name](value) if name in kinds else value for name, value in its.items()})


def run(job: Job) -> Told:
    """Scan as `job` says."""
    before, calls = _peak(), Counter[str]()
    mailbox = _mailbox(job.mailbox)
    batches.BATCH_MAILS = job.batch_mails  # type: ignore[misc]  # of this process alone

    def struck(target: Any) -> Any:
        return target if job.strike is None else _Struck(target, job.strike, calls)

    try:
        outcome = scan(
            mailbox.name,
            lambda: struck(open_session(mailbox, Password(job.password))),
            struck(StackDoor(job.bucket, job.queue_url)),
            struck(TableState(job.table, mailbox.name, job.owner, lease_seconds=job.lease_seconds)),
            limits=Limits(job.mails, job.seconds),
        )
    except MailboxError as error:
        return Told(None, (type(error).__name__, str(error)), _peak() - before)
    places = {str(place): count for place, count in outcome.places.items()}
    told = {name: getattr(outcome, name) for name in ("taken", "known", "unfiled", "is_finished")}
    return Told({**told, "places": places}, None, _peak() - before)


def _peak() -> int:
    """Return the most memory that the process had so far, in bytes (Linux counts in KiB: getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _live(folder: Path, job: Job) -> NoReturn:
    """Be the process of one scan."""
    code = 1
    try:
        log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        (folder / "told").write_text(json.dumps(asdict(run(job))))
        code = 0
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Fork a process for each job that is asked for."""
    clients.s3(), clients.sqs(), boto3.client("dynamodb")  # each process has its description loaded then
    quick_clients()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(Path(asked["folder"]), job_from(asked["job"]))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
