"""The one place that reads the environment: what each function is told by template.yaml.

A setting is an environment variable with the field's name in capitals. One without a default must be there.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TypeVar

from bounces.errors import SettingError, shown


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """What functions/ingest_ses is told: where reports go, and where a notification goes that cannot be used."""

    report_queue_url: str
    dead_letter_queue_url: str


@dataclass(frozen=True, slots=True)
class ClassifySettings:
    """What functions/classify is told: where verdicts and unusable reports go, and the operator's own patterns."""

    verdict_queue_url: str
    dead_letter_queue_url: str
    operator_patterns: str = ""  # path of a pattern file; empty: the operator has none


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """What functions/apply_actions is told: the tables' names, and where a verdict goes that cannot be applied."""

    subscribers_table: str
    suppressions_table: str
    dead_letter_queue_url: str


Settings = TypeVar("Settings", IngestSettings, ClassifySettings, ApplySettings)


def read(kind: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of `kind` from `environment`. Raises `SettingError` where one is missing or empty."""
    given = {}
    for setting in fields(kind):
        variable = setting.name.upper()
        text = environment.get(variable, "").strip()
        if text:
            given[setting.name] = text
        elif setting.default is MISSING:
            raise SettingError(f"the environment variable {variable} is not set; template.yaml sets it")
    return kind(**given)


def patterns_text(path: str) -> str:
    """Return the text of the operator's pattern file at `path`, "" where `path` is empty.

    Raises `SettingError` where it cannot be read: to classify without the operator's rules could give up people
    whom they protect.
    """
    try:
        return Path(path).read_text(encoding="utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"the operator's patterns at {shown(path)} cannot be read: {error}") from error
