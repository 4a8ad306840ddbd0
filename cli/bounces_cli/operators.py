"""What whoever runs a command on a deployed stack is told when AWS does not do as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bounces_cli.errors import BROKEN, CommandError


@contextmanager
def talking_to(where: str, *, unsure: str | None = None) -> Iterator[None]:
    """Raise `CommandError` for what goes wrong with AWS at `where`.

    `unsure` says what to do where it is then not known how much was done; without it, nothing was.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from pynamodb.exceptions import PynamoDBException

    try:
        yield
    except (BotoCoreError, ClientError, PynamoDBException) as error:
        if unsure is not None:
            raise CommandError(f"{where}: {words_of(error)}\n{unsure}", BROKEN) from error
        raise CommandError(f"{where}: {words_of(error)}") from error


REGION: Final = "name the stack's region: AWS_REGION=eu-west-1, or a profile that has one (AWS_PROFILE)"
LOGIN: Final = "name credentials: AWS_PROFILE=NAME, `aws sso login`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
AGAIN: Final = "log in again (`aws sso login`), or take new keys"
RIGHTS: Final = "`aws sts get-caller-identity` shows who asked; docs/deploy.md says what rights commands need"
WHERE: Final = "`aws sts get-caller-identity` shows the account that was asked, AWS_REGION is the region"

_BY_CODE: Final = {
    "ExpiredToken": AGAIN,
    "ExpiredTokenException": AGAIN,
    "RequestExpired": AGAIN,
    "InvalidClientTokenId": AGAIN,
    "UnrecognizedClientException": AGAIN,
    "InvalidSignatureException": "the secret key is another one's, or this machine's clock is wrong",
    "SignatureDoesNotMatch": "the secret key is another one's, or this machine's clock is wrong",
    "AccessDenied": RIGHTS,
    "AccessDeniedException": RIGHTS,
    "ResourceNotFoundException": f"there is none of that name in this account and region; {WHERE}",
}


def words_of(error: Exception) -> str:
    """Return what `error` of AWS says, and where it is a usual one, what to do."""
    advice = _advice(_cause(error))
    return f"{error}\n{advice}" if advice else str(error)


def _cause(error: Exception) -> Exception:
    """Return botocore's error where `error` is PynamoDB's about it."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def _advice(error: Exception) -> str | None:
    from botocore import exceptions

    match error:
        case exceptions.NoRegionError():
            return REGION
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError() | exceptions.ProfileNotFound():
            return LOGIN
        case exceptions.SSOError() | exceptions.TokenRetrievalError() | exceptions.CredentialRetrievalError():
            return AGAIN
        case exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError():
            return "AWS cannot be reached from here, or there is no such region: look at AWS_REGION and the network"
        case exceptions.ClientError():
            told = error.response.get("Error", {})
            if told.get("Code") == "ValidationError" and "does not exist" in told.get("Message", ""):
                return f"there is no such stack in this account and region; {WHERE}"
            return _BY_CODE.get(told.get("Code", ""))
    return None
