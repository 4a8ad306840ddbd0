"""The bucket that SES writes mails to."""

from contextlib import closing
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from bounces.aws import clients
from bounces.errors import MailGone, shown
from bounces.mail_size import MAX_MAIL_BYTES

_GONE: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's bytes, and whether they are all of it."""

    raw: bytes
    is_whole: bool


def fetch(bucket: str, key: str) -> Mail:
    """Return the mail at `key`, at most `MAX_MAIL_BYTES` of it.

    Raises `MailGone` where there is none. S3 says so only to a role that may list the bucket; to another it says
    AccessDenied, which is raised as it is, like every error that may pass.
    """
    try:
        answer = clients.s3().get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            raise MailGone(
                f"no mail at {shown(f's3://{bucket}/{key}')}; look at the bucket's lifecycle rules"
            ) from error
        raise
    with closing(answer["Body"]) as body:  # as its own context manager, it gives the stream that checks no length
        raw = body.read(MAX_MAIL_BYTES)
        # Reading on past the end is what makes botocore compare the length with the one announced.
        return Mail(raw, is_whole=body.read(1) == b"")
