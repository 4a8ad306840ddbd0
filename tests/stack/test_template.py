"""What template.yaml promises of every resource of a kind, so that later ones are held to it too."""

import dataclasses
import json
import re
from typing import Any, Final

import pytest

from bounces import settings
from bounces.aws import push_store, push_tokens
from tests.stack.expanded import EXPANDED, RESOURCES, ROOT, WRITTEN, listed, of_type, referred, walk

QUEUES: Final = of_type("AWS::SQS::Queue")
FUNCTIONS: Final = of_type("AWS::Lambda::Function")
MAPPINGS: Final = of_type("AWS::Lambda::EventSourceMapping")
TABLES: Final = of_type("AWS::DynamoDB::Table")
BUCKETS: Final = of_type("AWS::S3::Bucket")
TOPICS: Final = of_type("AWS::SNS::Topic")
ALARMS: Final = of_type("AWS::CloudWatch::Alarm")
RULES: Final = of_type("AWS::SES::ReceiptRule")

DEAD_LETTER_QUEUES: Final = {
    name: referred(queue["RedrivePolicy"]["deadLetterTargetArn"])
    for name, queue in QUEUES.items()
    if "RedrivePolicy" in queue
}
POLICIES: Final = {
    **of_type("AWS::SQS::QueuePolicy"),
    **of_type("AWS::SNS::TopicPolicy"),
    **of_type("AWS::S3::BucketPolicy"),
}
SETTINGS: Final[dict[str, type[Any]]] = {
    "IngestSesFunction": settings.IngestSettings,
    "IngestPushFunction": settings.PushSettings,
    "IngestMailboxFunction": settings.MailboxSettings,
    "ClassifyFunction": settings.ClassifySettings,
    "ApplyActionsFunction": settings.ApplySettings,
}
FOURTEEN_DAYS: Final = 14 * 24 * 3600


def policies_of(resource: str) -> list[dict[str, Any]]:
    """Return the resource policies of `resource`."""
    return [
        policy
        for policy in POLICIES.values()
        if resource in map(referred, policy.get("Queues") or policy.get("Topics") or [policy.get("Bucket")])
    ]


def test_the_flow_is_there() -> None:
    assert set(FUNCTIONS) == set(SETTINGS)
    assert set(DEAD_LETTER_QUEUES) == {"MailQueue", "ReportQueue", "VerdictQueue"}
    tables = {"SubscribersTable", "SuppressionsTable", "PatternsTable", "ReviewTable", "MailboxesTable"}
    assert set(TABLES) == tables
    assert {referred(mapping["FunctionName"]) for mapping in MAPPINGS.values()} == set(FUNCTIONS) - {
        "IngestPushFunction",
        "IngestMailboxFunction",
    }
    assert len(BUCKETS) == len(TOPICS) == len(RULES) == 1


@pytest.mark.parametrize("name", QUEUES)
def test_queue_is_encrypted_and_keeps_fourteen_days(name: str) -> None:
    assert QUEUES[name]["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in QUEUES[name]
    assert QUEUES[name]["MessageRetentionPeriod"] == FOURTEEN_DAYS


@pytest.mark.parametrize("name", QUEUES)
def test_queue_has_or_is_a_dead_letter_queue_of_its_own(name: str) -> None:
    if name in DEAD_LETTER_QUEUES:
        assert QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] >= 5
        assert DEAD_LETTER_QUEUES[name] in QUEUES
        assert DEAD_LETTER_QUEUES[name] not in DEAD_LETTER_QUEUES
    else:
        assert list(DEAD_LETTER_QUEUES.values()).count(name) == 1


@pytest.mark.parametrize("name", ALARMS)
def test_every_alarm_tells_the_topic_and_is_no_alarm_without_data(name: str) -> None:
    assert ALARMS[name]["AlarmActions"]["Fn::If"] == [
        "TellsAlarms",
        [{"Ref": "AlarmTopicArn"}],
        {"Ref": "AWS::NoValue"},
    ]
    assert ALARMS[name]["TreatMissingData"] == "notBreaching"
    assert ALARMS[name]["ComparisonOperator"] == "GreaterThanThreshold"
    assert ALARMS[name]["Period"] == 300
    assert len(ALARMS[name]["AlarmDescription"]) > 20


