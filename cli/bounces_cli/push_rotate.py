"""`bounces push rotate-token`: a new token beside the one before, so that senders change over without a gap.

The secret is `{"current": TOKEN, "previous": TOKEN}`, and the door takes both (`bounces.aws.push_tokens`). Its version
is moved by a conditional write: of two rotations at once, one is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from bounces_cli.errors import BROKEN, CONFLICT, DONE, CommandError, reason_of
from bounces_cli.operators import talking_to
from bounces_cli.private_files import PRIVATE
from bounces_cli.stacks import output_of

SECRET_OUTPUT: Final = "PushSecretArn"  # noqa: S105  the output's name
CURRENT: Final = "current"
PREVIOUS: Final = "previous"
TOKEN_BYTES: Final = 32
_HELD: Final = "AWSCURRENT"
_COMING: Final = "BOUNCES-COMING"


@dataclass(frozen=True, slots=True)
class Held:
    """The secret as it is: its version, and its tokens."""

    version: str
    tokens: dict[str, str]


def run(arguments: argparse.Namespace) -> int:
    """Rotate, or finish a rotation, and return the exit code. Raises `CommandError`."""
    secret = arguments.secret or output_of(arguments.stack, SECRET_OUTPUT)
    out = Path(arguments.out) if arguments.out else None
    with talking_to(secret):
        held = _held(secret)
        if arguments.finish:
            if not held.tokens[PREVIOUS]:
                raise CommandError("there is no old token to end: only the current one is valid")
            _save(secret, held, {CURRENT: held.tokens[CURRENT], PREVIOUS: ""})
            print("The old token is ended; the door turns it away within five minutes.")
            return DONE
        if held.tokens[PREVIOUS]:
            raise CommandError(
                "a rotation is under way: the token before the current one is still valid, and a further one would end "
                "it. When every sender has the current token: bounces push rotate-token --finish"
            )
        token = secrets.token_urlsafe(TOKEN_BYTES)
        # Opened before anything changes: a token that nobody can read helps nobody. Written when the token holds, since
        # the one in the file may be in use.
        with nullcontext() if out is None else _opened(out) as file:
            _save(secret, held, {CURRENT: token, PREVIOUS: held.tokens[CURRENT]})
            if out is not None and file is not None:
                _write(out, file, token)
    print(_what_to_do(secret, out, arguments))
    return DONE


def _held(secret: str) -> Held:
    from bounces.aws import clients

    told = clients.secretsmanager().get_secret_value(SecretId=secret, VersionStage=_HELD)
    try:
        tokens: Any = json.loads(told["SecretString"])
        return Held(told["VersionId"], {CURRENT: str(tokens[CURRENT]), PREVIOUS: str(tokens.get(PREVIOUS) or "")})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{secret} is no secret of a push door: it holds no current token") from error


def _save(secret: str, held: Held, tokens: dict[str, str]) -> None:
    """Put a version with `tokens` in the place of `held`, if that still holds."""
    from botocore.exceptions import ClientError

    from bounces.aws import clients

    client = clients.secretsmanager()
    put = client.put_secret_value(SecretId=secret, SecretString=json.dumps(tokens), VersionStages=[_COMING])
    try:
        client.update_secret_version_stage(
            SecretId=secret, VersionStage=_HELD, MoveToVersionId=put["VersionId"], RemoveFromVersionId=held.version
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidParameterException":
            raise CommandError(f"{secret} was changed meanwhile; nothing was done: {error}", CONFLICT) from error
        raise CommandError(
            f"{secret}: {error}\nwhether the new token holds is not known; run it again", BROKEN
        ) from error


def _opened(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, PRIVATE), "wb", buffering=0)
    except OSError as error:
        raise CommandError(f"{path}: {reason_of(error)}") from error


def _write(path: Path, file: IO[bytes], token: str) -> None:
    try:
        os.fchmod(file.fileno(), PRIVATE)  # one that was there may be everybody's
        file.write(token.encode() + b"\n")
        file.truncate()
    except OSError as error:
        raise CommandError(
            f"{path}: {reason_of(error)}; there is a new token all the same, in the secret", BROKEN
        ) from error


def _what_to_do(secret: str, out: Path | None, arguments: argparse.Namespace) -> str:
    which = f"--stack {arguments.stack}" if arguments.stack else f"--secret {secret}"
    where = (
        f"The new token is in {out}."
        if out is not None
        else "To see the new token:\n"
        f"  aws secretsmanager get-secret-value --secret-id {secret} --query SecretString --output text"
    )
    return f"""There is a new token, and the one before stays valid.
{where}
Give it to every sender:
  Logstash    bin/logstash-keystore add BOUNCES_PUSH_TOKEN --force, and restart Logstash
  syslog-ng   write it into its token file, and syslog-ng-ctl reload
  KumoMTA     write it into its token file; each request reads it
What they send meanwhile is taken with either. Then end the old one:
  bounces push rotate-token {which} --finish"""
