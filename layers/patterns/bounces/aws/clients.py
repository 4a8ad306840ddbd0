"""The one place that makes boto3 clients: one of each a process, made at the first call.

botocore finds region, credentials and AWS_ENDPOINT_URL in the environment by itself. PynamoDB makes its own client
for DynamoDB (see `bounces.store.models`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

# A function's time is worth more than one slow answer: give up early, and try again a few times.
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 20
ATTEMPTS: Final = 4

_CONFIG: Final = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
)


@cache
def s3() -> S3Client:
    """Return this process' S3 client."""
    return boto3.client("s3", config=_CONFIG)


@cache
def sqs() -> SQSClient:
    """Return this process' SQS client."""
    return boto3.client("sqs", config=_CONFIG)


@cache
def secretsmanager() -> Any:
    """Return this process' Secrets Manager client."""
    return boto3.client("secretsmanager", config=_CONFIG)


@cache
def cloudformation() -> Any:
    """Return this process' CloudFormation client: for the command, which asks it for a stack's outputs."""
    return boto3.client("cloudformation", config=_CONFIG)


def forget() -> None:
    """Let the next call make new clients: for tests, and for a process that changes its endpoint."""
    s3.cache_clear()
    sqs.cache_clear()
    secretsmanager.cache_clear()
    cloudformation.cache_clear()
