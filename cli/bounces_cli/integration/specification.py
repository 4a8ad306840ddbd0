"""integration.toml, as it is used."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from bounces.reading.accounting import known_columns

TYPE: Final = "type"
"""PowerMTA's first column, which `record-fields` does not name."""


@dataclass(frozen=True, slots=True)
class AccountFile:
    """An <acct-file> of PowerMTA: one type of record. `columns` are those of `record-fields`."""

    type: str
    records: str
    stem: str
    says: str
    is_optional: bool
    columns: tuple[str, ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of the file's header line."""
        return (TYPE, *self.columns)

    @property
    def pattern(self) -> str:
        """What the names of the files match: PowerMTA puts date and number behind the stem."""
        return f"{self.stem}-*.csv"


@dataclass(frozen=True, slots=True)
class Specification:
    """What is generated: PowerMTA's files, and what else integration.toml says of each program, by its table."""

    account_files: tuple[AccountFile, ...]
    request_bytes: int
    powermta: Mapping[str, Any]
    logstash: Mapping[str, Any]
    syslog_ng: Mapping[str, Any]
    kumomta: Mapping[str, Any]


@cache
def specification() -> Specification:
    """Return what integration.toml says."""
    table = tomllib.loads((files(__package__) / "integration.toml").read_text(encoding="utf-8"))
    columns = {kind: layout.written for layout in known_columns().layouts if layout.generated for kind in layout.types}
    accounts = tuple(
        AccountFile(
            entry["type"],
            entry["records"],
            entry["stem"],
            entry["says"],
            entry.get("optional", False),
            columns[entry["type"]],
        )
        for entry in table["powermta"]["record"]
    )
    return Specification(
        accounts,
        table["bounds"]["request_bytes"],
        table["powermta"],
        table["logstash"],
        table["syslog_ng"],
        table["kumomta"],
    )
