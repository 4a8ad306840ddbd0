"""What became of each mail, as the functions themselves say it: in the messages that they handled and in their log."""

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bounces import envelopes
from bounces.errors import RecordError
from bounces.records import Verdict
from local.pump import Batch

APPLIES: Final = "ApplyActionsFunction"


@dataclass(frozen=True, slots=True)
class Applied:
    """A verdict that was applied, and in words what was done."""

    verdict: Verdict
    done: str

    @property
    def key(self) -> str:
        """The key of the mail in the bucket."""
        return (self.verdict.report.raw or "").partition("://")[2].partition("/")[2]


class Journal:
    """Collects verdicts from the batches of `apply_actions`, and the rest from the functions' log at `log`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._verdicts: list[Verdict] = []
        self._read = 0  # bytes of the log
        self._words: dict[str, deque[str]] = defaultdict(deque)
        self._unreported: dict[str, str] = {}
        self._lock = threading.Lock()

    def note(self, function: str, batch: Batch) -> None:
        """Take in a batch that was handled. Called by the pumps' threads."""
        if function != APPLIES:
            return
        for record in batch.event["Records"]:
            if record["messageId"] not in batch.failed:
                try:
                    opened = envelopes.unpack(Verdict, record["body"])
                except RecordError:
                    continue  # the function has sent it to the dead-letter queue
                with self._lock:
                    self._verdicts += opened.records

    def new(self) -> list[Applied]:
        """Return what was applied since the last call, in order."""
        with self._lock:
            verdicts, self._verdicts = self._verdicts, []
        self._read_log()
        return [Applied(verdict, self._done(verdict)) for verdict in verdicts]

    def unreported(self) -> dict[str, str]:
        """Return the keys of the mails that gave no report, and why."""
        self._read_log()
        return dict(self._unreported)

    def _done(self, verdict: Verdict) -> str:
        words = self._words[verdict.report.id]
        return words.popleft() if words else "not applied: see the functions' log"

    def _read_log(self) -> None:
        with self._log.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if line.endswith(b"\n"):
                    self._read += len(line)
                    self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            told: Any = json.loads(line)
        except ValueError:
            return
        if not isinstance(told, dict):
            return
        if told.get("message") == "verdict applied":
            self._words[told["report"]].append(told["words"])
        elif told.get("message") == "mail without a report stays in the bucket":
            self._unreported[told["key"]] = f"{told['kind']}: {told['reason']}"
