"""What the functions log and count, read back from what they print."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest import mock

import pytest

from bounces.aws import telemetry

PROBLEMS: Final = ("WARNING", "ERROR", "CRITICAL")


class Said:
    """The log lines and metrics that were said while it listened."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Begin with nothing said; metrics are printed to where `capsys` reads."""
        self._capsys = capsys
        self._metrics = ""
        self._logs = io.StringIO()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take what is logged meanwhile."""
        with mock.patch.object(telemetry.logger.registered_handler, "stream", self._logs):
            yield

    @property
    def everything(self) -> str:
        """Return what was said, as it was."""
        self._metrics += self._capsys.readouterr().out
        return self._logs.getvalue() + self._metrics

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.everything.splitlines()]

    def warnings(self) -> list[dict[str, Any]]:
        """Return the log lines that say of a problem."""
        return [line for line in self._lines() if line.get("level") in PROBLEMS]

    def lines_of(self, key: str) -> list[dict[str, Any]]:
        """Return the log lines on the mail at `key`."""
        return [line for line in self._lines() if line.get("key") == key]

    @property
    def counted(self) -> Counter[str]:
        """Return the metrics' sums, by name."""
        sums: Counter[str] = Counter()
        for line in self._lines():
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                assert directive["Namespace"] == telemetry.NAMESPACE
                for metric in directive["Metrics"]:
                    values = line[metric["Name"]]
                    sums[metric["Name"]] += int(sum(values) if isinstance(values, list) else values)
        return sums

    @property
    def rejected(self) -> dict[str, int]:
        """Return how many were set aside, by the name of the error."""
        sums: Counter[str] = Counter()
        for line in self._lines():
            if telemetry.REJECTED in line:
                values = line[telemetry.REJECTED]
                sums[line["reason"]] += int(sum(values) if isinstance(values, list) else values)
        return dict(sums)
