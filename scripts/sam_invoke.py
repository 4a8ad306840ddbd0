"""Invokes every built function in the SAM CLI's container with its sample event, and checks what it did.

`sam_invoke.py ARCHITECTURE`, after `sam build`. AWS is moto with template.yaml deployed, which a container reaches as
`at_container_host` says.
"""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import boto3
import docker  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse

from bounces import envelopes, notifications
from bounces.records import BounceType, Report, Source, Verdict
from bounces.store import Note, PatternStore, Store
from bounces.store.states import State
from local import endpoint
from local.deploy import Deployed, deploy
from scripts import sam_mailbox, sam_start_api
from scripts.at_container_host import container_host, forwarded_from
from scripts.sam_mailbox import SampleMailbox
from tests.dovecot import digest

ROOT: Final = Path(__file__).resolve().parent.parent
SAM: Final = ROOT / ".venv-sam" / "bin" / "sam"
BUILT: Final = ROOT / ".aws-sam" / "build"
EVENTS: Final = ROOT / "events"
SAMPLE_MAIL: Final = EVENTS / "mails" / "postfix-user-unknown.eml"
IMAGE: Final = "public.ecr.aws/lambda/python:3.13"
PUSHED_RECIPIENTS: Final = ["ada@example.org", "blaise@example.org", "nikola@example.net"]
NEWSLETTER: Final = b"From: shop@example.com\r\nSubject: New shoes\r\n\r\nBuy them.\r\n"
SECONDS: Final = 300  # for one invocation, with the container's start


class Failed(Exception):
    """A function that did not do what its sample event asks for."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What functions are invoked in: the stack, a mailbox (None: no Dovecot), and where containers find AWS."""

    deployed: Deployed
    mailbox: SampleMailbox | None
    endpoint_url: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A function's sample event, the stack that it is given to, and the mailbox that there is (None: no Dovecot)."""

    event: dict[str, Any]
    deployed: Deployed
    mailbox: SampleMailbox | None

    @property
    def body(self) -> str:
        """The text of the event's queue message."""
        return str(self.event["Records"][0]["body"])

    def sent(self, queue: str) -> list[str]:
        """Return the messages that wait in the queue with the logical id `queue`."""
        url = self.deployed.resources[queue]
        told = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [message["Body"] for message in told.get("Messages", [])]

    def store(self) -> Store:
        """Return the store on the stack's tables."""
        its = self.deployed.resources
        return Store(its["SubscribersTable"], its["SuppressionsTable"])


def put_mail(sample: Sample) -> None:
    """Put the mail where the sample notification says that SES has put it."""
    action = json.loads(sample.body)["receipt"]["action"]
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=action["bucketName"], CreateBucketConfiguration={"LocationConstraint": endpoint.REGION})
    s3.put_object(Bucket=action["bucketName"], Key=action["objectKey"], Body=SAMPLE_MAIL.read_bytes())


def check_reports(sample: Sample) -> str:
    """Expect the one report of the mail in the report queue, with what SES alone knows."""
    (message,) = sample.sent("ReportQueue")
    (report,) = envelopes.unpack(Report, message).records
    receipt = json.loads(sample.body)["receipt"]
    expect("recipient", report.recipient, "ada@example.org")
    expect("status", report.status, "5.1.1")
    expect("envelope recipient", report.envelope_recipient, receipt["recipients"][0])
    expect("spam verdict", report.authentication["spam"], receipt["spamVerdict"]["status"])
    return "1 report sent on"


def put_pattern(sample: Sample) -> None:
    """Save a pattern of the operator that decides the sample report."""
    patterns = PatternStore(sample.deployed.resources["PatternsTable"])
    note = Note("sam_invoke", datetime.now(UTC), "added 1", "to see that the function reads the table")
    patterns.save("unknown in virtual mailbox table==>Hard", 1, None, note, None)


