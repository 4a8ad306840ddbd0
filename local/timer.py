"""What EventBridge Scheduler does with a schedule: invokes its function, again and again.

It invokes a function without waiting for its answer; here one invocation follows another, so that a run that takes
longer than the rate puts the next one off. A function's failure is logged, and changes nothing: the next time comes.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from local.function import FunctionError
from local.schedule import Schedule, event

STOPPING_SECONDS: Final = 0.2  # between one try to end an invocation and the next

_log = logging.getLogger(__name__)


class Invoked(Protocol):
    """A function, as the schedule needs it."""

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Return the function's answer, or raise `FunctionError`."""

    def kill(self) -> None:
        """End the invocation under way, which then raises `FunctionError`."""


class Timer:
    """Invokes one function on its schedule, in a thread of its own between `start` and `stop`."""

    def __init__(
        self, schedule: Schedule, function: Invoked, *, on_run: Callable[[Any], None] = lambda _answer: None
    ) -> None:
        """Take an enabled `schedule`; `on_run` is told each answer of `function`. Raises `TemplateError`."""
        self.schedule = schedule
        self._seconds = schedule.seconds
        self._function = function
        self._on_run = on_run
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"schedule {schedule.name}", daemon=True)

    def start(self) -> None:
        """Begin, with an invocation at once."""
        self._thread.start()

    def stop(self) -> None:
        """End. An invocation under way is cut off, as a function's timeout would: the next run goes on from there."""
        self._stopping.set()
        if self._thread.ident is None:
            return
        while self._thread.is_alive():  # it may be about to invoke
            self._function.kill()
            self._thread.join(STOPPING_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._on_run(self._function.invoke(event(self.schedule.name, datetime.now(UTC))))
            except FunctionError as error:
                if not self._stopping.is_set():
                    _log.warning("%s: %s", self._thread.name, error)
            self._stopping.wait(self._seconds)
