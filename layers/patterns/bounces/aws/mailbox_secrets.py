"""The mailboxes that a stack reads, in secrets of Secrets Manager: one secret a mailbox, with its password or token.

The secret's text is what `bounces.mailbox.settings` reads. It is asked for at each run, so that a change of it counts
from the next one on.
"""

from __future__ import annotations

from bounces.aws import clients
from bounces.errors import SettingError
from bounces.mailbox.mailboxes import Credential, Mailbox
from bounces.mailbox.settings import read_mailbox


def name_of(secret_id: str) -> str:
    """Return what logs and errors call the secret: of an ARN, what comes after `secret:`."""
    return secret_id.rpartition(":secret:")[2]


def fetch(secret_id: str) -> tuple[Mailbox, Credential]:
    """Return the mailbox in the secret `secret_id`, an ARN or a name, and what gets into it.

    Raises `SettingError`, which names the secret and holds nothing of it, and whatever the call raises.
    """
    # The stage is the default one, and said since moto's default is the first version, whatever came after.
    held = clients.secretsmanager().get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")
    text = held.get("SecretString")
    if text is None:
        raise SettingError(f"the mailbox secret {name_of(secret_id)} is binary; it is a text, the mailbox as JSON")
    try:
        return read_mailbox(text)
    except SettingError as error:
        # Not chained: what the JSON module raises carries the whole text.
        raise SettingError(f"the mailbox secret {name_of(secret_id)}: {error}") from None
