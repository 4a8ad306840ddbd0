"""`make run`: the stack, the sample bounces sent through it, what became of them, and then whatever else comes."""

import signal
import smtplib
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from rich.console import Console

from bounces.store import Store
from local import endpoint, samples, table
from local.journal import Journal
from local.stack import Stack, running

LOG: Final = Path(".cache") / "local" / "functions.log"
SETTLE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.5
INTERRUPTED: Final = 130  # the shell's exit code for a program that Ctrl-C ended before it was done


def run(
    *,
    once: bool,
    aws_port: int,
    smtp_port: int,
    http_port: int,
    parameters: Mapping[str, str],
    mailboxes: Sequence[str],
    log: Path,
) -> int:
    """Run the stack until Ctrl-C or SIGTERM, or only `once`.

    Returns the exit code: 0 where every sample mail was handled, 1 where one was not, 130 where interrupted before.
    Raises `PortTaken`, `TemplateError`.
    """
    console = table.console()
    # Before anything is touched: the log of a stack that is already running is its own.
    aws_port, smtp_port, http_port = map(endpoint.require_free, (aws_port, smtp_port, http_port))
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    journal = Journal(log)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    code = INTERRUPTED
    with log.open("ab") as written, ExitStack() as ending:
        try:
            with console.status("Starting AWS on this machine and deploying template.yaml"):
                stack = ending.enter_context(
                    running(
                        aws_port=aws_port,
                        smtp_port=smtp_port,
                        http_port=http_port,
                        parameters=parameters,
                        mailboxes=mailboxes,
                        log=written,
                        on_batch=journal.note,
                    )
                )
            code = _send_samples(stack, journal, console, log)
            if not once:
                _serve(stack, journal, console, log)
        except KeyboardInterrupt:
            console.print("Stopping.")
    return code


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Begin to stop; a second signal must not keep the processes of the functions from being ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _store(stack: Stack) -> Store:
    return Store(stack.deployed.resources["SubscribersTable"], stack.deployed.resources["SuppressionsTable"])


def _send_samples(stack: Stack, journal: Journal, console: Console, log: Path) -> int:
    """Send the samples, show what became of them, and return the exit code."""
    store = _store(stack)
    console.print(
        f"template.yaml is deployed on this machine: SMTP on {endpoint.HOST}:{stack.smtp_port}, "
        f"AWS on http://{endpoint.HOST}:{stack.aws_port},"
    )
    console.print(f"and records are pushed to {stack.push_url}/v1/push/powermta, kumomta or mail.", soft_wrap=True)
    for timer in stack.timers.values():
        console.print(f"The mailboxes are read now and at the {timer.schedule.expression}.")
    subscribed = samples.subscribe(store)
    console.print(f"{subscribed.subscribers} sample subscribers are on the lists {' and '.join(subscribed.lists)}.\n")
    with console.status("Sending the mails of events/mails"):
        sent, problems = _send(stack)
        settled = stack.settle(SETTLE_SECONDS)
    applied, unreported = journal.new(), journal.unreported()
    console.print(table.results(sent, applied, unreported))
    console.print(table.suppressions(store.suppressions(), store, datetime.now(UTC)))
    handled = {one.key for one in applied} | unreported.keys()
    problems += [f"{name} was not handled" for key, name in sent.items() if key not in handled]
    problems += _problems(stack, settled=settled)
    for problem in problems:
        console.print(problem, style="bold red", markup=False)
    if problems:
        console.print(f"The functions' log, {log}, says more.", markup=False)
    return 1 if problems else 0


def _send(stack: Stack) -> tuple[dict[str, str], list[str]]:
    """Return the names of the samples that the door took, by their keys in the bucket, and what it said to others."""
    sent: dict[str, str] = {}
    refused: list[str] = []
    for sample in samples.mails():
        try:
            sent[stack.rule.prefix + samples.send(sample, stack.smtp_port)] = sample.name
        except smtplib.SMTPException as error:
            refused.append(f"{sample.name} was not taken: {error}")
    return sent, refused


def _problems(stack: Stack, *, settled: bool) -> list[str]:
    """Return what stands in a queue that should not."""
    found = [] if settled else [f"the queues were not empty after {SETTLE_SECONDS:.0f} seconds"]
    for name, pump in stack.pumps.items():
        found += [f"{name} failed on a message: {why}" for why in pump.failed.values()]
    for name, url in stack.deployed.resources.items():
        if name.endswith("DeadLetterQueue") and (count := stack.waiting(url)):
            found.append(f"{name} holds {count} messages")
    return found


def _serve(stack: Stack, journal: Journal, console: Console, log: Path) -> None:
    """Print what comes of each further mail, until interrupted."""
    console.print("Serving until Ctrl-C; what further mails come to is printed here. To look into the stack:")
    console.print(f"  export {' '.join(endpoint.exports(stack.aws_port))}", style="dim", soft_wrap=True)
    console.print(f"  tail -f {log}", style="dim")
    console.print(f"  .venv/bin/bounces review list --table {stack.deployed.outputs['ReviewTableName']}", style="dim")
    secret = stack.deployed.outputs["PushSecretArn"]
    token = f"aws secretsmanager get-secret-value --secret-id {secret} --query SecretString --output text"
    console.print(f"The token to push with is `current` of\n  {token}\n", style="dim", soft_wrap=True)
    seen = set(journal.unreported())
    while True:
        time.sleep(LOOK_SECONDS)
        for applied in journal.new():
            console.print(table.line(applied), soft_wrap=True)
        for key, why in journal.unreported().items():
            if key not in seen:
                seen.add(key)
                console.print(f"{key}: kept, no report ({why})", markup=False, soft_wrap=True)
