"""`make faults` and `make faults-control`: the fault test for many seeds, and with something broken to be noticed."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from tests.stack.faults.run import FULL
from tests.stack.faults.sabotage import WAYS
from tests.stack.faults.side_by_side import outcomes
from tests.stack.faults.strikes import Rates

SEEDS: Final = 20
CONTROL_REPORTS: Final = 1_500
CONTROL_RATES: Final = Rates(before=0.05, after=0.20, late=0.8)
"""As many faults as else, of which ten times as many take effect late: that is what conditions are there for."""


def main() -> int:
    """Run, print each run's figures, and return 0 where all is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help=f"how many (default: {SEEDS})")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="the first of them (default: 1)")
    parser.add_argument("--reports", type=int, default=FULL, metavar="N", help=f"in each (default: {FULL})")
    parser.add_argument("--control", action="store_true", help="break one thing after another: each has to be noticed")
    arguments = parser.parse_args()
    if arguments.control:
        return _control()
    failed = 0
    for _, outcome in outcomes(range(arguments.first, arguments.first + arguments.seeds), arguments.reports):
        print(outcome.told(), flush=True)
        failed += bool(outcome.failures)
    print(f"{arguments.seeds - failed} of {arguments.seeds} seeds passed")
    return 1 if failed else 0


def _control() -> int:
    wrong = 0
    for broken, outcome in outcomes(range(1, 2), CONTROL_REPORTS, (None, *WAYS), CONTROL_RATES):
        if broken is None:
            print(f"with nothing broken: {outcome.told()}", flush=True)
            wrong += bool(outcome.failures)
            continue
        noticed = bool(outcome.differences or outcome.waiting)
        said = "noticed" if noticed else "NOT NOTICED"
        print(f"without its {broken}: {said}, {len(outcome.differences)} differences", flush=True)
        for line in outcome.differences[:2]:
            print(f"  {line[:200]}")
        wrong += not noticed
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
