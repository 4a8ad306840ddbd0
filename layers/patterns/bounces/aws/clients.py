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

# Of a function that somebody waits for. The second attempt is for a connection that was closed while it slept.
HURRIED_CONNECT_SECONDS: Final = 1
HURRIED_READ_SECONDS: Final = 3
HURRIED_ATTEMPTS: Final = 2


def _config(connect: float, read: float, attempts: int) -> Config:
    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return Config(connect_timeout=connect, read_timeout=read, retries=retries)


_PATIENT: Final = _config(CONNECT_SECONDS, READ_SECONDS, ATTEMPTS)
_HURRIED: Final = _config(HURRIED_CONNECT_SECONDS, HURRIED_READ_SECONDS, HURRIED_ATTEMPTS)
_config_in_use = _PATIENT


def hurry() -> None:
    """Have clients that are made from now on give up after seconds: for a function that somebody waits for."""
    global _config_in_use  # of the process, like the clients themselves
    forget()
    _config_in_use = _HURRIED


@cache
def s3() -> S3Client:
    """Return this process' S3 client."""
    return boto3.client("s3", config=_config_in_use)


@cache
def sqs() -> SQSClient:
    """Return this process' SQS client."""
    return boto3.client("sqs", config=_config_in_use)


@cache
def secretsmanager() -> Any:
    """Return this process' Secrets Manager client."""
    return boto3.client("secretsmanager", config=_config_in_use)


@cache
def cloudformation() -> Any:
    """Return this process' CloudFormation client: for the command, which asks it for a stack's outputs."""
    return boto3.client("cloudformation", config=_config_in_use)


def forget() -> None:
    """Let the next call make new clients, patient ones: for tests, and for a process that changes its endpoint."""
    global _config_in_use
    _config_in_use = _PATIENT
    s3.cache_clear()
    sqs.cache_clear()
    secretsmanager.cache_clear()
    cloudformation.cache_clear()
