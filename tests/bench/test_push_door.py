"""From request to SQS: every record arrives, and costs few requests."""

from __future__ import annotations

import pytest

from tests.bench.push_door import BATCH, FORMS, PER_REQUEST, measure


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("records", [3_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_records_cost_few_requests(form: str, records: int) -> None:
    figures = measure(form, records, keeps=True)
    print(f"{form}: {records / figures.seconds:,.0f} records a second, {dict(figures.requests)}")
    assert len(figures.ids) == records
    assert figures.requests["SendMessageBatch"] <= records / PER_REQUEST
    assert figures.requests["PutObject"] == records / BATCH
    assert set(figures.requests) == {"SendMessageBatch", "PutObject"}