@pytest.mark.parametrize("name", DEAD_LETTER_QUEUES.values())
def test_dead_letter_queue_that_is_not_empty_raises_an_alarm(name: str) -> None:
    alarm = alarm_on("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"Fn::GetAtt": [name, "QueueName"]})
    assert (alarm["Statistic"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("Maximum", 0, 1)


@pytest.mark.parametrize("name", DEAD_LETTER_QUEUES)
def test_queue_that_is_not_worked_off_raises_an_alarm_and_one_message_that_fails_does_not(name: str) -> None:
    alarm = alarm_on("AWS/SQS", "ApproximateAgeOfOldestMessage", {"Fn::GetAtt": [name, "QueueName"]})
    assert (alarm["Statistic"], alarm["EvaluationPeriods"]) == ("Maximum", 1)
    # SQS leaves out of the age what it handed out more than three times.
    visibility, receipts = QUEUES[name]["VisibilityTimeout"], QUEUES[name]["RedrivePolicy"]["maxReceiveCount"]
    assert 3 * visibility < alarm["Threshold"] < receipts * visibility


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_function_that_fails_or_is_throttled_raises_an_alarm(name: str, metric: str) -> None:
    alarm = alarm_on("AWS/Lambda", metric, {"Ref": name})
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
    # What comes by a queue or is sent again may fail once; a run of the schedule is the only one for a while.
    needed = 1 if name == "IngestMailboxFunction" else {"Errors": 2, "Throttles": 3}[metric]
    assert alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) == needed


def test_a_push_door_that_fails_raises_an_alarm() -> None:
    alarm = alarm_on("AWS/ApiGateway", "5xx", {"Ref": "PushApi"})
    assert (alarm["Statistic"], alarm["Threshold"], alarm["DatapointsToAlarm"]) == ("Sum", 0, 2)


def alarm_on(namespace: str, metric: str, of: dict[str, Any]) -> dict[str, Any]:
    """Return the one alarm on `metric` of the resource `of`."""
    dimension = {"AWS/SQS": "QueueName", "AWS/Lambda": "FunctionName", "AWS/ApiGateway": "ApiId"}[namespace]
    (alarm,) = [
        alarm
        for alarm in ALARMS.values()
        if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric)
        and alarm["Dimensions"] == [{"Name": dimension, "Value": of}]
    ]
    return alarm


@pytest.mark.parametrize("name", [*QUEUES, *TOPICS, *BUCKETS])
def test_resource_has_one_policy_and_it_refuses_what_comes_without_tls(name: str) -> None:
    (policy,) = policies_of(name)  # a second one would take the place of the first
    (refusal,) = [part for part in policy["PolicyDocument"]["Statement"] if part["Effect"] == "Deny"]
    assert refusal["Principal"] == "*"
    assert refusal["Action"] == {"AWS::SQS::Queue": "sqs:*", "AWS::SNS::Topic": "sns:Publish"}.get(
        RESOURCES[name]["Type"], "s3:*"
    )
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    if name in BUCKETS:
        assert refusal["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]
    elif refusal["Resource"] != "*":
        assert referred(refusal["Resource"]) == name


@pytest.mark.parametrize("name", MAPPINGS)
def test_mapping_reports_partial_failures_and_leaves_time_for_six_tries(name: str) -> None:
    mapping = MAPPINGS[name]
    queue, function = referred(mapping["EventSourceArn"]), referred(mapping["FunctionName"])
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    needed = 6 * FUNCTIONS[function]["Timeout"] + mapping.get("MaximumBatchingWindowInSeconds", 0)
    assert QUEUES[queue]["VisibilityTimeout"] >= needed


@pytest.mark.parametrize("name", BUCKETS)
def test_bucket_is_encrypted_private_and_kept(name: str) -> None:
    bucket = BUCKETS[name]
    encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    rules = {rule["Prefix"]: rule["ExpirationInDays"] for rule in bucket["LifecycleConfiguration"]["Rules"]}
    pushed = {"Ref": "PushedRetentionDays"}
    assert rules == {"incoming/": {"Ref": "MailRetentionDays"}, push_store.PUSHED: pushed, push_store.REJECTED: pushed}
    assert {rule["Status"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {"Enabled"}
    assert "VersioningConfiguration" not in bucket  # old versions would outlive MailRetentionDays


@pytest.mark.parametrize("name", TOPICS)
def test_topic_has_no_key_that_ses_may_not_use(name: str) -> None:
    assert "KmsMasterKeyId" not in TOPICS[name]


@pytest.mark.parametrize("name", RULES)
def test_rule_takes_every_mail_and_encrypts_none_for_itself(name: str) -> None:
    rule = RULES[name]["Rule"]
    assert rule["Enabled"] is True
    assert rule["ScanEnabled"] is True
    assert rule["TlsPolicy"] == "Optional"
    (action,) = rule["Actions"]
    assert action == {
        "S3Action": {
            "BucketName": {"Ref": "MailBucket"},
            "ObjectKeyPrefix": "incoming/",
            "TopicArn": {"Ref": "MailTopic"},
        }
    }


@pytest.mark.parametrize("name", RULES)
def test_rule_waits_for_whatever_its_mail_passes(name: str) -> None:
    waits, seen = list(listed(RESOURCES[name]["DependsOn"])), set()
    while waits:
        seen.add(waits[0])
        waits += listed(RESOURCES[waits.pop(0)].get("DependsOn", []))
    assert {"MailBucketPolicy", "MailTopicPolicy", "MailQueuePolicy", "MailSubscription"} <= seen


def test_subscription_is_raw_and_keeps_what_it_cannot_deliver() -> None:
    (subscription,) = of_type("AWS::SNS::Subscription").values()
    assert subscription["RawMessageDelivery"] is True
    assert (referred(subscription["Endpoint"]), subscription["Protocol"]) == ("MailQueue", "sqs")
    assert referred(subscription["RedrivePolicy"]["deadLetterTargetArn"]) == "MailDeadLetterQueue"


@pytest.mark.parametrize("name", TABLES)
def test_table_can_be_restored(name: str) -> None:
    table = TABLES[name]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", TABLES)
def test_table_is_protected_from_being_deleted_by_hand(name: str) -> None:
    assert TABLES[name]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("name", TABLES)
def test_what_is_known_of_addresses_ends_and_what_the_operator_set_stays(name: str) -> None:
    expected = None if name == "PatternsTable" else {"AttributeName": "expires_at", "Enabled": True}
    assert TABLES[name].get("TimeToLiveSpecification") == expected


@pytest.mark.parametrize("name", [*TABLES, *BUCKETS])
def test_what_holds_state_outlives_the_stack_and_its_replacement(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(
    ("kind", "fixed"),
    [
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::SNS::Topic", "TopicName"),
        ("AWS::Lambda::Function", "FunctionName"),
        ("AWS::IAM::Role", "RoleName"),
    ],
)
def test_nothing_that_may_be_replaced_has_a_fixed_name(kind: str, fixed: str) -> None:
    assert [name for name, properties in of_type(kind).items() if fixed in properties] == []


def test_no_key_of_kms_anywhere() -> None:
    assert [name for name, _ in walk(EXPANDED) if "kms" in name.lower()] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_runs_on_the_chosen_processor_with_its_layer_and_its_log(name: str) -> None:
    function = FUNCTIONS[name]
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert [referred(layer).startswith("PatternsLayer") for layer in function["Layers"]] == [True]
    log = of_type("AWS::Logs::LogGroup")[referred(function["LoggingConfig"]["LogGroup"])]
    assert log["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert (ROOT / WRITTEN["Resources"][name]["Properties"]["CodeUri"]).is_dir()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_told_its_settings_and_nothing_else(name: str) -> None:
    variables = set(FUNCTIONS[name]["Environment"]["Variables"])
    powertools = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "LOG_LEVEL"}
    assert variables - powertools == {its.name.upper() for its in dataclasses.fields(SETTINGS[name])}
    assert powertools <= variables


def test_the_door_posts_to_one_function_and_is_throttled() -> None:
    (api,) = of_type("AWS::ApiGatewayV2::Api").values()
    paths = {f"/v1/push/{name}" for name in ("powermta", "kumomta", "mail")}
    assert set(api["Body"]["paths"]) == paths
    for path in paths:
        (method,) = api["Body"]["paths"][path]
        integration = api["Body"]["paths"][path][method]["x-amazon-apigateway-integration"]
        assert (method, integration["payloadFormatVersion"], integration["timeoutInMillis"]) == ("post", "2.0", 30000)
        assert "${IngestPushFunction.Arn}" in integration["uri"]["Fn::Sub"]
    assert FUNCTIONS["IngestPushFunction"]["Timeout"] < 30
    (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "PushRequestsPerSecond"},
        "ThrottlingBurstLimit": {"Ref": "PushBurst"},
    }


def test_the_mailboxes_are_read_on_a_schedule_that_is_off_without_one() -> None:
    ((name, schedule),) = of_type("AWS::Scheduler::Schedule").items()
    assert "Name" not in schedule
    assert RESOURCES[name].get("Condition") is None
    assert schedule["State"] == {"Fn::If": ["ReadsMailboxes", "ENABLED", "DISABLED"]}
    assert schedule["ScheduleExpression"] == {"Ref": "MailboxSchedule"}
    assert referred(schedule["Target"]["Arn"]) == "IngestMailboxFunction"
    assert referred(schedule["Target"]["RoleArn"]) == "MailboxScheduleRole"
    assert WRITTEN["Conditions"]["ReadsMailboxes"] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "MailboxSecretArns"}]}, ""]}]
    }
    assert WRITTEN["Parameters"]["MailboxSecretArns"]["Default"] == ""


