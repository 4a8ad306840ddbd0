"""A scan of a mailbox in a process of its own, which ends or stops itself where a test wants it to.

Standard input gives a `Job` as JSON. Standard output gets a `Told` as JSON, unless the process is killed. AWS is where
the environment leads.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from bounces.aws.mailbox_door import StackDoor
from bounces.aws.mailbox_state import TableState
from bounces.errors import MailboxError
from bounces.mailbox.mailboxes import Filing, Folders, Mailbox, Password, Protocol, Security
from bounces.mailbox.opening import open_session
from bounces.mailbox.scanning import Limits, scan
from tests.e2e.mailbox_jobs import Job, Strike, Told, job_from

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
    return Told(asdict(outcome), None, _peak() - before)


def _peak() -> int:
    """Return the most memory that the process had so far, in bytes (Linux counts in KiB: getrusage(2))."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    print(json.dumps(asdict(run(job_from(sys.stdin.read())))))
