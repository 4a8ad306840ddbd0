"""Where `bounces scan` hands mails in, how it keeps how far it is, and by what it judges."""

from __future__ import annotations

import argparse
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bounces.mailbox.ports import Door, HandedIn, State
from bounces.patterns import Classifier
from bounces_cli.file_state import FileState
from bounces_cli.hard_list import HardList
from bounces_cli.judging import Judge
from bounces_cli.operators import talking_to
from bounces_cli.other_states import Anew, NoState
from bounces_cli.pattern_files import read_set, tell_refused
from bounces_cli.people import author
from bounces_cli.problems import Problems
from bounces_cli.read_state import state_folder
from bounces_cli.scan_boxes import Box
from bounces_cli.stacks import output_of

BUCKET_OUTPUT = "MailBucketName"
QUEUE_OUTPUT = "MailQueueUrl"
MAILBOXES_OUTPUT = "MailboxesTableName"

AGAIN = "some mails may be handed in; the same command goes on, and what was handed in twice counts once"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where mails go: the door, the state of the scan, the judge, and the list that is written, if one is."""

    door: Door
    state: State
    judge: Judge
    hard_list: HardList | None = None


class NoDoor:
    """A `bounces.mailbox.ports.Door` for a scan that changes nothing."""

    def take(self, mails: Sequence[HandedIn]) -> None:
        """Let them be."""


@contextmanager
def destination_of(arguments: argparse.Namespace, box: Box, problems: Problems) -> Iterator[Destination]:
    """Yield where the mails of `box` go by `arguments`. Raises `CommandError`, also for what AWS says meanwhile.

    Patterns that are refused are counted in `problems`.
    """
    if arguments.stack is not None:
        with _silence(), talking_to(f"stack {arguments.stack}", unsure=AGAIN):
            yield _stack(arguments, box, problems)
    elif arguments.out is not None:
        with HardList(arguments.out, _judge(arguments, problems)) as hard_list:
            state = _file_state(arguments, box, f"list:{Path(arguments.out).resolve()}")
            again = arguments.again or hard_list.is_new
            yield Destination(hard_list, Anew(state) if again else state, hard_list.judge, hard_list)
    else:
        yield Destination(NoDoor(), NoState(), _judge(arguments, problems))


def _stack(arguments: argparse.Namespace, box: Box, problems: Problems) -> Destination:
    from bounces.aws.mailbox_door import StackDoor
    from bounces.aws.mailbox_state import TableState

    bucket, queue = (output_of(arguments.stack, name) for name in (BUCKET_OUTPUT, QUEUE_OUTPUT))
    state: State
    if box.is_remote:  # the function may scan the same mailbox: one of both at a time
        table = output_of(arguments.stack, MAILBOXES_OUTPUT)
        state = TableState(table, box.name, f"{author(None)}@{socket.gethostname()} {uuid.uuid4()}")
    else:
        state = _file_state(arguments, box, f"bucket:{bucket}")
    return Destination(StackDoor(bucket, queue), Anew(state) if arguments.again else state, _judge(arguments, problems))


def _silence() -> AbstractContextManager[None]:
    from bounces.aws import telemetry

    return telemetry.silence()


def _file_state(arguments: argparse.Namespace, box: Box, goes_to: str) -> FileState:
    return FileState(state_folder(arguments.state, "scan"), (goes_to, box.key), box.witness)


def _judge(arguments: argparse.Namespace, problems: Problems) -> Judge:
    """Return the judge by the operator's patterns in a file, else by those of the stack."""
    if arguments.patterns is not None:
        patterns, refused = read_set(arguments.patterns)
        tell_refused(refused)
        problems.count += len(refused)
        return Judge(Classifier(patterns))
    if arguments.stack is None:
        return Judge(Classifier())
    from bounces_cli.pattern_places import place_of

    loaded = place_of(None, None, arguments.stack).load()
    return Judge(Classifier(loaded.patterns, policy=loaded.policy))