def check_verdicts(sample: Sample) -> str:
    """Expect a hard verdict on each report of the event in the verdict queue, by the operator's pattern."""
    (message,) = sample.sent("VerdictQueue")
    verdicts = envelopes.unpack(Verdict, message).records
    reports = envelopes.unpack(Report, sample.body).records
    expect("reports", [verdict.report for verdict in verdicts], list(reports))
    expect("bounce types", {verdict.bounce_type for verdict in verdicts}, {BounceType.HARD})
    expect("rules", {verdict.rule for verdict in verdicts}, {"operator.1"})
    return f"1 verdict sent on: {verdicts[0].category}, {verdicts[0].bounce_type}, by {verdicts[0].rule}"


def put_subscriber(sample: Sample) -> None:
    """Put the address of the sample verdict on two lists, its own and another."""
    for list_id in ("news", "offers"):
        sample.store().subscribe("ada@example.org", list_id)


def check_state(sample: Sample) -> str:
    """Expect the address marked, suppressed, and off the list that the verdict names."""
    store = sample.store()
    expect("status", store.status("ada@example.org").state, State.HARD_BOUNCED)
    subscribed = {its.list_id: its.ended is None for its in store.memberships("ada@example.org")}
    expect("subscribed", subscribed, {"news": False, "offers": True})
    expect("suppressed", store.suppression("ada@example.org") is not None, True)
    expect("history", len(store.history("ada@example.org")), 1)
    return "ada@example.org is hard-bounced, unsubscribed from news, suppressed"


def put_token(sample: Sample) -> None:
    """Have the secret hold the token that the sample request carries."""
    text = json.dumps({"current": "another-token", "previous": sample.event["headers"]["authorization"].split()[1]})
    boto3.client("secretsmanager").put_secret_value(SecretId=sample.deployed.resources["PushSecret"], SecretString=text)


def check_pushed(sample: Sample) -> str:
    """Expect the reports of the sample file in the report queue, and the file itself in the bucket."""
    (message,) = sample.sent("ReportQueue")
    reports = envelopes.unpack(Report, message).records
    expect("recipients", [report.recipient for report in reports], PUSHED_RECIPIENTS)
    bucket, _, key = str(reports[0].raw).removeprefix("s3://").partition("#")[0].partition("/")
    kept = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    expect("body", gzip.decompress(kept), sample.event["body"].encode())
    return f"{len(reports)} reports sent on"


def put_in_mailbox(sample: Sample) -> None:
    """Deliver the sample mail, and one that is no bounce, to the mailbox."""
    if sample.mailbox is not None:
        sample.mailbox.server.deliver(SAMPLE_MAIL.read_bytes(), flags="S")
        sample.mailbox.server.deliver(NEWSLETTER)


def check_scan(sample: Sample) -> str:
    """Expect both mails in the bucket and on the mail queue, and each in its folder of the mailbox."""
    if sample.mailbox is None:
        return "no mailbox was read: there is no Dovecot here"
    receipts = [notifications.read_receipt(message) for message in sample.sent("MailQueue")]
    expect("sources", [receipt.source for receipt in receipts], [Source.MAILBOX] * 2)
    s3 = boto3.client("s3")
    kept = [s3.get_object(Bucket=its.bucket, Key=its.key)["Body"].read() for its in receipts]
    wanted = [digest(SAMPLE_MAIL.read_bytes()), digest(NEWSLETTER)]
    expect("mails in the bucket", sorted(map(digest, kept)), sorted(wanted))
    folders = {"Processed": wanted[:1], "Unrecognised": wanted[1:]}
    expect("folders", sample.mailbox.server.digests(), folders)
    return "2 mails stored, announced and filed"


# What each function's event needs to be there, and what is then to be found. A function without one fails the run.
CHECKS: Final[Mapping[str, tuple[Callable[[Sample], None], Callable[[Sample], str]]]] = {
    "IngestSesFunction": (put_mail, check_reports),
    "IngestPushFunction": (put_token, check_pushed),
    "IngestMailboxFunction": (put_in_mailbox, check_scan),
    "ClassifyFunction": (put_pattern, check_verdicts),
    "ApplyActionsFunction": (put_subscriber, check_state),
}


def expect(what: str, found: object, wanted: object) -> None:
    """Raise `Failed` unless `found` is `wanted`."""
    if found != wanted:
        raise Failed(f"{what}: expected {wanted!r}, found {found!r}")


