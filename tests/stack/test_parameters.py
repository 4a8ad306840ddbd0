"""What the template's parameters come to, read from the stack that they make."""

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import boto3
import pytest

from local import endpoint
from local.deploy import Deployed, deploy
from tests.stack.expanded import WRITTEN

OURS: Final[Mapping[str, str]] = {}
THEIRS: Final = {
    "ReturnPathDomains": "return.example.com,.return.example.net",
    "ExistingReceiptRuleSet": "their-rules",
    "AfterRule": "their-rule",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:on-call",
    "MailboxSecretArns": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:one-AAAAAA,"
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:two-BBBBBB",
    "MailboxSchedule": "rate(2 hours)",
    "MailboxMailsPerRun": "50",
}


@pytest.fixture(scope="module", params=[OURS, THEIRS], ids=["own rule set", "existing rule set"])
def stack(request: pytest.FixtureRequest) -> Iterator[tuple[Mapping[str, str], Deployed]]:
    """The stack made with the parameters, and what they were."""
    parameters = request.param
    with endpoint.serving(0):
        if parameters:
            ses = boto3.client("ses")
            ses.create_receipt_rule_set(RuleSetName="their-rules")
            ses.create_receipt_rule(RuleSetName="their-rules", Rule={"Name": "their-rule"})
        yield parameters, deploy(stack="bounce-processing", parameters=parameters)


def rules(rule_set: str) -> list[Any]:
    """Return the rules of the rule set, in their order."""
    return list(boto3.client("ses").describe_receipt_rule_set(RuleSetName=rule_set)["Rules"])


def allowed_source(policy: str) -> Mapping[str, str]:
    """Return the condition under which the resource policy `policy` lets SES in."""
    (statement,) = [
        part
        for part in json.loads(policy)["Statement"]
        if part["Effect"] == "Allow" and part["Principal"] == {"Service": "ses.amazonaws.com"}
    ]
    condition: Mapping[str, str] = statement["Condition"]["StringEquals"]
    return condition


def arn_of(queue_url: str) -> str:
    """Return the ARN of the queue at `queue_url`."""
    told = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return told["Attributes"]["QueueArn"]


def test_rule_is_in_the_rule_set_that_was_asked_for(stack: tuple[Mapping[str, str], Deployed]) -> None:
    parameters, deployed = stack
    expected = ["their-rule", "bounce-processing"] if parameters else ["bounce-processing"]
    name = deployed.outputs["ReceiptRuleSetName"]
    assert name == ("their-rules" if parameters else "bounce-processing")
    assert [rule["Name"] for rule in rules(name)] == expected
    assert len(boto3.client("ses").list_receipt_rule_sets()["RuleSets"]) == 1


def test_rule_takes_the_domains_given_or_every_verified_one(stack: tuple[Mapping[str, str], Deployed]) -> None:
    parameters, deployed = stack
    rule = rules(deployed.outputs["ReceiptRuleSetName"])[-1]
    expected = ["return.example.com", ".return.example.net"] if parameters else []
    assert rule.get("Recipients", []) == expected


def test_bucket_and_topic_let_in_that_very_rule(stack: tuple[Mapping[str, str], Deployed]) -> None:
    _, deployed = stack
    rule_set = deployed.outputs["ReceiptRuleSetName"]
    rule = rules(rule_set)[-1]
    arn = f"arn:aws:ses:{endpoint.REGION}:{endpoint.ACCOUNT}:receipt-rule-set/{rule_set}:receipt-rule/{rule['Name']}"
    condition = {"aws:SourceAccount": endpoint.ACCOUNT, "aws:SourceArn": arn}
    action = rule["Actions"][0]["S3Action"]
    bucket = boto3.client("s3").get_bucket_policy(Bucket=action["BucketName"])["Policy"]
    topic = boto3.client("sns").get_topic_attributes(TopicArn=action["TopicArn"])["Attributes"]["Policy"]
    assert allowed_source(bucket) == condition
    assert allowed_source(topic) == condition


