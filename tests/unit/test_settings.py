"""What the functions are told by their environment."""

from pathlib import Path

import pytest

from bounces import settings
from bounces.errors import SettingError
from bounces.settings import ApplySettings, ClassifySettings, IngestSettings

ENVIRONMENT = {
    "REPORT_QUEUE_URL": "https://sqs.example/reports",
    "VERDICT_QUEUE_URL": "https://sqs.example/verdicts",
    "DEAD_LETTER_QUEUE_URL": " https://sqs.example/dead ",
    "SUBSCRIBERS_TABLE": "subscribers",
    "SUPPRESSIONS_TABLE": "suppressions",
}


def test_each_function_reads_its_own_settings() -> None:
    dead = "https://sqs.example/dead"
    assert settings.read(IngestSettings, ENVIRONMENT) == IngestSettings("https://sqs.example/reports", dead)
    assert settings.read(ClassifySettings, ENVIRONMENT) == ClassifySettings("https://sqs.example/verdicts", dead, "")
    assert settings.read(ApplySettings, ENVIRONMENT) == ApplySettings("subscribers", "suppressions", dead)


def test_a_setting_with_a_default_may_be_given() -> None:
    given = ENVIRONMENT | {"OPERATOR_PATTERNS": "/opt/operator-patterns.txt"}
    assert settings.read(ClassifySettings, given).operator_patterns == "/opt/operator-patterns.txt"


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_missing_setting_is_named(text: str | None) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "SUPPRESSIONS_TABLE"}
    if text is not None:
        environment["SUPPRESSIONS_TABLE"] = text
    with pytest.raises(SettingError, match="SUPPRESSIONS_TABLE is not set"):
        settings.read(ApplySettings, environment)


def test_the_operator_s_patterns_are_read_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "patterns.txt"
    path.write_text("mailbox überfüllt==>Soft\n", encoding="utf-8")
    assert settings.patterns_text(str(path)) == "mailbox überfüllt==>Soft\n"
    assert settings.patterns_text("") == ""


def test_patterns_that_cannot_be_read_are_an_error_not_an_empty_set(tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes("überfüllt==>Soft".encode("latin-1"))
    for path in (tmp_path / "missing.txt", latin, tmp_path):
        with pytest.raises(SettingError, match=path.name):
            settings.patterns_text(str(path))
