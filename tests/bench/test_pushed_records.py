"""The push door reads far more than it is sent: a Lambda answers within 10 s, also for the largest body."""

from __future__ import annotations

import pytest

from bounces.reading.accounting.limits import MAX_RECORDS
from tests.bench.pushed_records import FORMS, measure
from tests.machine import quickest

RECORDS = 4_000
SECONDS = 10  # Logstash's socket_timeout, after which it sends the same again


@pytest.mark.parametrize("form", FORMS)
def test_the_largest_body_is_read_in_a_part_of_the_time_that_a_shipper_waits(form: str) -> None:
    assert quickest(lambda: _seconds(form), SECONDS / 2) <= SECONDS / 2


def _seconds(form: str) -> float:
    """Return how long the largest body takes, from the rate at which `RECORDS` are read."""
    rate, _ = measure(form, RECORDS)
    print(f"{form}: {rate:,.0f} records a second")
    return MAX_RECORDS / rate
