"""What the mails of a scan mean: each judged once, whoever asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from bounces.patterns import Classifier
from bounces.reading import Reading
from bounces.records import Verdict

KEPT: Final = 1_000
"""Mails whose verdicts are kept: those of a batch, between its handing in and its being told."""


class Judge:
    """Judges what mails were read as."""

    def __init__(self, classifier: Classifier) -> None:
        """Judge by `classifier`."""
        self._classify = classifier.classify
        self._judged: OrderedDict[int, tuple[Reading, list[Verdict]]] = OrderedDict()

    def verdicts(self, reading: Reading) -> Sequence[Verdict]:
        """Return the verdicts on the reports of `reading`."""
        known = self._judged.get(id(reading))
        if known is not None:  # the reading is kept, so no other one has its id
            return known[1]
        verdicts = [self._classify(report) for report in reading.reports]
        self._judged[id(reading)] = reading, verdicts
        if len(self._judged) > KEPT:
            self._judged.popitem(last=False)
        return verdicts
