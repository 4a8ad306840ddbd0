"""What tests of the whole share: the stack with ports of its own, and AWS for processes that scan mailboxes."""

from collections.abc import Iterator

import pytest

from bounces.store import ReviewStore, Store
from local.stack import Stack, running
from tests.e2e import mailbox_runs
from tests.e2e.mailbox_runs import Aws


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


@pytest.fixture(scope="module")
def served() -> Iterator[Aws]:
    """Serve what mailboxes are scanned into, once a module."""
    with mailbox_runs.aws() as made:
        yield made


@pytest.fixture
def clean(served: Aws) -> Aws:
    """Return it, empty."""
    mailbox_runs.clear(served)
    return served