def test_alarms_tell_the_topic_given(stack: tuple[Mapping[str, str], Deployed]) -> None:
    parameters, _ = stack
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    expected = [parameters["AlarmTopicArn"]] if parameters else []
    assert [alarm.get("AlarmActions", []) for alarm in alarms] == [expected] * 17


def test_mailboxes_are_read_where_there_are_any(stack: tuple[Mapping[str, str], Deployed]) -> None:
    parameters, deployed = stack
    (schedule,) = deployed.schedules
    expression = parameters.get("MailboxSchedule", "rate(5 minutes)")
    assert (schedule.expression, schedule.is_enabled) == (expression, bool(parameters))
    function = boto3.client("lambda").get_function_configuration(
        FunctionName=deployed.resources["IngestMailboxFunction"]
    )
    assert schedule.function_arn == function["FunctionArn"]
    variables = function["Environment"]["Variables"]
    assert variables["MAILBOX_SECRETS"] == parameters.get("MailboxSecretArns", "")
    assert variables["MAILBOX_MAILS_PER_RUN"] == parameters.get("MailboxMailsPerRun", "20000")


def test_the_scan_may_read_the_secrets_given_and_no_other(stack: tuple[Mapping[str, str], Deployed]) -> None:
    parameters, deployed = stack
    kept = boto3.client("iam").get_role_policy(
        RoleName=deployed.resources["IngestMailboxRole"], PolicyName="ingest_mailbox"
    )
    statements = ast.literal_eval(str(kept["PolicyDocument"]))["Statement"]  # moto has it as Python writes a dict
    allowed = [part["Resource"] for part in statements if part and part["Action"] == "secretsmanager:GetSecretValue"]
    assert allowed == ([parameters["MailboxSecretArns"].split(",")] if parameters else [])


def test_outputs_say_the_mx_record_and_how_to_look_before_activating(
    stack: tuple[Mapping[str, str], Deployed],
) -> None:
    parameters, deployed = stack
    outputs = deployed.outputs
    assert outputs["MxRecord"] == "10 inbound-smtp.eu-west-1.amazonaws.com"
    assert outputs["LookAtActiveRuleSet"] == "aws ses describe-active-receipt-rule-set --region eu-west-1"
    for queue in ("Mail", "Report", "Verdict"):
        assert outputs[f"{queue}DeadLetterQueueUrl"] == deployed.resources[f"{queue}DeadLetterQueue"]
        assert outputs[f"{queue}QueueUrl"] == deployed.resources[f"{queue}Queue"]
        from_arn, to_arn = (arn_of(outputs[f"{queue}{kind}Url"]) for kind in ("DeadLetterQueue", "Queue"))
        redrive = (
            f"aws sqs start-message-move-task --source-arn {from_arn} --destination-arn {to_arn} --region eu-west-1"
        )
        assert outputs[f"Redrive{queue}s"] == redrive
    for table in ("SubscribersTable", "SuppressionsTable", "PatternsTable", "ReviewTable", "MailboxesTable"):
        assert outputs[f"{table}Name"] == deployed.resources[table]
    assert outputs["IngestMailboxFunctionName"] == deployed.resources["IngestMailboxFunction"]
    if not parameters:
        activate = "aws ses set-active-receipt-rule-set --rule-set-name bounce-processing --region eu-west-1"
        assert outputs["ActivateRuleSet"] == activate


def test_activating_is_offered_only_for_a_rule_set_of_our_own() -> None:
    # moto judges no condition of an output.
    assert WRITTEN["Outputs"]["ActivateRuleSet"]["Condition"] == "OwnReceiptRuleSet"
    assert WRITTEN["Conditions"]["OwnReceiptRuleSet"] == {"Fn::Equals": [{"Ref": "ExistingReceiptRuleSet"}, ""]}
    assert WRITTEN["Resources"]["ReceiptRuleSet"]["Condition"] == "OwnReceiptRuleSet"
