"""The scheduled scan on the deployed stack: each mailbox in turn, within the time there is, whatever another does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import boto3
import pytest

from bounces import envelopes
from bounces.aws import mailbox_runs, telemetry
from bounces.aws.mailbox_runs import LEAST_SECONDS, MARGIN_SECONDS
from bounces.aws.mailbox_state import TableState
from bounces.errors import LeaseLost, MailboxError, MailboxRefused, SettingError
from bounces.mailbox.batches import Limits
from bounces.mailbox.mailboxes import Credential, Password
from bounces.mailbox.mailboxes import Mailbox as Settings
from bounces.mailbox.ports import Door, Place, Session, State
from bounces.mailbox.scanning import Outcome
from bounces.records import Report, Source
from functions.ingest_mailbox import app as ingest_mailbox
from functions.ingest_ses import app as ingest_ses
from local.deploy import ROOT
from tests.stack import deployed
from tests.stack.deployed import Stack
from tests.stack.in_memory import calls
from tests.stack.rights import granted
from tests.stack.said import Said
from tests.unit.mailbox.in_memory import Mailbox

BOUNCE: Final = (ROOT / "events" / "mails" / "postfix-user-unknown.eml").read_bytes()
NEWSLETTER: Final = b"From: shop@example.com\r\nSubject: New shoes\r\n\r\nBuy them.\r\n"
PASSWORD: Final = "correct horse"
SCANNED: Final = {"taken": 0, "known": 0, "processed": 0, "unrecognised": 0, "failed": 0, "unfiled": 0}


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mailbox]:
    """The mailboxes that there are, by user; of another user, the server refuses the login."""
    known: dict[str, Mailbox] = {}

    def open_session(mailbox: Settings, credential: Credential) -> Session:
        if mailbox.user not in known or credential != Password(PASSWORD):
            raise MailboxRefused(f"{mailbox.name} refuses the login of {mailbox.user}")
        return known[mailbox.user].open()

    monkeypatch.setattr(mailbox_runs, "open_session", open_session)
    return known


def settings(user: str) -> dict[str, Any]:
    return {
        "protocol": "imap",
        "host": "mail.example.com",
        "port": 993,
        "security": "tls",
        "user": user,
        "password": PASSWORD,
    }


def secret(name: str, text: str | None = None, **more: Any) -> str:
    """Have the secret `name` hold `text`, by default the mailbox of the user of that name, and return its ARN."""
    secrets = boto3.client("secretsmanager")
    told = json.dumps(settings(name)) if text is None else text
    held: dict[str, Any] = more or {"SecretString": told}
    if any(each["Name"] == name for each in secrets.list_secrets()["SecretList"]):
        return secrets.put_secret_value(SecretId=name, **held)["ARN"]
    return secrets.create_secret(Name=name, **held)["ARN"]


def results(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(answer["mailboxes"].values())


def test_mails_go_the_way_of_ses_and_are_filed(stack: Stack, servers: dict[str, Mailbox], said: Said) -> None:
    servers["ann"] = Mailbox({1: BOUNCE, 2: NEWSLETTER})
    (told,) = results(stack.scan(secret("ann")))
    assert told == {**SCANNED, "taken": 2, "processed": 1, "unrecognised": 1, "is_finished": True}
    assert servers["ann"].folders[Place.PROCESSED] == [BOUNCE]
    assert servers["ann"].folders[Place.UNRECOGNISED] == [NEWSLETTER]
    assert sorted(stack.kept("incoming/mailbox/").values()) == sorted([BOUNCE, NEWSLETTER])
    assert stack.call(ingest_ses, stack.messages("MailQueue")) == []
    (message,) = stack.messages("ReportQueue")
    (report,) = envelopes.unpack(Report, message).records
    assert (report.source, report.recipient) == (Source.MAILBOX, "ada@example.org")
    assert said.counted[telemetry.MAILBOX_MAILS_TAKEN] == 2
    assert said.counted[telemetry.MAILBOXES_SCANNED] == 1


def test_the_next_run_goes_on_where_one_ended(stack: Stack, servers: dict[str, Mailbox]) -> None:
    servers["ann"] = Mailbox({1: BOUNCE}, unfilable=frozenset(Place))
    arn = secret("ann")
    assert results(stack.scan(arn))[0]["unfiled"] == 1
    servers["ann"].waiting[2] = NEWSLETTER
    (told,) = results(stack.scan(arn))
    assert told["taken"] == 1
    assert len(stack.messages("MailQueue")) == 2


def test_without_a_mailbox_there_is_nothing_to_do(stack: Stack, said: Said) -> None:
    assert stack.scan() == {"mailboxes": {}}
    assert said.everything == ""


def test_one_that_fails_does_not_keep_the_others_from_being_read(
    stack: Stack, servers: dict[str, Mailbox], said: Said
) -> None:
    servers["ann"], servers["cid"] = Mailbox({1: BOUNCE}), Mailbox({1: NEWSLETTER})
    arns = [
        secret("ann"),
        secret("bob"),
        secret("no-json", "{"),
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x",
    ]
    with pytest.raises(MailboxError) as failed:
        stack.scan(*arns, secret("cid"))
    message = str(failed.value)
    assert message.startswith("3 of 5 mailboxes could not be scanned: bob-")
    assert "MailboxRefused: ***@mail.example.com:993/INBOX refuses the login" in message
    assert "no-json-" in message
    assert "SettingError: the mailbox secret no-json-" in message
    assert "x: ResourceNotFoundException: " in message
    assert len(stack.kept("incoming/mailbox/")) == len(stack.messages("MailQueue")) == 2
    assert said.counted[telemetry.MAILBOXES_FAILED] == 3
    assert said.counted[telemetry.MAILBOXES_SCANNED] == 2
    assert [line["secret"][:3] for line in said.warnings()] == ["bob", "no-", "x"]


@pytest.mark.parametrize(
    "held",
    [
        {"SecretString": f'{{"password": "{PASSWORD}"'},
        {"SecretString": f'{{"password": "{PASSWORD}"}}'},
        {"SecretString": f'{{"host": ["{PASSWORD}"], "user": "ann", "password": "{PASSWORD}"}}'},
        {"SecretString": PASSWORD},
        {"SecretBinary": PASSWORD.encode()},
    ],
)
def test_no_error_and_no_log_line_has_anything_of_a_secret(
    stack: Stack, servers: dict[str, Mailbox], said: Said, held: dict[str, Any]
) -> None:
    with pytest.raises(MailboxError, match="the mailbox secret odd-") as failed:
        stack.scan(secret("odd", **held))
    chain: BaseException | None = failed.value
    while chain is not None:
        assert PASSWORD not in f"{chain!r} {getattr(chain, 'doc', '')}"
        chain = chain.__cause__ or chain.__context__
    assert PASSWORD not in said.everything
    assert len(said.warnings()) == 1


def test_a_mailbox_that_is_scanned_already_is_no_failure(stack: Stack, servers: dict[str, Mailbox], said: Said) -> None:
    servers["ann"] = Mailbox({1: BOUNCE})
    name = "imap://ann@mail.example.com:993/INBOX"
    other = TableState(stack.deployed.resources["MailboxesTable"], name, "the command")
    other.acquire()
    (told,) = results(stack.scan(secret("ann")))
    assert "is scanned by 'the command'" in told["busy"]
    assert said.counted[telemetry.MAILBOXES_BUSY] == 1
    other.release(is_clean=True)
    assert results(stack.scan(secret("ann")))[0]["taken"] == 1


def test_a_scan_that_another_has_taken_over_is_no_failure(stack: Stack, servers: dict[str, Mailbox]) -> None:
    def taken_over(*_arguments: Any, **_limits: Any) -> Outcome:
        raise LeaseLost("another scan has taken over")

    assert results(run(stack, 900.0, taken_over, secret("ann"))) == [{"busy": "another scan has taken over"}]


def test_mailboxes_have_the_time_in_equal_parts_and_what_one_leaves_goes_to_those_behind(stack: Stack) -> None:
    left = [900.0, 600.0, 590.0]  # the first takes all that it has, the second is empty
    given: list[Limits] = []

    def scan(_name: str, _open: Any, _door: Door, _state: State, *, limits: Limits) -> Outcome:
        given.append(limits)
        return Outcome()

    run(stack, lambda: left[len(given)], scan, secret("ann"), secret("bob"), secret("cid"))
    assert [limits.seconds for limits in given] == [
        (900 - MARGIN_SECONDS) / 3,
        (600 - MARGIN_SECONDS) / 2,
        590 - MARGIN_SECONDS,
    ]
    assert {limits.mails for limits in given} == {7}


def test_a_run_ends_before_its_time_does(stack: Stack, servers: dict[str, Mailbox], said: Said) -> None:
    servers["ann"] = Mailbox({1: BOUNCE})
    assert results(stack.scan(secret("ann"), seconds=MARGIN_SECONDS + LEAST_SECONDS - 1)) == [{"no_time": True}]
    assert servers["ann"].waiting == {1: BOUNCE}
    (warning,) = said.warnings()
    assert warning["secret"].startswith("ann-")
    assert said.counted[telemetry.MAILBOXES_FAILED] == 0


def test_of_very_many_mailboxes_each_gets_the_least_time_while_there_is_any(stack: Stack) -> None:
    left, given = MARGIN_SECONDS + 2.5 * LEAST_SECONDS, []

    def scan(_name: str, _open: Any, _door: Door, _state: State, *, limits: Limits) -> Outcome:
        nonlocal left
        given.append(limits.seconds)
        left -= limits.seconds
        return Outcome(is_finished=True)

    told = results(run(stack, lambda: left, scan, *map(secret, ("ann", "bob", "cid", "dan"))))
    assert given == [LEAST_SECONDS, LEAST_SECONDS]
    assert told[2:] == [{"no_time": True}] * 2


def test_what_was_counted_is_sent_though_the_run_fails(stack: Stack, servers: dict[str, Mailbox], said: Said) -> None:
    with pytest.raises(MailboxError):
        stack.scan(secret("bob"))
    assert said.counted == {telemetry.MAILBOXES_FAILED: 1}


def test_a_function_that_is_set_up_wrongly_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ingest_mailbox._settings.cache_clear()
    monkeypatch.delenv("MAIL_BUCKET", raising=False)
    monkeypatch.setenv("MAIL_QUEUE_URL", "https://sqs.example/mails")
    with pytest.raises(SettingError, match="MAIL_BUCKET is not set"):
        ingest_mailbox.handler({}, deployed.Context(900))


def test_a_run_uses_each_right_that_it_has(stack: Stack, servers: dict[str, Mailbox]) -> None:
    servers["ann"] = Mailbox({1: BOUNCE}, keeps=True)
    arn = secret("ann")
    with calls() as made:
        stack.scan(arn)
    names = {its: name for name, its in stack.deployed.resources.items()}
    used: dict[str, set[str]] = {}
    for operation, its in made.made:
        if operation == "PutObject":
            assert its["Key"].startswith("incoming/mailbox/")
            used.setdefault("${MailBucket.Arn}/incoming/mailbox/*", set()).add("s3:PutObject")
        elif operation == "SendMessageBatch":
            used.setdefault(names[its["QueueUrl"]], set()).add("sqs:SendMessage")
        elif operation == "GetSecretValue":
            assert its["SecretId"] == arn
            used.setdefault("MailboxSecretArns", set()).add("secretsmanager:GetSecretValue")
        elif operation != "GetFunctionConfiguration":  # which the test asks for
            (table,) = its.get("RequestItems") or [its["TableName"]]
            used.setdefault(names[table], set()).add(f"dynamodb:{operation}")
    rights = granted("IngestMailboxRole")
    assert used == {name: its for name, its in rights.items() if name != "IngestMailboxLog"}


def run(
    stack: Stack, seconds_left: float | Callable[[], float], scan: Callable[..., Outcome], *secrets: str
) -> dict[str, Any]:
    """Have `scan` called in the place of the real one, with seven mails a run."""
    its = stack.deployed.resources
    given = mailbox_runs.MailboxSettings(
        its["MailQueue"], its["MailBucket"], its["MailboxesTable"], 7, ",".join(secrets)
    )
    left = seconds_left if callable(seconds_left) else lambda: seconds_left
    try:
        return mailbox_runs.run(given, "run", left, scan)
    finally:
        telemetry.flush()
