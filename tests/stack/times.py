"""The clock by which the store writes, set by hand, and what DynamoDB deletes as time goes by."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from unittest import mock

import boto3

from tests.stack import in_memory

KEYS = {
    "SubscribersTable": ("address", "item"),
    "SuppressionsTable": ("address",),
    "ReviewTable": ("part", "item"),
}


def at(now: datetime) -> Any:
    """Have it be `now` meanwhile."""
    return mock.patch("bounces.store.clock.now", lambda: now)


def expire(now: datetime) -> int:
    """Delete what DynamoDB has deleted by `now` (the template's TTL attribute), and return how many items that were."""
    gone = [
        (table, {key: item[key] for key in keys})
        for table, keys in KEYS.items()
        for item in in_memory.scan(table)
        if "expires_at" in item and int(item["expires_at"]["N"]) < now.timestamp()
    ]
    for table, key in gone:
        boto3.client("dynamodb").delete_item(TableName=table, Key=key)
    return len(gone)
