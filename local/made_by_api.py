"""Makes by API what moto's CloudFormation does not make, in the order in which each needs the other."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3

from local.made_before import HTTP_API
from local.template import INVOKE_CONFIG, MADE_BY_API, PERMISSION, RULE, RULE_SET, SCHEDULE, STAGE

Properties = dict[str, Any]


def make_all(
    stack: str, kinds: Mapping[str, str], properties: Mapping[str, Properties], made_before: Mapping[str, str]
) -> dict[str, str]:
    """Make each resource of `properties` whose kind is one of `MADE_BY_API`; return their physical ids.

    `made_before` has the ids of those that are there in part, by logical id.

    A receipt rule set is made active, as docs/deploy.md has the operator do: CloudFormation cannot.
    """
    made: dict[str, str] = {}
    for kind in _MAKERS:
        for logical_id, its in properties.items():
            if kinds[logical_id] == kind:
                made[logical_id] = _MAKERS[kind](its, made_before.get(logical_id, f"{stack}-{logical_id}"))
    return made


def _bucket_policy(properties: Properties, name: str) -> str:
    """Put the policy less its denials with a condition, such as of what is not TLS: moto denies without judging."""
    policy = properties["PolicyDocument"]
    judged = [part for part in policy["Statement"] if part["Effect"] != "Deny" or "Condition" not in part]
    boto3.client("s3").put_bucket_policy(
        Bucket=properties["Bucket"], Policy=json.dumps({**policy, "Statement": judged})
    )
    return name


def _topic_policy(properties: Properties, name: str) -> str:
    for topic in properties["Topics"]:
        boto3.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(properties["PolicyDocument"])
        )
    return name


def _queue_policy(properties: Properties, name: str) -> str:
    for queue in properties["Queues"]:
        boto3.client("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": json.dumps(properties["PolicyDocument"])}
        )
    return name


def _subscription(properties: Properties, _name: str) -> str:
    attributes = {}
    if "RawMessageDelivery" in properties:
        attributes["RawMessageDelivery"] = str(properties["RawMessageDelivery"]).lower()
    if "RedrivePolicy" in properties:
        attributes["RedrivePolicy"] = json.dumps(properties["RedrivePolicy"])
    return boto3.client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]


def _rule_set(properties: Properties, name: str) -> str:
    name = properties.get("RuleSetName", name)
    boto3.client("ses").create_receipt_rule_set(RuleSetName=name)
    return name


def _rule(properties: Properties, name: str) -> str:
    ses = boto3.client("ses")
    rule = {"Name": name, **properties["Rule"]}
    after = {"After": properties["After"]} if "After" in properties else {}
    ses.create_receipt_rule(RuleSetName=properties["RuleSetName"], Rule=rule, **after)  # type: ignore[arg-type]
    ses.set_active_receipt_rule_set(RuleSetName=properties["RuleSetName"])
    return str(rule["Name"])


def _alarm(properties: Properties, name: str) -> str:
    boto3.client("cloudwatch").put_metric_alarm(**{"AlarmName": name, **properties})
    return name


def _routes(properties: Properties, api_id: str) -> str:
    boto3.client("apigatewayv2").reimport_api(ApiId=api_id, Body=json.dumps(properties["Body"]))
    return api_id


def _stage(properties: Properties, name: str) -> str:
    boto3.client("apigatewayv2").create_stage(
        ApiId=properties["ApiId"],
        StageName=properties["StageName"],
        AutoDeploy=properties["AutoDeploy"],
        DefaultRouteSettings={key: _number(value) for key, value in properties["DefaultRouteSettings"].items()},
    )
    return name


def _permission(properties: Properties, name: str) -> str:
    boto3.client("lambda").add_permission(
        FunctionName=properties["FunctionName"],
        StatementId=name,
        Action=properties["Action"],
        Principal=properties["Principal"],
        SourceArn=properties["SourceArn"],
    )
    return name


def _schedule(properties: Properties, name: str) -> str:
    boto3.client("scheduler").create_schedule(**{"Name": name, **properties})
    return name


def _invoke_config(properties: Properties, name: str) -> str:
    boto3.client("lambda").put_function_event_invoke_config(**properties)
    return name


def _number(text: Any) -> Any:
    """A parameter's value is text to moto, where CloudFormation makes it what the resource has."""
    return float(text) if isinstance(text, str) else text


_MAKERS: Final[dict[str, Callable[[Properties, str], str]]] = {
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::SNS::Subscription": _subscription,
    RULE_SET: _rule_set,
    RULE: _rule,
    "AWS::CloudWatch::Alarm": _alarm,
    HTTP_API: _routes,
    STAGE: _stage,
    PERMISSION: _permission,
    SCHEDULE: _schedule,
    INVOKE_CONFIG: _invoke_config,
}
assert set(_MAKERS) == set(MADE_BY_API)
