"""A schedule of EventBridge Scheduler, as the template has it, and the event that it invokes a function with.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from local import endpoint
from local.template import TemplateError

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_KNOWN: Final = frozenset({"Description", "FlexibleTimeWindow", "ScheduleExpression", "State", "Target"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as the template has it: which function, how often, and whether at all."""

    name: str
    function_arn: str
    expression: str
    is_enabled: bool

    @classmethod
    def of(cls, name: str, properties: Mapping[str, Any]) -> "Schedule":
        """Return the schedule `name` of resolved `properties`. Raises `TemplateError` where one is not known."""
        if properties.keys() - _KNOWN:
            raise TemplateError(f"the local stack does not know the schedule's {sorted(properties.keys() - _KNOWN)}")
        target, state = properties["Target"], properties.get("State", "ENABLED")
        return cls(name, target["Arn"], properties["ScheduleExpression"], state == "ENABLED")

    @property
    def seconds(self) -> float:
        """How long it is from one time to the next. Raises `TemplateError` where that is no rate."""
        rate = _RATE.fullmatch(self.expression)
        if rate is None:
            raise TemplateError(f"the local stack keeps schedules like rate(5 minutes), this is {self.expression}")
        return int(rate[1]) * _SECONDS[rate[2]]


def event(name: str, at: datetime) -> dict[str, Any]:
    """Return what EventBridge Scheduler hands a function for the schedule `name` that has no input of its own."""
    place = f"{endpoint.REGION}:{endpoint.ACCOUNT}"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": endpoint.ACCOUNT,
        "time": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "region": endpoint.REGION,
        "resources": [f"arn:aws:scheduler:{place}:schedule/default/{name}"],
        "detail": "{}",
    }
