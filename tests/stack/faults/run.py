"""One run of the fault test: a scenario without faults, then with them, and what came of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moto.moto_api._internal import mock_random

from local import aws_door
from local.deploy import deploy
from local.endpoint import HOST
from tests.quick_aws import collect_seldom
from tests.stack import in_memory
from tests.stack.faults import compare, handlers
from tests.stack.faults.compare import Left
from tests.stack.faults.driver import Counts, Driver
from tests.stack.faults.scenario import Scenario, scenario
from tests.stack.faults.strikes import USUAL, Rates
from tests.stack.faults.tally import SERVICES, Tally

FULL: Final = 10_000
LEAST_FAULTS: Final = 1_000
"""Faults that must have struck in a run of `FULL` reports; in a smaller one as many in proportion."""
STRUCK: Final = ("before", "after", "late", "killed before", "killed amid", "killed after")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. `differences` and `waiting` are empty where the test has passed."""

    seed: int
    reports: int
    scenario: Scenario
    expected: Left
    differences: list[str]
    waiting: Mapping[str, int]
    tally: Mapping[tuple[str, str], int]
    counts: Counts
    seconds: tuple[float, float]  # without faults, with them

    @property
    def faults(self) -> int:
        """Return how many faults struck."""
        return sum(count for (_, fault), count in self.tally.items() if fault in STRUCK)

    @property
    def failures(self) -> list[str]:
        """Return why the test has failed, a line each; none where it has passed."""
        lines = [f"{len(self.differences)} differences"] if self.differences else []
        lines += self.differences[: compare.SHOWN]
        lines += [f"{count} messages wait in {queue}" for queue, count in self.waiting.items()]
        least = LEAST_FAULTS * self.reports / FULL
        if self.faults < least:
            lines.append(f"only {self.faults} faults struck, of {least:.0f} at least")
        return lines

    def told(self) -> str:
        """Return the run's figures, for people."""
        lines = [
            f"seed {self.seed}: {'FAILED' if self.failures else 'passed'}; {self.reports} reports in "
            f"{len(self.scenario.messages)} messages, delivered {sum(map(len, self.scenario.delivered()))} times; "
            f"{self.faults} faults; {len(self.expected.items)} items; "
            f"{self.seconds[0]:.0f} s without faults, {self.seconds[1]:.0f} s with them"
        ]
        for service in SERVICES:
            said = ", ".join(f"{self.tally[service, fault]} {fault}" for fault in STRUCK)
            lines.append(f"  {service}: {self.tally[service, 'requests']} requests, {said}")
        its = self.counts
        lines.append(
            f"  the process was killed {its.killed} times; {its.failed_batches} batches came again in part, "
            f"{its.deletes_lost} as a whole, {its.pushed_again} pushes; "
            f"{its.redriven} messages were redriven from dead-letter queues"
        )
        return "\n".join(lines + [f"  {line}" for line in self.failures])


def run(seed: int, reports: int, *, sabotage: str | None = None, rates: Rates = USUAL) -> Outcome:
    """Run the scenario number `seed` of `reports` reports twice, and compare."""
    its = scenario(seed, reports)
    collect_seldom()
    start = time.monotonic()
    expected = _without_faults(its)
    between = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, in_memory.aws(), aws_door.opened(HOST) as door:
        mock_random.seed(0)
        deployed = deploy()
        tally = Path(folder) / "tally"
        Tally(tally)
        with handlers.struck(deployed, door, seed=seed, rates=rates, tally=tally, sabotage=sabotage) as struck:
            driver = Driver(deployed, struck, seed)
            driver.run_as_delivered(its)
        found, waiting = compare.left_by(deployed), driver.waiting()
        return Outcome(
            seed=seed,
            reports=reports,
            scenario=its,
            expected=expected,
            differences=compare.differences(expected, found),
            waiting=waiting,
            tally=Tally(tally).counts(),
            counts=driver.counts(),
            seconds=(between - start, time.monotonic() - between),
        )


def _without_faults(its: Scenario) -> Left:
    with in_memory.aws():
        # Physical names are drawn; a report says in which bucket its mail is.
        mock_random.seed(0)
        deployed = deploy()
        driver = Driver(deployed, handlers.Direct(deployed), its.seed)
        driver.run_in_order(its)
        assert driver.waiting() == {}, "something cannot be used even where nothing fails"
        return compare.left_by(deployed)
