"""The whole way with faults in every request and a process that is killed: it ends as if nothing had ever failed."""

from __future__ import annotations

import pytest

from tests.stack.faults.run import FULL
from tests.stack.faults.side_by_side import outcomes


@pytest.mark.parametrize(
    ("seeds", "reports"), [(range(1, 4), 1_500), pytest.param(range(1, 3), FULL, marks=pytest.mark.full)]
)
def test_what_faults_strike_ends_as_if_none_had(seeds: range, reports: int) -> None:
    for _, outcome in outcomes(seeds, reports):
        print(outcome.told())
        assert outcome.failures == []
