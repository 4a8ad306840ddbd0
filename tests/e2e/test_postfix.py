"""A real mail server's bounces: Postfix relays, the recipients' MX refuses, and Postfix writes to the return path."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bounces.store import State, Store
from local.endpoint import require_free
from local.stack import Stack
from tests.e2e.mx import mx
from tests.e2e.postfix import RETURN_DOMAIN, Postfix, postfix, why_not
from tests.patience import until

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

MAC = "q3kz7mwv2ahd5trx"

MESSAGE = b"""\
From: Example News <news@example.com>\r
To: %(recipient)b\r
Subject: What is new in November\r
Date: Tue, 24 Nov 2026 02:00:00 +0000\r
Message-ID: <november@example.com>\r
\r
Plenty.\r
"""


@contextmanager
def relaying(stack: Stack, **settings: str) -> Iterator[Postfix]:
    """Run a Postfix between an MX that refuses and the door of `stack`; `settings` go into its main.cf."""
    with (
        mx() as mx_port,
        postfix(port=require_free(0), mx_port=mx_port, door_port=stack.smtp_port, settings=settings) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def final(stack: Stack) -> Iterator[Postfix]:
    """A Postfix that gives up after its first attempt, so that each refusal is a bounce."""
    with relaying(stack, maximal_queue_lifetime="0", bounce_queue_lifetime="1d") as server:
        yield server


@pytest.fixture(scope="module")
def patient(stack: Stack) -> Iterator[Postfix]:
    """A Postfix that keeps trying, and warns the sender after a second."""
    with relaying(stack, maximal_queue_lifetime="1d", delay_warning_time="1s") as server:
        yield server


def send(server: Postfix, return_path: str, recipient: str) -> None:
    server.send(return_path, recipient, MESSAGE % {b"recipient": recipient.encode()})


def lists(store: Store, address: str) -> dict[str, bool]:
    """Return whether `address` is subscribed to each list that it was ever on."""
    return {one.list_id: one.is_subscribed for one in store.memberships(address)}


def test_a_refused_recipient_is_marked_suppressed_and_taken_off_the_list_of_the_return_path(
    stack: Stack, store: Store, final: Postfix
) -> None:
    address = "gone.anna@example.org"
    for each in ("news", "offers"):
        store.subscribe(address, each, "s101")
    send(final, f"bounces+news.n47.s101.{MAC}@{RETURN_DOMAIN}", address)
    until(lambda: store.history(address), said=final.log)
    assert store.status(address).state is State.HARD_BOUNCED
    assert store.suppression(address) is not None
    assert lists(store, address) == {"news": False, "offers": True}
    (past,) = store.history(address)
    assert (past.event, past.bounce_type, past.category) == ("bounce", "hard", "bad-mailbox")
    assert (past.list_id, past.campaign, past.subscriber) == ("news", "n47", "s101")
    assert (past.status, past.reply_code) == ("5.1.1", "550")


def test_a_refused_recipient_is_taken_off_every_list_where_the_return_path_names_none(
    stack: Stack, store: Store, final: Postfix
) -> None:
    address = "gone.bert@example.org"
    for each in ("news", "offers"):
        store.subscribe(address, each)
    send(final, f"bounces@{RETURN_DOMAIN}", address)
    until(lambda: store.history(address), said=final.log)
    assert store.status(address).state is State.HARD_BOUNCED
    assert store.suppression(address) is not None
    assert lists(store, address) == {"news": False, "offers": False}
    assert store.history(address)[0].list_id is None


def test_a_full_mailbox_is_counted_and_not_suppressed(stack: Stack, store: Store, final: Postfix) -> None:
    address = "full.cleo@example.org"
    store.subscribe(address, "news")
    send(final, f"bounces+news.n47.s102.{MAC}@{RETURN_DOMAIN}", address)
    until(lambda: store.history(address), said=final.log)
    (past,) = store.history(address)
    assert (past.event, past.bounce_type, past.category) == ("bounce", "soft", "quota-issues")
    assert past.status == "4.2.2"
    assert store.status(address).state is State.SOFT_BOUNCING
    assert len(store.status(address).recent) == 1
    assert store.suppression(address) is None
    assert lists(store, address) == {"news": True}


def test_a_warning_of_delay_counts_nothing(stack: Stack, store: Store, patient: Postfix) -> None:
    address = "busy.dora@example.org"
    store.subscribe(address, "news")
    send(patient, f"bounces+news.n47.s103.{MAC}@{RETURN_DOMAIN}", address)
    until(lambda: store.history(address), said=patient.log)
    (past,) = store.history(address)
    assert (past.event, past.bounce_type) == ("delay", "none")
    assert "sender delay notification" in patient.log()
    assert store.status(address).state is State.ACTIVE
    assert store.status(address).recent == ()
    assert store.suppression(address) is None
    assert lists(store, address) == {"news": True}


def test_a_delivered_mail_says_nothing(stack: Stack, store: Store, final: Postfix) -> None:
    address = "well.emil@example.org"
    store.subscribe(address, "news")
    send(final, f"bounces+news.n47.s104.{MAC}@{RETURN_DOMAIN}", address)
    until(lambda: f"to=<{address}>" in final.log(), said=final.log)
    assert "status=sent" in final.log()
    stack.settle()
    assert store.history(address) == ()
    assert lists(store, address) == {"news": True}
