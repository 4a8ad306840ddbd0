"""A mailbox for `sam local invoke` of the scan: a Dovecot on the loopback, and at the address that containers reach."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import boto3

from local import endpoint
from scripts.at_container_host import forwarded_from
from tests import dovecot
from tests.dovecot import Dovecot
from tests.mailbox_servers import certificates

SECRET: Final = "mailbox"


@dataclass(frozen=True, slots=True)
class SampleMailbox:
    """A mailbox on `server`, and the ARN of the secret that leads there."""

    server: Dovecot
    secret: str


@contextmanager
def running(host: str) -> Iterator[SampleMailbox | None]:
    """Have a mailbox that containers reach at `host`, and its secret in the stack's AWS. None without a Dovecot."""
    if dovecot.why_not() is not None:
        yield None
        return
    with ExitStack() as ending:
        folder = Path(ending.enter_context(TemporaryDirectory()))
        made = certificates.make(folder, *dict.fromkeys(("localhost", endpoint.HOST, host)))
        own = f"ssl_cert = <{made.chain}\nssl_key = <{made.key}"
        server = replace(ending.enter_context(dovecot.running(more=own)), ca_pem=made.authority)
        port = server.imaps_port
        if host != endpoint.HOST:
            port = ending.enter_context(forwarded_from(host, port))
        told = {
            "protocol": "imap",
            "host": host,
            "port": port,
            "security": "tls",
            "user": server.user,
            "password": server.password,
            "ca": made.authority,
        }
        secrets = boto3.client("secretsmanager")
        yield SampleMailbox(server, secrets.create_secret(Name=SECRET, SecretString=json.dumps(told))["ARN"])
