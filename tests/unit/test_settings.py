"""What the functions are told by their environment."""

import pytest

from bounces import settings
from bounces.errors import SettingError
from bounces.settings import ApplySettings, ClassifySettings, IngestSettings, MailboxSettings

ENVIRONMENT = {
    "REPORT_QUEUE_URL": "https://sqs.example/reports",
    "VERDICT_QUEUE_URL": "https://sqs.example/verdicts",
    "DEAD_LETTER_QUEUE_URL": " https://sqs.example/dead ",
    "SUBSCRIBERS_TABLE": "subscribers",
    "SUPPRESSIONS_TABLE": "suppressions",
    "REVIEW_TABLE": "review",
    "PATTERNS_TABLE": "patterns",
}


def test_each_function_reads_its_own_settings() -> None:
    dead = "https://sqs.example/dead"
    assert settings.read(IngestSettings, ENVIRONMENT) == IngestSettings("https://sqs.example/reports", dead)
    assert settings.read(ClassifySettings, ENVIRONMENT) == ClassifySettings(
        "https://sqs.example/verdicts", dead, "patterns"
    )
    assert settings.read(ApplySettings, ENVIRONMENT) == ApplySettings(
        "subscribers", "suppressions", "review", dead, "patterns"
    )


@pytest.mark.parametrize(
    ("text", "secrets"),
    [("", ()), (" , ", ()), ("a", ("a",)), ("arn:aws:b, a ,,arn:aws:b", ("arn:aws:b", "a"))],
)
def test_each_mailbox_is_read_once(text: str, secrets: tuple[str, ...]) -> None:
    given = {
        "MAIL_QUEUE_URL": "https://sqs.example/mails",
        "MAIL_BUCKET": "mails",
        "MAILBOXES_TABLE": "mailboxes",
        "MAILBOX_MAILS_PER_RUN": "500",
        "MAILBOX_SECRETS": text,
    }
    told = settings.read(MailboxSettings, given)
    assert (told.secrets, told.mailbox_mails_per_run) == (secrets, 500)


def test_a_setting_with_a_default_may_be_given() -> None:
    assert settings.read(ClassifySettings, ENVIRONMENT).patterns_refresh_seconds == 60
    given = ENVIRONMENT | {"PATTERNS_REFRESH_SECONDS": " 5 "}
    assert settings.read(ClassifySettings, given).patterns_refresh_seconds == 5


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "\u0665"])
def test_a_setting_that_should_be_a_number_is_named(text: str) -> None:
    with pytest.raises(SettingError, match=r"PATTERNS_REFRESH_SECONDS is .* a number from 0 on"):
        settings.read(ApplySettings, ENVIRONMENT | {"PATTERNS_REFRESH_SECONDS": text})


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_missing_setting_is_named(text: str | None) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "SUPPRESSIONS_TABLE"}
    if text is not None:
        environment["SUPPRESSIONS_TABLE"] = text
    with pytest.raises(SettingError, match="SUPPRESSIONS_TABLE is not set"):
        settings.read(ApplySettings, environment)
