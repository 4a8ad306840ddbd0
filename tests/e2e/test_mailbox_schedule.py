"""The stack on one machine reads a mailbox of a real Dovecot on its schedule: a bounce there ends as a suppression."""

import json
from collections.abc import Iterator

import boto3
import pytest

from bounces.store import State, Store
from local.deploy import ROOT
from local.stack import Stack, running
from tests import dovecot
from tests.dovecot import Dovecot
from tests.patience import until

MAILS = ROOT / "events" / "mails"
BOUNCE = (MAILS / "postfix-user-unknown.eml").read_bytes()
NEWSLETTER = b"From: shop@example.com\r\nSubject: New shoes\r\n\r\nBuy them.\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot.running() as server:
        yield server


@pytest.fixture(scope="module")
def stack(server: Dovecot) -> Iterator[Stack]:
    server.deliver(BOUNCE, flags="F")
    server.deliver(NEWSLETTER)
    secret = {
        "host": server.host,
        "port": server.imaps_port,
        "user": server.user,
        "password": server.password,
        "ca": server.ca_pem,
    }
    with running(aws_port=0, smtp_port=0, http_port=0, mailboxes=[json.dumps(secret)]) as started:
        yield started


def test_mails_that_wait_are_filed_and_applied(stack: Stack, server: Dovecot) -> None:
    until(lambda: "INBOX" not in server.digests())
    assert server.digests() == {"Processed": [dovecot.digest(BOUNCE)], "Unrecognised": [dovecot.digest(NEWSLETTER)]}
    (kept,) = server.folders()["Processed"]
    assert kept.flags == {"\\Flagged"}
    assert stack.settle()
    store = Store(stack.deployed.resources["SubscribersTable"], stack.deployed.resources["SuppressionsTable"])
    assert store.status("ada@example.org").state is State.HARD_BOUNCED
    assert [past.source for past in store.history("ada@example.org")] == ["mailbox"]
    suppression = store.suppression("ada@example.org")
    assert suppression is not None
    assert [cause.source for scope in suppression.scopes.values() for cause in scope.causes] == ["mailbox"]


def test_the_next_run_takes_what_is_new(stack: Stack, server: Dovecot) -> None:
    server.deliver((MAILS / "postfix-mailbox-full.eml").read_bytes())
    told = stack.functions["IngestMailboxFunction"].invoke({})
    ((name, one),) = told["mailboxes"].items()
    assert name.startswith("mailbox-1-")
    assert (one["taken"], one["processed"], one["is_finished"]) == (1, 1, True)
    assert len(server.folders()["Processed"]) == 2


def test_nothing_lies_where_nobody_looks(stack: Stack) -> None:
    assert stack.settle()
    for name, url in stack.deployed.resources.items():
        if name.endswith("DeadLetterQueue"):
            assert stack.waiting(url) == 0, name
    items = boto3.client("dynamodb").scan(TableName=stack.deployed.resources["MailboxesTable"])["Items"]
    assert [item["item"]["S"] for item in items] == ["state"]
    assert "owner" not in items[0]  # the lease was given back
