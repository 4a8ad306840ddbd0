"""What a run has left: what every item of every table states, and what was set aside; and differences.

Attributes that a clock gives are left out (`in_memory.BY_THE_CLOCK`): two runs are never at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3

from local.deploy import Deployed
from tests.stack.expanded import of_type
from tests.stack.in_memory import scan, without_clock

TABLES: Final = tuple(of_type("AWS::DynamoDB::Table"))
"""Every table of template.yaml, by logical id."""
REJECTED: Final = "rejected/"
SHOWN: Final = 10

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """Items by table and key, and the objects under `rejected/` by key."""

    items: Mapping[Key, Mapping[str, Any]]
    rejected: Mapping[str, bytes]


def left_by(deployed: Deployed) -> Left:
    """Return what is in the stack now."""
    items: dict[Key, Mapping[str, Any]] = {}
    for table in TABLES:
        keys = [part["AttributeName"] for part in of_type("AWS::DynamoDB::Table")[table]["KeySchema"]]
        for item in scan(deployed.resources[table]):
            items[table, *(item[key]["S"] for key in keys)] = without_clock(item)
    s3, bucket = boto3.client("s3"), deployed.resources["MailBucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=REJECTED)
    kept = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return Left(items, {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in kept})


def differences(expected: Left, found: Left) -> list[str]:
    """Return what differs between two runs, a line each, in an order of its own."""
    lines = []
    for key in sorted(expected.items.keys() | found.items.keys()):
        lines += _between(" ".join(key), expected.items.get(key), found.items.get(key))
    for name in sorted(expected.rejected.keys() | found.rejected.keys()):
        if expected.rejected.get(name) != found.rejected.get(name):
            lines.append(f"{name}: differs, or is in one run only")
    return lines


def _between(key: str, expected: Mapping[str, Any] | None, found: Mapping[str, Any] | None) -> list[str]:
    if expected is None or found is None:
        there = "with faults" if expected is None else "without faults"
        return [f"{key}: is there only {there}: {found if expected is None else expected}"]
    return [
        f"{key}: {name} is {found.get(name)}, without faults {expected.get(name)}"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]
