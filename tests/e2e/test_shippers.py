"""A real syslog-ng with the generated configuration, and `bounces push`: whatever breaks, each record arrives once.

moto keeps the stack's state in the memory of this process. So the stack is stopped as a sender sees it, which is what
is tested here: its HTTP door closes its port, the process of its function ends, and both start again, on the same port
and with the state that there was.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from bounces.store import Store
from bounces_cli.main import main
from local.http_api import HttpApi
from local.http_door import HttpDoor
from local.stack import Stack, running
from tests.e2e import syslog_ng
from tests.e2e.accounting_files import AccountingFiles, rows
from tests.e2e.syslog_ng import REOPEN_SECONDS, SyslogNg
from tests.patience import until
from tests.stack.in_memory import without_clock

PORTIONS = 10
# What API Gateway says for a function that it cannot reach, and an answer at which syslog-ng by itself drops the rows.
REFUSALS = (503, 422)
DUPLICATE = "duplicate, nothing changed"
NOTHING_TO_TAKE = "delivered, no soft bounce to take away"

pytestmark = pytest.mark.skipif(syslog_ng.why_not() is not None, reason=str(syslog_ng.why_not()))


class Applied:
    """What the functions say that they applied, by report."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def changes(self) -> Counter[str]:
        """Return how often each report was applied: once, however often it came.

        A delivery with nothing to take away changes nothing, and is looked at each time.
        """
        found: Counter[str] = Counter()
        for line in self._log.read_bytes().splitlines():
            if b"verdict applied" in line:
                told = json.loads(line)
                found[told["report"]] += told["words"] not in (DUPLICATE, NOTHING_TO_TAKE)
        return found

    def wait(self, count: int, seconds: float, shipper: SyslogNg) -> None:
        """Wait until `count` reports are applied."""
        until(
            lambda: len(self.changes()) >= count,
            seconds,
            lambda: f"{len(self.changes())} of {count} arrived; syslog-ng: {shipper.log()[-2000:]}",
        )


@contextmanager
def door_away(stack: Stack) -> Iterator[int]:
    """Stop the stack's HTTP door and its function, yield the port that nobody listens on, and start both again."""
    port = stack.http_port
    stack.http_door.stop()
    functions = {each.configuration.arn: each for each in stack.functions.values()}
    stack.functions["IngestPushFunction"].stop()
    try:
        yield port
    finally:
        stack.functions["IngestPushFunction"].start()
        stack.http_door = HttpDoor(HttpApi.of(stack.deployed.resources["PushApi"]), functions, port)
        stack.http_door.start()


@contextmanager
def refusing(port: int) -> Iterator[list[int]]:
    """Answer the requests on `port` with REFUSALS in turn, and yield what was answered."""
    answered: list[int] = []

    class Unavailable(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answered.append(REFUSALS[len(answered) % len(REFUSALS)])
            self.send_response(answered[-1])
            self.send_header("Retry-After", "5")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Unavailable)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield answered
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def contents(stack: Stack) -> dict[str, list[str]]:
    """Return every item of the two tables in a fixed order, without `raw`, which says in which request it came, and
    without what a clock has put there.
    """
    found: dict[str, list[str]] = {}
    for name in ("SubscribersTable", "SuppressionsTable"):
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=stack.deployed.resources[name])
        items = [item for page in pages for item in page["Items"]]
        found[name] = sorted(
            json.dumps({**without_clock(item), "raw": None}, sort_keys=True, default=sorted) for item in items
        )
    return found


def subscribe(stack: Stack, count: int) -> None:
    """Put every tenth address on a list that it can be taken from."""
    store = Store(stack.deployed.resources["SubscribersTable"], stack.deployed.resources["SuppressionsTable"])
    for number, (_, values) in enumerate(rows(count, seed=count)):
        if number % 10 == 0:
            store.subscribe(values["rcpt"], "news", f"s{number}")


