"""The whole stack on one machine: AWS, template.yaml deployed into it, functions, pumps, the SMTP and the HTTP door."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import boto3

from local import endpoint, http_door, smtp_door
from local.deploy import TEMPLATE, Deployed, deploy
from local.function import Configuration, Function
from local.http_api import HttpApi
from local.http_door import HttpDoor
from local.pump import Batch, Pump
from local.receipt_rule import ReceiptRule
from local.smtp_door import SmtpDoor
from local.timer import Timer

SETTLED_EVERY = 0.1  # seconds


@dataclass(slots=True)
class Stack:
    """A running stack. `functions` and `pumps` are by the function's logical id, in the order of the flow.

    The functions that have no pump come after those that do: the HTTP door calls them, or a timer.
    """

    aws_port: int
    deployed: Deployed
    rule: ReceiptRule
    functions: Mapping[str, Function]
    pumps: Mapping[str, Pump]
    door: SmtpDoor
    http_door: HttpDoor
    timers: Mapping[str, Timer]  # by the function's logical id, of the schedules that are enabled

    @property
    def smtp_port(self) -> int:
        """The port that the SMTP door listens on."""
        return int(self.door.port)

    @property
    def http_port(self) -> int:
        """The port that the HTTP door listens on."""
        return self.http_door.port

    @property
    def push_url(self) -> str:
        """What the output PushUrl is on this machine."""
        return f"http://{endpoint.HOST}:{self.http_port}"

    def push_token(self) -> str:
        """Return a token that may push."""
        secret = boto3.client("secretsmanager").get_secret_value(
            SecretId=self.deployed.outputs["PushSecretArn"], VersionStage="AWSCURRENT"
        )
        return str(json.loads(secret["SecretString"])["current"])

    def settle(self, seconds: float = 60.0) -> bool:
        """Wait until every queue is empty but for what has failed and waits for its next try. False: out of time."""
        end = time.monotonic() + seconds
        while not self._is_settled():
            if time.monotonic() > end:
                return False
            time.sleep(SETTLED_EVERY)
        return True

    def waiting(self, url: str) -> int:
        """Return how many messages the queue at `url` has, in flight or not."""
        told = boto3.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
        return sum(int(count) for count in told.values())

    def _is_settled(self) -> bool:
        # In the order of the flow: what has left a queue is then found in the next one, or is done. Not found
        # between two of them, since a function sends on before its message is deleted.
        return all(self.waiting(pump.queue_url) <= len(pump.failed) for pump in self.pumps.values())


@contextmanager
def running(
    *,
    aws_port: int = endpoint.PORT,
    smtp_port: int = smtp_door.PORT,
    http_port: int = http_door.PORT,
    template: Path = TEMPLATE,
    parameters: Mapping[str, str] | None = None,
    mailboxes: Sequence[str] = (),
    log: IO[bytes] | int = subprocess.DEVNULL,
    on_batch: Callable[[str, Batch], None] = lambda _function, _batch: None,
) -> Iterator[Stack]:
    """Run the stack until left. `log` gets what the functions print; `on_batch` is told of each batch.

    `mailboxes` are read on their schedule: each is the text of its secret. Port 0 takes a free one. Raises `PortTaken`,
    `TemplateError`.
    """
    with ExitStack() as ending:
        port = ending.enter_context(endpoint.serving(aws_port))
        given = {**(parameters or {}), **_named(mailboxes)}
        deployed = deploy(template, parameters=given)
        rule = ReceiptRule.active()
        functions = {name: Function(its, log) for name, its in _configurations(deployed).items()}
        for function in functions.values():
            ending.callback(function.stop)
            function.start()
        pumps = _pumps(deployed, functions, on_batch)
        api = HttpApi.of(deployed.resources["PushApi"])
        by_arn = {function.configuration.arn: function for function in functions.values()}
        pushes = HttpDoor(api, by_arn, http_port)
        ending.callback(_stop_all, pumps.values())
        for pump in pumps.values():
            pump.start()
        door = SmtpDoor(rule, smtp_port)
        door.start()
        ending.callback(door.stop)
        pushes.start()
        ending.callback(pushes.stop)
        timers = _timers(deployed, functions)
        for timer in timers.values():
            timer.start()
            ending.callback(timer.stop)
        yield Stack(port, deployed, rule, functions, pumps, door, pushes, timers)


def _named(mailboxes: Sequence[str]) -> dict[str, str]:
    """Put the texts of `mailboxes` into secrets, and return the parameter that names them."""
    secrets = boto3.client("secretsmanager")
    arns = [
        secrets.create_secret(Name=f"mailbox-{number}", SecretString=text)["ARN"]
        for number, text in enumerate(mailboxes, 1)
    ]
    return {"MailboxSecretArns": ",".join(arns)} if arns else {}


def _configurations(deployed: Deployed) -> dict[str, Configuration]:
    by_name = {name: logical_id for logical_id, name in deployed.resources.items()}
    ids = [by_name[source.function_name] for source in deployed.event_sources]
    api = HttpApi.of(deployed.resources["PushApi"])
    called = {route.function_arn.rpartition(":")[2] for route in api.routes.values()}
    called |= {schedule.function_arn.rpartition(":")[2] for schedule in deployed.schedules}
    ids += [by_name[name] for name in sorted(called)]
    return {logical_id: Configuration.of(deployed, logical_id) for logical_id in ids}


def _pumps(
    deployed: Deployed, functions: Mapping[str, Function], on_batch: Callable[[str, Batch], None]
) -> dict[str, Pump]:
    pumps: dict[str, Pump] = {}
    for source, (name, function) in zip(deployed.event_sources, functions.items(), strict=False):
        # The default argument holds this turn's name, not the last one's.
        pumps[name] = Pump(source, function, on_batch=lambda batch, name=name: on_batch(name, batch))  # type: ignore[misc]
    return pumps


def _timers(deployed: Deployed, functions: Mapping[str, Function]) -> dict[str, Timer]:
    by_arn = {function.configuration.arn: name for name, function in functions.items()}
    due = {by_arn[its.function_arn]: its for its in deployed.schedules if its.is_enabled}
    return {name: Timer(schedule, functions[name]) for name, schedule in due.items()}


def _stop_all(pumps: Iterable[Pump]) -> None:
    for pump in pumps:
        pump.stop_soon()
    for pump in pumps:
        pump.stop()
