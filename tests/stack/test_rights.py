"""Least rights: nobody may do more than template.yaml's parts do, on more than they do it to."""

from collections.abc import Callable
from typing import Any, Final
from unittest import mock

import pytest
from botocore.client import BaseClient

from bounces import envelopes
from bounces.aws import operator_set
from bounces.aws.operator_set import Followed
from bounces.records import Verdict
from bounces.store import PatternStore, ReviewStore
from tests.stack import deployed
from tests.stack.expanded import listed, of_type, referred
from tests.stack.in_memory import calls, tables
from tests.stack.pattern_sets import save
from tests.stack.pushes import JSON, TOKEN, push, rows
from tests.stack.rights import ROLES, granted, statements
from tests.stack.sample_events import body

RESOURCE_POLICIES: Final = {
    **of_type("AWS::SQS::QueuePolicy"),
    **of_type("AWS::SNS::TopicPolicy"),
    **of_type("AWS::S3::BucketPolicy"),
}
SCHEDULER: Final = "MailboxScheduleRole"
# What a role may do, by what it does it to. A right that is not here was not thought about.
WANTED: Final = {
    "IngestSesRole": {
        "MailQueue": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        "${MailBucket.Arn}/incoming/*": {"s3:GetObject"},
        "MailBucket": {"s3:ListBucket"},
        "ReportQueue": {"sqs:SendMessage"},
        "MailDeadLetterQueue": {"sqs:SendMessage"},
        "IngestSesLog": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "IngestPushRole": {
        "PushSecret": {"secretsmanager:GetSecretValue"},
        "${MailBucket.Arn}/pushed/*": {"s3:PutObject"},
        "${MailBucket.Arn}/rejected/*": {"s3:PutObject"},
        "${MailBucket.Arn}/incoming/pushed/*": {"s3:PutObject"},
        "ReportQueue": {"sqs:SendMessage"},
        "MailQueue": {"sqs:SendMessage"},
        "IngestPushLog": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "IngestMailboxRole": {
        "MailboxSecretArns": {"secretsmanager:GetSecretValue"},  # the parameter: those that the operator names
        "${MailBucket.Arn}/incoming/mailbox/*": {"s3:PutObject"},
        "MailQueue": {"sqs:SendMessage"},
        "MailboxesTable": {
            "dynamodb:GetItem",
            "dynamodb:UpdateItem",
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
        },
        "IngestMailboxLog": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "MailboxScheduleRole": {"IngestMailboxFunction": {"lambda:InvokeFunction"}},
    "ClassifyRole": {
        "ReportQueue": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        "VerdictQueue": {"sqs:SendMessage"},
        "ReportDeadLetterQueue": {"sqs:SendMessage"},
        "PatternsTable": {"dynamodb:GetItem", "dynamodb:Query"},
        "ClassifyLog": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
    "ApplyActionsRole": {
        "VerdictQueue": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        "SubscribersTable": {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"},
        "SuppressionsTable": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "ReviewTable": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "PatternsTable": {"dynamodb:GetItem", "dynamodb:Query"},
        "VerdictDeadLetterQueue": {"sqs:SendMessage"},
        "ApplyActionsLog": {"logs:CreateLogStream", "logs:PutLogEvents"},
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_role_has_the_rights_that_its_function_uses_and_no_other(role: str) -> None:
    assert granted(role) == WANTED[role]


@pytest.mark.parametrize("role", sorted(ROLES.keys() - {SCHEDULER}))
def test_role_is_lambdas(role: str) -> None:
    (trust,) = ROLES[role]["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def test_the_scheduler_takes_its_role_for_this_account_alone() -> None:
    (trust,) = ROLES[SCHEDULER]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("role", ROLES)
def test_role_borrows_no_managed_policy(role: str) -> None:
    assert "ManagedPolicyArns" not in ROLES[role]


def test_each_function_has_a_role_to_itself() -> None:
    roles = [referred(function["Role"]) for function in of_type("AWS::Lambda::Function").values()]
    assert sorted([*roles, SCHEDULER]) == sorted(ROLES)


@pytest.mark.parametrize("name", RESOURCE_POLICIES)
def test_only_a_service_that_acts_for_us_is_let_in_from_outside(name: str) -> None:
    for statement in statements(RESOURCE_POLICIES[name]):
        assert statement["Principal"].keys() == {"Service"}
        assert "*" not in "".join(listed(statement["Action"]))
        assert statement["Resource"] != "*"
        conditions = {key for test in statement["Condition"].values() for key in test}
        assert "aws:SourceArn" in conditions
        if statement["Principal"]["Service"] == "ses.amazonaws.com":
            assert "aws:SourceAccount" in conditions


def test_apply_actions_uses_each_right_that_it_has_on_the_tables() -> None:
    used: dict[str, set[str]] = {}
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # as moto itself finds out

    def recorded(self: BaseClient, operation: str, its: dict[str, Any]) -> Any:
        used.setdefault(its["TableName"], set()).add(f"dynamodb:{operation}")
        return call(self, operation, its)

    (named,) = envelopes.unpack(Verdict, body("apply_actions")).records
    unnamed = to_every_list(named)
    with tables() as made, mock.patch.object(BaseClient, "_make_api_call", recorded):
        for verdict in (named, named, unnamed):
            made.store.apply(verdict)
            ReviewStore("ReviewTable").keep(verdict, "a reason")
    rights = granted("ApplyActionsRole")
    assert used == {name: rights[name] for name in ("SubscribersTable", "SuppressionsTable", "ReviewTable")}


@pytest.mark.parametrize(
    ("role", "follow"), [("ClassifyRole", operator_set.classifiers), ("ApplyActionsRole", operator_set.policies)]
)
def test_who_follows_the_operator_s_set_uses_each_right_that_it_has_on_the_table(
    role: str, follow: Callable[[str, float], Followed[Any]]
) -> None:
    with tables():
        save(PatternStore("PatternsTable"), "a==>Soft", policy='[categories.bad-domain]\nbounce_type = "soft"\n')
        with calls() as made:
            follow("PatternsTable", 60).current()
    assert {f"dynamodb:{operation}" for operation in made.operations} == granted(role)["PatternsTable"]


def test_the_push_door_uses_each_right_that_it_has() -> None:
    used: set[str] = set()
    with deployed.stack() as made:
        made.push_tokens(TOKEN)
        mail = b'{"rcpt_to": "bounces@return.example.com", "email_rfc822": "Subject: a"}'
        with calls() as recorded:
            push(made, rows(1) + b"b,x\n")
            push(made, mail, "mail", content_type=JSON)
        names = {its: name for name, its in made.deployed.resources.items()}
        for operation, its in recorded.made:
            if operation == "PutObject":
                used.add(f"{its['Key'].partition('20')[0]}: s3:PutObject")
            elif operation == "SendMessageBatch":
                used.add(f"{names[its['QueueUrl']]}: sqs:SendMessage")
            elif operation == "GetSecretValue":
                used.add(f"{names[its['SecretId']]}: secretsmanager:GetSecretValue")
    rights = {
        f"{name.removeprefix('${MailBucket.Arn}/').removesuffix('*')}: {right}"
        for name, its in granted("IngestPushRole").items()
        for right in its
    }
    assert used == {right for right in rights if "logs:" not in right}


def to_every_list(verdict: Verdict) -> Verdict:
    """Return another verdict that names no list, so that the memberships have to be asked for."""
    written = verdict.to_json()
    written["report"] = {**written["report"], "id": "0" * 40}
    del written["report"]["list_id"]
    return Verdict.from_json(written)