def dead_letters(stack: Stack) -> dict[str, int]:
    urls = {name: url for name, url in stack.deployed.resources.items() if name.endswith("DeadLetterQueue")}
    return {name: stack.waiting(url) for name, url in urls.items()}


@pytest.mark.parametrize(
    ("count", "reopen_seconds"), [(500, 1), pytest.param(20_000, REOPEN_SECONDS, marks=pytest.mark.full)]
)
def test_each_record_arrives_once_whatever_breaks(
    count: int,
    reopen_seconds: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = 600 + count / 5  # of patience: a busy machine applies ten a second
    portion = count // PORTIONS
    records = rows(count, seed=count)
    deliveries = sum(kind == "d" for kind, _ in rows(count, seed=count))
    log = tmp_path / "functions.log"
    own = tmp_path / "syslog-ng"
    own.mkdir()
    with log.open("ab") as written, running(aws_port=0, smtp_port=0, http_port=0, log=written) as stack:
        subscribe(stack, count)
        shipper = SyslogNg(own, tmp_path / "pmta", stack.push_url, reopen_seconds)
        shipper.set_token(stack.push_token())
        files = AccountingFiles(shipper.powermta.text)
        applied = Applied(log)
        shipper.start()
        try:
            ship(stack, shipper, files, applied, records, portion, seconds)
        finally:
            shipper.stop()
        assert stack.settle(seconds)
        shipped = contents(stack)
        changes = applied.changes()
        assert len(changes) == count
        assert Counter(changes.values()) == {1: count - deliveries, 0: deliveries}
        assert set(dead_letters(stack).values()) == {0}
        token_in_log = stack.push_token() in shipper.log() + log.read_text("utf-8", "replace")
        assert not token_in_log
    reports = [item for item in shipped["SubscribersTable"] if '{"S": "report#' in item]
    assert len(reports) == count - deliveries

    # The same files, in another stack, by hand.
    with running(aws_port=0, smtp_port=0, http_port=0) as stack:
        subscribe(stack, count)
        monkeypatch.setenv("BOUNCES_PUSH_TOKEN", stack.push_token())
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        assert main(["push", *map(str, files.all()), "--to", stack.push_url]) == 0
        assert stack.settle(seconds)
        told = capsys.readouterr().out
        assert sum(int(line.split()[1].replace(",", "")) for line in told.splitlines()) == count
        assert contents(stack) == shipped


def ship(
    stack: Stack,
    shipper: SyslogNg,
    files: AccountingFiles,
    applied: Applied,
    records: Iterator[Any],
    portion: int,
    seconds: float,
) -> None:
    """Write all `records` in portions, and break one thing after the other between them."""
    done = 0

    def write(portions: int = 1) -> None:
        nonlocal done
        files.write(records, portions * portion)
        done += portions * portion

    write()
    applied.wait(done, seconds, shipper)

    files.rotate()  # while all is well
    write()
    applied.wait(done, seconds, shipper)

    with door_away(stack):  # the stack is down
        write()
        files.rotate()
        write()
        until(lambda: "error sending HTTP request" in shipper.log())
    applied.wait(done, seconds, shipper)

    with door_away(stack) as port, refusing(port) as answered:  # there, and of no use
        write()
        until(lambda: len(answered) >= 2 * len(REFUSALS))
    applied.wait(done, seconds, shipper)

    shipper.stop()  # restarted, with a rotation in between
    write()
    files.rotate()
    write()
    shipper.start()
    applied.wait(done, seconds, shipper)

    before = done
    for wrong in ("not-the-token", ""):
        refused = shipper.log().count("401")
        shipper.set_token(wrong)
        write()
        until(lambda: shipper.log().count("401") > refused)  # noqa: B023  called at once
        time.sleep(shipper.reopen_seconds / 2)
        assert len(applied.changes()) == before
    shipper.set_token(stack.push_token())
    write()
    applied.wait(done, seconds, shipper)