def template_for(built: Path, folder: Path) -> tuple[Path, list[str]]:
    """Write the built template to `folder` with one variable more, and return its path and its functions' ids.

    The SAM CLI sets a function no variable that the template does not name.
    """
    template = yaml_parse(built.read_text("utf-8"))
    functions = [name for name, part in template["Resources"].items() if part["Type"] == "AWS::Serverless::Function"]
    template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = ""
    for part in template["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in part.get("Properties", {}):
                part["Properties"][name] = str(built.parent / part["Properties"][name])
    path = folder / "template.json"
    path.write_text(json.dumps(template), "utf-8")
    return path, functions


def variables_of(function: str, deployed: Deployed, endpoint_url: str) -> dict[str, str]:
    """Return the variables that the deployed function has, with the address of its AWS."""
    told = boto3.client("lambda").get_function_configuration(FunctionName=deployed.resources[function])
    return {**told["Environment"]["Variables"], "AWS_ENDPOINT_URL": endpoint_url}


def invoke(function: str, template: Path, event: Path, variables: Path, architecture: str) -> None:
    """Invoke the function in its container. Raises `Failed`, after showing its log, unless it took all that it got."""
    command = [str(SAM), "local", "invoke", function, "--template", str(template), "--event", str(event)]
    command += ["--env-vars", str(variables), "--parameter-overrides", f"Architecture={architecture}"]
    if any(tag.startswith(IMAGE) for image in docker.from_env().images.list() for tag in image.tags):
        command.append("--skip-pull-image")
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    answer = ran.stdout.strip().rpartition("\n")[2]
    told = json.loads(answer) if answer.startswith("{") else {}
    if ran.returncode != 0 or not is_success(told):
        print(ran.stderr, file=sys.stderr)
        raise Failed(f"sam local invoke ended with {ran.returncode} and the answer {answer or 'none'}")


def is_success(told: Mapping[str, Any]) -> bool:
    """Say whether a function that answered `told` took all that it got."""
    return told == {"batchItemFailures": []} or told.get("statusCode") == 200 or "mailboxes" in told


def try_function(function: str, template: Path, architecture: str, surroundings: Surroundings) -> str:
    """Invoke one function with its sample event, and return what it did. Raises `Failed`."""
    if function not in CHECKS:
        raise Failed("scripts/sam_invoke.py has no check for it")
    prepare, check = CHECKS[function]
    deployed = surroundings.deployed
    event = EVENTS / f"{deployed.folders[function].name}.json"
    sample = Sample(json.loads(event.read_text("utf-8")), deployed, surroundings.mailbox)
    prepare(sample)
    variables = template.with_name(f"{function}.variables.json")
    variables.write_text(json.dumps({function: variables_of(function, deployed, surroundings.endpoint_url)}), "utf-8")
    invoke(function, template, event, variables, architecture)
    return check(sample)


def main(architecture: str) -> int:
    """Try every function of the built template, and return the exit code."""
    failures = 0
    with ExitStack() as ending:
        port = ending.enter_context(endpoint.serving(0))
        host = container_host()
        if host != endpoint.HOST:
            port = ending.enter_context(forwarded_from(host, port))
        mailbox = ending.enter_context(sam_mailbox.running(host))
        deployed = deploy(parameters={"MailboxSecretArns": mailbox.secret} if mailbox else {})
        surroundings = Surroundings(deployed, mailbox, f"http://{host}:{port}")
        folder = Path(ending.enter_context(TemporaryDirectory()))
        template, functions = template_for(BUILT / "template.yaml", folder)
        for function in functions:
            start = time.monotonic()
            try:
                done = try_function(function, template, architecture, surroundings)
                print(f"sam: {function}: {done} ({time.monotonic() - start:.1f} s)", flush=True)
            except (Failed, ValueError, subprocess.TimeoutExpired) as error:
                print(f"sam: {function}: FAILED: {error}", flush=True)
                failures += 1
        try:
            print(f"sam: start-api: {sam_start_api.push(SAM, template, architecture, EVENTS / 'ingest_push.json')}")
        except sam_start_api.NoAnswer as error:
            print(f"sam: start-api: FAILED: {error}", flush=True)
            failures += 1
    print(f"sam: {failures} failures in {len(functions)} functions and their HTTP API")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
