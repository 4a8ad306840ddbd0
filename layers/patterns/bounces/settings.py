"""The one place that reads the environment: what each function is told by template.yaml.

A setting is an environment variable with the field's name in capitals. One without a default must be there.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, TypeVar

from bounces.errors import SettingError, shown

REFRESH_SECONDS: Final = 60
"""How often the pointer of the patterns table is looked at, at most."""


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """What functions/ingest_ses is told: where reports go, and where a notification goes that cannot be used."""

    report_queue_url: str
    dead_letter_queue_url: str


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What functions/ingest_push is told: where reports and mails go, the bucket, and the secret with the tokens."""

    report_queue_url: str
    mail_queue_url: str
    mail_bucket: str
    push_secret: str


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """What functions/ingest_mailbox is told: where mails go, the table of scans, the mailboxes, and a run's limit."""

    mail_queue_url: str
    mail_bucket: str
    mailboxes_table: str
    mailbox_mails_per_run: int
    mailbox_secrets: str = ""  # ARNs or names, with commas between: one secret a mailbox

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets, each once, in order."""
        named = (text.strip() for text in self.mailbox_secrets.split(","))
        return tuple(dict.fromkeys(name for name in named if name))


@dataclass(frozen=True, slots=True)
class ClassifySettings:
    """What functions/classify is told: where verdicts and unusable reports go, and the table of operator's patterns."""

    verdict_queue_url: str
    dead_letter_queue_url: str
    patterns_table: str
    patterns_refresh_seconds: int = REFRESH_SECONDS


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """What functions/apply_actions is told: the tables' names, and where a verdict goes that cannot be applied."""

    subscribers_table: str
    suppressions_table: str
    review_table: str
    dead_letter_queue_url: str
    patterns_table: str  # for the policy
    patterns_refresh_seconds: int = REFRESH_SECONDS


Settings = TypeVar("Settings", IngestSettings, PushSettings, MailboxSettings, ClassifySettings, ApplySettings)


def read(kind: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of `kind` from `environment`.

    Raises `SettingError` where one is missing or empty, or should be a number and is none.
    """
    given: dict[str, Any] = {}
    for setting in fields(kind):
        variable = setting.name.upper()
        text = environment.get(variable, "").strip()
        if text:
            given[setting.name] = _number(variable, text) if setting.type is int else text
        elif setting.default is MISSING:
            raise SettingError(f"the environment variable {variable} is not set; template.yaml sets it")
    return kind(**given)


def _number(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise SettingError(f"the environment variable {variable} is {shown(text)}; it is a number from 0 on")
    return int(text)
