"""What a command says where AWS does not do as asked: what it was, and what to do."""

import os
import subprocess
import sys

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from pynamodb.exceptions import GetError

from bounces_cli.errors import CommandError
from bounces_cli.operators import talking_to, words_of


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (exceptions.NoRegionError(), "AWS_REGION=eu-west-1"),
        (exceptions.NoCredentialsError(), "AWS_PROFILE=NAME"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "AWS_PROFILE=NAME"),
        (exceptions.ProfileNotFound(profile="nope"), "AWS_PROFILE=NAME"),
        (exceptions.UnauthorizedSSOTokenError(), "log in again"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="over"), "log in again"),
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), "no such region"),
        (refused("ExpiredToken"), "log in again"),
        (refused("ExpiredTokenException"), "log in again"),
        (refused("UnrecognizedClientException"), "log in again"),
        (refused("AccessDenied"), "get-caller-identity"),
        (refused("AccessDeniedException"), "get-caller-identity"),
        (refused("ValidationError", "Stack with id nope does not exist"), "no such stack in this account and region"),
        (refused("ResourceNotFoundException"), "in this account and region"),
        (GetError(cause=refused("ExpiredTokenException")), "log in again"),
    ],
)
def test_the_usual_errors_say_what_to_do(error: Exception, says: str) -> None:
    words = words_of(error)
    assert words.startswith(str(error))
    assert says in words.removeprefix(str(error))
    with pytest.raises(CommandError, match="the table: ") as raised, talking_to("the table"):
        raise error
    assert says in str(raised.value)


def test_others_say_what_they_are() -> None:
    assert words_of(refused("ValidationError", "too long")) == str(refused("ValidationError", "too long"))
    assert words_of(refused("ThrottlingException")) == str(refused("ThrottlingException"))


def test_a_stack_without_a_region_is_asked_for_one() -> None:
    nowhere = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, "-m", "bounces_cli.main", "suppressions", "check", "--stack", "nope", "x@example.org"]
    done = subprocess.run(command, env=nowhere, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "bounces: stack nope: You must specify a region.",
        "name the stack's region: AWS_REGION=eu-west-1, or a profile that has one (AWS_PROFILE)",
    ]
