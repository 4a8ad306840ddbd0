"""A counter of DynamoDB's read and write units under boto3, and under PynamoDB, which goes by the same way.

    with units.counted() as used:
        store.apply(verdict)
    assert used.writes("SubscribersTable") <= 2

It sees each request as it goes out, below the loop in which botocore tries again, so every try is counted. It computes
(`tests.stack.capacity`, `tests.stack.charges`) from the items that a request finds and leaves, for which it asks the
same DynamoDB beside (`tests.stack.beside`), and looks at no answer's ConsumedCapacity. What others write between the
look and the write it cannot know: count one writer at a time.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from botocore.endpoint import Endpoint

from tests.stack import beside
from tests.stack.beside import Beside
from tests.stack.charges import Charge, Outcome, request_of


@dataclass
class Used:
    """What was used: the charges in order, the requests by operation (each try is one), and those without an answer."""

    charges: list[Charge] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0

    def writes(self, table: str | None = None) -> float:
        """Return the write units of `table` and its indexes; None: of all tables."""
        return sum(charge.writes for charge in self.charges if table in (None, charge.table))

    def reads(self, table: str | None = None) -> float:
        """Return the read units of `table` and its indexes; None: of all tables."""
        return sum(charge.reads for charge in self.charges if table in (None, charge.table))

    @property
    def by_operation(self) -> dict[str, float]:
        """Return the units by operation, of the one kind that it takes."""
        return self._sums(lambda charge: charge.operation)

    @property
    def by_index(self) -> dict[str, float]:
        """Return the units of secondary indexes, by `TABLE/INDEX`."""
        return self._sums(lambda charge: f"{charge.table}/{charge.index}" if charge.index else None)

    def _sums(self, name_of: Callable[[Charge], str | None]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for charge in self.charges:
            if (name := name_of(charge)) is not None:
                sums[name] = sums.get(name, 0) + charge.reads + charge.writes
        return sums


@contextmanager
def counted() -> Iterator[Used]:
    """Count what this process sends to DynamoDB meanwhile, by clients made before as well."""
    used = Used()
    original = Endpoint._get_response  # type: ignore[attr-defined]
    beside_of = cache(Beside)

    def send(endpoint: Endpoint, request: Any, operation: Any, context: Any) -> Any:
        if beside.asking() or operation.service_model.service_name != "dynamodb":
            return original(endpoint, request, operation, context)
        address = urlsplit(request.url)
        sent = request_of(operation.name, _arguments(request.body), beside_of(f"{address.scheme}://{address.netloc}"))
        response, error = original(endpoint, request, operation, context)
        answer = None if response is None else response[1]
        outcome = Outcome.of(answer)
        used.requests[operation.name] += 1
        used.unanswered += outcome is Outcome.UNANSWERED
        if sent is not None:
            used.charges += sent.charges(outcome, answer or {})
        return response, error

    with mock.patch.object(Endpoint, "_get_response", send):
        yield used


def _arguments(body: bytes) -> dict[str, Any]:
    """Return the arguments of a request as boto3's client takes them: on the wire, binary values are base64."""
    arguments: dict[str, Any] = json.loads(body, object_hook=_decoded)
    return arguments


def _decoded(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) == 1:
        ((kind, held),) = value.items()
        if kind == "B" and isinstance(held, str):
            return {"B": base64.b64decode(held)}
        if kind == "BS" and isinstance(held, list):
            return {"BS": [base64.b64decode(each) for each in held]}
    return value
