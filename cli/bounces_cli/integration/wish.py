"""What a person says of the files that are to be made: where the door is, where PowerMTA writes, where the token is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bounces.errors import shown
from bounces_cli.errors import CommandError

TOKEN_VARIABLE: Final = "BOUNCES_PUSH_TOKEN"  # noqa: S105  the variable's name

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._/-]{1,255}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the files are made with. `address` is the door's, checked by `bounces_cli.door.Address`.

    None: as `integration.toml` has it. `token_variable` is what Logstash's keystore, or its environment, has the token
    under; `token_file` the file that syslog-ng and KumoMTA read it from. No file that is made has the token itself.
    """

    address: str
    folder: str | None = None
    token_variable: str = TOKEN_VARIABLE
    token_file: str | None = None
    with_deliveries: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be a path or a variable."""
        for path in (self.folder, self.token_file):
            if path is not None and not _is_path(path):
                raise CommandError(
                    f"{shown(path)} cannot be used: it has to be an absolute path of letters, digits and . _ - /"
                )
        if not _VARIABLE.fullmatch(self.token_variable):
            raise CommandError(f"{shown(self.token_variable)} is no name of an environment variable")


def _is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None and ".." not in PurePosixPath(text).parts and not text.endswith("/")
