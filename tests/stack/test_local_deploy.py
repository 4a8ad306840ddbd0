"""template.yaml itself is deployed, whole: by moto's CloudFormation, and by API where that makes a thing not."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local import endpoint
from local.deploy import Deployed, deploy
from local.http_api import HttpApi
from local.receipt_rule import ReceiptRule
from local.template import TemplateError, yaml_parse

ROOT = Path(__file__).parents[2]
SMALL = Path(__file__).with_name("small_stack") / "template.yaml"


@pytest.fixture(scope="module")
def deployed(aws: int) -> Deployed:
    return deploy(parameters={"ReturnPathDomains": "return.example.com,.bounces.example.net"})


@pytest.fixture
def fresh() -> Iterator[None]:
    with endpoint.serving(0):
        yield


def test_every_resource_of_the_template_is_made(deployed: Deployed) -> None:
    written = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    missing = [name for name in written if not deployed.resources.get(name)]
    assert missing == []


def test_functions_are_told_of_the_resources_that_were_made(deployed: Deployed) -> None:
    told = {
        name: boto3.client("lambda").get_function_configuration(FunctionName=deployed.resources[name])
        for name in (
            "IngestSesFunction",
            "IngestPushFunction",
            "IngestMailboxFunction",
            "ClassifyFunction",
            "ApplyActionsFunction",
        )
    }
    variables = {name: its["Environment"]["Variables"] for name, its in told.items()}
    its = deployed.resources
    assert variables["IngestSesFunction"]["REPORT_QUEUE_URL"] == its["ReportQueue"]
    assert variables["IngestSesFunction"]["DEAD_LETTER_QUEUE_URL"] == its["MailDeadLetterQueue"]
    assert variables["IngestPushFunction"]["REPORT_QUEUE_URL"] == its["ReportQueue"]
    assert variables["IngestPushFunction"]["MAIL_QUEUE_URL"] == its["MailQueue"]
    assert variables["IngestPushFunction"]["MAIL_BUCKET"] == its["MailBucket"]
    assert variables["IngestPushFunction"]["PUSH_SECRET"] == its["PushSecret"] == deployed.outputs["PushSecretArn"]
    assert variables["IngestMailboxFunction"]["MAIL_QUEUE_URL"] == its["MailQueue"]
    assert variables["IngestMailboxFunction"]["MAIL_BUCKET"] == its["MailBucket"]
    assert variables["IngestMailboxFunction"]["MAILBOXES_TABLE"] == its["MailboxesTable"]
    assert variables["ClassifyFunction"]["VERDICT_QUEUE_URL"] == its["VerdictQueue"]
    assert variables["ClassifyFunction"]["DEAD_LETTER_QUEUE_URL"] == its["ReportDeadLetterQueue"]
    assert variables["ClassifyFunction"]["PATTERNS_TABLE"] == its["PatternsTable"]
    assert variables["ApplyActionsFunction"]["PATTERNS_TABLE"] == its["PatternsTable"]
    assert variables["ApplyActionsFunction"]["SUBSCRIBERS_TABLE"] == its["SubscribersTable"]
    assert variables["ApplyActionsFunction"]["SUPPRESSIONS_TABLE"] == its["SuppressionsTable"]
    assert variables["ApplyActionsFunction"]["REVIEW_TABLE"] == its["ReviewTable"]
    assert variables["ApplyActionsFunction"]["DEAD_LETTER_QUEUE_URL"] == its["VerdictDeadLetterQueue"]


def test_the_api_has_the_routes_of_the_template_to_the_function_that_was_made(deployed: Deployed) -> None:
    api = HttpApi.of(deployed.resources["PushApi"])
    assert deployed.outputs["PushUrl"] == f"https://{api.api_id}.execute-api.eu-west-1.amazonaws.com"
    assert {(route.function_arn.rpartition(":")[2], route.seconds) for route in api.routes.values()} == {
        (deployed.resources["IngestPushFunction"], 30.0)
    }
    assert api.route("POST", "/v1/push/mail") is not None
    assert api.route("GET", "/v1/push/mail") is None
    (stage,) = boto3.client("apigatewayv2").get_stages(ApiId=api.api_id)["Items"]
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50.0}
    (policy,) = [boto3.client("lambda").get_policy(FunctionName=deployed.resources["IngestPushFunction"])["Policy"]]
    assert f":{api.api_id}/*/POST/v1/push/mail" in policy


def test_event_sources_are_the_pumps_and_not_motos(deployed: Deployed) -> None:
    assert boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    flow = [(source.queue_arn.split("-")[-2], source.function_name.split("-")[-2]) for source in deployed.event_sources]
    assert flow == [
        ("MailQueue", "IngestSesFunction"),
        ("ReportQueue", "ClassifyFunction"),
        ("VerdictQueue", "ApplyActionsFunction"),
    ]
    assert all(source.partial_failures for source in deployed.event_sources)


def test_a_notification_reaches_the_mail_queue_raw(deployed: Deployed) -> None:
    boto3.client("sns").publish(TopicArn=deployed.resources["MailTopic"], Message="as SES wrote it")
    received = boto3.client("sqs").receive_message(QueueUrl=deployed.resources["MailQueue"])
    assert received["Messages"][0]["Body"] == "as SES wrote it"


def test_the_receipt_rule_is_active_and_takes_the_parameters_domains(deployed: Deployed) -> None:
    rule = ReceiptRule.active()
    assert rule.bucket == deployed.resources["MailBucket"]
    assert rule.prefix == "incoming/"
    assert rule.topic == deployed.resources["MailTopic"]
    assert rule.takes("bounces+news.a.b@return.example.com")
    assert rule.takes("BOUNCES@RETURN.EXAMPLE.COM")
    assert rule.takes("bounces@eu.bounces.example.net")
    assert not rule.takes("bounces@bounces.example.net")
    assert not rule.takes("bounces@example.com")
    assert not rule.takes("bounces@sub.return.example.com")


@pytest.mark.usefixtures("fresh")
def test_without_domains_the_rule_takes_every_recipient() -> None:
    deploy()
    assert ReceiptRule.active().recipients == ()
    assert ReceiptRule.active().takes("anyone@anywhere.example")


@pytest.mark.usefixtures("fresh")
def test_the_rule_joins_an_existing_rule_set() -> None:
    boto3.client("ses").create_receipt_rule_set(RuleSetName="theirs")
    deployed = deploy(parameters={"ExistingReceiptRuleSet": "theirs"})
    assert "ReceiptRuleSet" not in deployed.resources
    active = boto3.client("ses").describe_active_receipt_rule_set()
    assert active["Metadata"]["Name"] == "theirs"
    assert [rule["Name"] for rule in active["Rules"]] == [deployed.resources["ReceiptRule"]]


@pytest.mark.usefixtures("fresh")
def test_references_to_what_moto_does_not_make_are_resolved() -> None:
    deployed = deploy(SMALL, stack="small")
    assert deployed.outputs["Told"] == f"use small-rules with {deployed.resources['Queue']}"
    assert deployed.resources["RuleSet"] == "small-rules"
    assert "NeverMade" not in deployed.resources
    (source,) = deployed.event_sources
    assert (source.batch_size, source.window, source.partial_failures) == (25, 1.0, False)


@pytest.mark.usefixtures("fresh")
@pytest.mark.filterwarnings("ignore:Tried to parse")
def test_a_resource_that_nothing_makes_is_an_error(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text("Transform: AWS::Serverless-2016-10-31\nResources: {Set: {Type: AWS::SES::ConfigurationSet}}\n")
    with pytest.raises(TemplateError, match="Set: moto's CloudFormation did not make this AWS::SES::ConfigurationSet"):
        deploy(template)
