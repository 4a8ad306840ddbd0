"""The push door over HTTP, on the whole stack: records end in the tables, and no body costs much or stops the next."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bounces.store import State, Store
from local.stack import Stack
from tests.stack.hostile_pushes import CASES, MIB, long_file
from tests.stack.pushes import CSV, rows

SECONDS = 1.0
MEMORY = 256 * MIB
SAMPLE = Path(__file__).parents[2] / "events" / "pushes" / "bounces.csv"


@dataclass(frozen=True)
class Pusher:
    """Whoever pushes to the stack."""

    stack: Stack

    def push(self, body: bytes, token: str | None = None, mta: str = "powermta", **headers: str) -> tuple[int, Any]:
        """Post `body`, and return the answer's status and what it tells."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.http_port, timeout=40)
        given = {"Authorization": f"Bearer {self.stack.push_token() if token is None else token}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request("POST", f"/v1/push/{mta}", body, given)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


@pytest.fixture
def pusher(stack: Stack) -> Pusher:
    return Pusher(stack)


def test_the_sample_file_changes_who_it_names_once(stack: Stack, store: Store, pusher: Pusher) -> None:
    for address in ("ada@example.org", "blaise@example.org"):
        store.subscribe(address, "news")
    status, told = pusher.push(SAMPLE.read_bytes(), Content_Type="text/csv")
    assert (status, told["accepted"], told["ignored"]) == (200, 3, {"t": 1})
    assert stack.settle()
    assert store.status("ada@example.org").state is State.HARD_BOUNCED
    assert store.status("blaise@example.org").state is State.SOFT_BOUNCING
    assert store.status("nikola@example.net").state is State.ACTIVE
    assert [membership.is_subscribed for membership in store.memberships("ada@example.org")] == [False]
    (past,) = store.history("ada@example.org")
    assert past.source == "powermta"
    assert past.raw is not None
    assert past.raw.startswith(f"s3://{stack.deployed.resources['MailBucket']}/pushed/")
    assert past.raw.endswith("#2")
    packed = gzip.compress(SAMPLE.read_bytes())
    assert pusher.push(packed, Content_Type=CSV, Content_Encoding="gzip")[1]["accepted"] == 3
    assert stack.settle()
    assert store.history("ada@example.org") == (past,)
    assert store.status("blaise@example.org").days("address") == 1


@pytest.mark.parametrize(
    ("size", "packed", "status", "key"),
    [
        (4_400_000, False, 413, "error"),
        (5_000_000, False, 413, "message"),  # API Gateway's: the event is over 6 MB
        (11_000_000, False, 413, "message"),
        (4_400_000, True, 200, "accepted"),
        (5_000_000, True, 200, "accepted"),
        (11_000_000, True, 200, "accepted"),
    ],
)
def test_long_bodies_get_an_answer_and_the_next_is_taken(
    pusher: Pusher, size: int, packed: bool, status: int, key: str
) -> None:
    plain = long_file(size, 3_000)  # few records, since all that are taken are waited for in the end
    body = gzip.compress(plain) if packed else plain
    answered, told = pusher.push(body, Content_Type=CSV)
    assert (answered, key in told) == (status, True)
    assert pusher.push(rows(2))[1]["accepted"] == 2


def test_no_token_and_a_wrong_one_are_told_and_the_records_arrive_with_the_right_one(pusher: Pusher) -> None:
    assert pusher.push(rows(3, 500), token="")[0] == 401
    assert pusher.push(rows(3, 500), token="wrong")[0] == 401
    assert pusher.push(rows(3, 500))[1]["accepted"] == 3
    assert pusher.stack.settle(600)  # of the long bodies before, too
    assert all(not pump.failed for pump in pusher.stack.pumps.values())


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_no_body_costs_much(pusher: Pusher, name: str) -> None:
    make, content_type, encoding, status, _ = CASES[name]
    body = make()
    pusher.push(b"")
    worker = Path("/proc") / str(_worker(pusher.stack))
    (worker / "clear_refs").write_text("5")  # the peak begins anew
    before = _peak(worker)
    headers = {"Content_Type": content_type} | ({"Content_Encoding": encoding} if encoding else {})
    token = pusher.stack.push_token()
    spent_before, start = _cpu_seconds(worker), time.perf_counter()
    answered, told = pusher.push(body, token, **headers)
    waited, spent = time.perf_counter() - start, _cpu_seconds(worker) - spent_before
    grown = _peak(worker) - before
    print(f"{name}: {answered}, {spent:.2f} s of a core, {waited:.2f} s in all, {(before + grown) / MIB:.0f} MiB")
    assert answered == status, told
    assert spent < SECONDS
    assert before + grown < MEMORY


def _worker(stack: Stack) -> int:
    worker = stack.functions["IngestPushFunction"]._worker
    assert worker is not None
    return worker.pid


def _cpu_seconds(worker: Path) -> float:
    """Return the processor time that the process has had."""
    fields = (worker / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(worker: Path) -> int:
    """Return the largest size that the process had, in bytes."""
    (line,) = [line for line in (worker / "status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
