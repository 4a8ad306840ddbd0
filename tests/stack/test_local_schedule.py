"""A schedule on one machine: invokes its function at its rate, and ends when it is told to."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local import schedule
from local.function import Configuration, Function, FunctionError
from local.schedule import Schedule
from local.template import TemplateError
from local.timer import Timer

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:scan"
PROPERTIES: Mapping[str, Any] = {
    "ScheduleExpression": "rate(5 minutes)",
    "State": "ENABLED",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": ARN, "RoleArn": "arn:aws:iam::123456789012:role/a"},
}


def every(expression: str, **changes: Any) -> Schedule:
    return Schedule.of("s", {**PROPERTIES, "ScheduleExpression": expression, **changes})


class Scripted:
    """A function that answers or fails by what it is given, and says how often it was invoked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.events: list[Mapping[str, Any]] = []
        self.is_done = threading.Event()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.events.append(event)
        answer = self.answers.pop(0)
        if not self.answers:
            self.is_done.set()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kill(self) -> None:
        """Nothing is under way."""


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(2 hours)", 7200), ("rate(1 day)", 86_400)],
)
def test_a_rate_is_so_many_seconds(expression: str, seconds: float) -> None:
    assert every(expression).seconds == seconds


@pytest.mark.parametrize("expression", ["cron(0 8 * * ? *)", "at(2026-11-27T08:00:00)", "rate(5)", "rate(x minutes)"])
def test_another_schedule_is_an_error_where_it_would_run(expression: str) -> None:
    with pytest.raises(TemplateError, match="keeps schedules like rate"):
        Timer(every(expression), Scripted())


def test_a_property_that_is_not_known_is_an_error() -> None:
    with pytest.raises(TemplateError, match="StartDate"):
        every("rate(5 minutes)", StartDate="2026-11-27T08:00:00Z")


@pytest.mark.parametrize(("state", "is_enabled"), [("ENABLED", True), ("DISABLED", False)])
def test_a_schedule_may_be_off(state: str, is_enabled: bool) -> None:
    assert every("rate(1 minute)", State=state).is_enabled is is_enabled
    assert every("rate(1 minute)", State=state).function_arn == ARN


def test_the_event_names_the_schedule_and_the_time() -> None:
    made = schedule.event("s", datetime(2026, 11, 27, 8, tzinfo=UTC))
    assert made["time"] == "2026-11-27T08:00:00Z"
    assert made["resources"] == ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s"]


def test_it_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Schedule, "seconds", 0.01)
    heard: list[Any] = []
    function = Scripted({"taken": 1}, FunctionError("refused"), {"taken": 2})
    timer = Timer(every("rate(1 minute)"), function, on_run=heard.append)
    timer.start()
    assert function.is_done.wait(20)
    timer.stop()
    assert heard == [{"taken": 1}, {"taken": 2}]
    assert len({event["id"] for event in function.events}) == 3


def test_a_timer_that_never_began_can_be_stopped() -> None:
    Timer(every("rate(1 minute)"), Scripted()).stop()


@pytest.fixture
def sleeping(tmp_path: Path, aws: int) -> Iterator[Function]:
    """A function that says that it began, and then sleeps for as long as the test would hang."""
    (tmp_path / "app.py").write_text(
        "import pathlib, time\n"
        "def handler(event, context):\n"
        f"    pathlib.Path({str(tmp_path / 'began')!r}).touch()\n"
        "    time.sleep(600)\n"
    )
    function = Function(Configuration("scan", ARN, tmp_path, "app.handler", 600, 128, {}))
    yield function
    function.stop()


def test_stopping_cuts_a_run_off(sleeping: Function, tmp_path: Path) -> None:
    timer = Timer(every("rate(1 minute)"), sleeping)
    timer.start()
    waiting = threading.Event()
    while not (tmp_path / "began").exists():
        waiting.wait(0.02)
    timer.stop()
    with pytest.raises(FunctionError, match="timed out"):  # it can be invoked again
        object.__setattr__(sleeping.configuration, "timeout", 0.5)
        sleeping.invoke({})