def test_a_scan_that_failed_is_not_tried_again_before_the_next_is_due() -> None:
    (schedule,) = of_type("AWS::Scheduler::Schedule").values()
    (asynchronous,) = of_type("AWS::Lambda::EventInvokeConfig").values()
    assert referred(asynchronous["FunctionName"]) == "IngestMailboxFunction"
    for its in (schedule["Target"]["RetryPolicy"], asynchronous):
        assert (its["MaximumRetryAttempts"], its["MaximumEventAgeInSeconds"]) == (0, 300)


@pytest.mark.parametrize("expression", ["rate(5 minutes)", "rate(1 hour)", "cron(0/10 8-18 ? * MON-FRI *)"])
def test_a_schedule_may_be_given(expression: str) -> None:
    pattern = WRITTEN["Parameters"]["MailboxSchedule"]["AllowedPattern"]
    assert re.search(pattern, expression)
    assert not re.search(pattern, expression.partition("(")[2])


def test_the_secret_is_made_as_it_is_read() -> None:
    (secret,) = of_type("AWS::SecretsManager::Secret").values()
    generated = secret["GenerateSecretString"]
    text = json.dumps({**json.loads(generated["SecretStringTemplate"]), generated["GenerateStringKey"]: "made"})
    assert push_tokens.read(text) == ("made",)
    assert generated["PasswordLength"] >= 32


def test_functions_that_read_mails_have_memory_for_the_longest() -> None:
    readers = {
        name
        for name, function in FUNCTIONS.items()
        for key, value in walk(RESOURCES[referred(function["Role"])])
        if key == "Action" and "s3:GetObject" in listed(value)
    }
    assert readers == {"IngestSesFunction"}
    assert all(FUNCTIONS[name]["MemorySize"] >= 1024 for name in readers)
