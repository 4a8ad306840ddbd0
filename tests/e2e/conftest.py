"""The whole stack, with ports of its own, for one module of tests."""

from collections.abc import Iterator

import pytest

from bounces.store import ReviewStore, Store
from local.stack import Stack, running


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running(aws_port=0, smtp_port=0, http_port=0) as started:
        yield started


@pytest.fixture(scope="module")
def store(stack: Stack) -> Store:
    return Store(stack.deployed.resources["SubscribersTable"], stack.deployed.resources["SuppressionsTable"])


@pytest.fixture(scope="module")
def review(stack: Stack) -> ReviewStore:
    return ReviewStore(stack.deployed.resources["ReviewTable"])
