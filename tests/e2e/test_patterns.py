"""An operator's pattern, entered by the command into the table of a running stack, decides the next bounce."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bounces.store import State, Store
from local import samples
from local.stack import Stack, running

REFRESH_SECONDS = 1
TRAP = "550 5.7.1 Unfortunately, messages from==>Hard"
BLOCKED = "nikola@example.net"  # whom events/mails/microsoft-ip-block.eml is about


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running(
        aws_port=0, smtp_port=0, http_port=0, parameters={"PatternsRefreshSeconds": str(REFRESH_SECONDS)}
    ) as started:
        yield started


def patterns(stack: Stack, verb: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `bounces patterns VERB` on the stack's table, as a person who exported the stack's environment does."""
    command = [sys.executable, "-m", "bounces_cli.main", "patterns", verb, *arguments]
    return subprocess.run(
        [*command, "--table", stack.deployed.outputs["PatternsTableName"]],
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def bounce(stack: Stack, store: Store, user: str, folder: Path) -> State:
    """Have the next bounce of the kind come, about `user`, and return what becomes of its address."""
    address = f"{user}@example.net"
    (block,) = [sample for sample in samples.mails() if sample.name == "microsoft-ip-block"]
    mail = folder / f"{user}.eml"
    mail.write_bytes(block.path.read_bytes().replace(BLOCKED.encode(), address.encode()))
    samples.send(replace(block, path=mail), stack.smtp_port)
    assert stack.settle()
    assert len(store.history(address)) == 1
    assert (store.suppression(address) is not None) == (store.status(address).state is State.HARD_BOUNCED)
    return store.status(address).state


def test_the_user_s_sample_line_decides_the_next_bounce_until_it_is_rolled_back(
    stack: Stack, store: Store, tmp_path: Path
) -> None:
    workers = {name: function._worker for name, function in stack.functions.items()}
    assert bounce(stack, store, "before", tmp_path) is State.ACTIVE

    refused = patterns(stack, "add", TRAP, "--why", "as the operator wishes")
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "known as policy-related" in refused.stderr

    added = patterns(stack, "add", TRAP, "--why", "as the operator wishes", "--yes")
    assert (added.returncode, added.stdout) == (0, "saved version 1 (added 1): 1 patterns\n")
    time.sleep(REFRESH_SECONDS)
    assert bounce(stack, store, "during", tmp_path) is State.HARD_BOUNCED
    (past,) = store.history("during@example.net")
    assert (past.rule, past.patterns_version) == ("operator.1", "1")

    back = patterns(stack, "rollback", "0", "--why", "it was a block of our address")
    assert back.returncode == 0, back.stderr
    time.sleep(REFRESH_SECONDS)
    assert bounce(stack, store, "after", tmp_path) is State.ACTIVE

    assert {name: function._worker for name, function in stack.functions.items()} == workers
    assert all(worker is not None and worker.poll() is None for worker in workers.values())
    assert all(not pump.failed for pump in stack.pumps.values())


def test_the_stack_s_name_leads_to_its_table(stack: Stack) -> None:
    command = [sys.executable, "-m", "bounces_cli.main", "patterns", "list", "--json", "--stack", "bounces"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (listed.returncode, listed.stderr) == (0, "")
