"""The generated files, taken apart by each program's own syntax."""

import re
from dataclasses import dataclass

from bounces_cli.integration import GeneratedFile, Wish, files_for

ADDRESS = "https://x1.execute-api.eu-west-1.amazonaws.com"
FOLDER = "/var/log/pmta/bounce-processing"


def made(
    shipper: str | None, *, mta: str = "powermta", deliveries: bool = True, **more: str
) -> dict[str, GeneratedFile]:
    wish = Wish(ADDRESS, with_deliveries=deliveries, **more)  # type: ignore[arg-type]
    return {file.name: file for file in files_for(mta, shipper, wish)}


@dataclass
class AccountFile:
    """An <acct-file> as PowerMTA reads it."""

    path: str
    directives: dict[str, str]

    @property
    def type(self) -> str:
        return self.directives["record-fields"].split()[0]

    @property
    def header(self) -> tuple[str, ...]:
        """The header line that PowerMTA writes: `type`, and the fields."""
        return ("type", *self.directives["record-fields"].split()[1].split(","))

    def written(self, day: str, number: int) -> str:
        """The path of a file that is being written."""
        return f"{self.path.removesuffix('.csv')}-{day}-{number:04}.csv"

    def moved(self, day: str, number: int) -> str:
        """The path of the same file after its move-interval."""
        return self.directives["move-to"] + self.written(day, number).rpartition("/")[2]


def account_files(text: str) -> list[AccountFile]:
    found: list[AccountFile] = []
    current: AccountFile | None = None
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("#"):
            continue
        if opening := re.fullmatch(r"<acct-file (\S+)>", line):
            assert current is None
            current = AccountFile(opening[1], {})
        elif line == "</acct-file>":
            assert current is not None
            found.append(current)
            current = None
        else:
            name, _, value = line.partition(" ")
            assert current is not None and name not in current.directives, line
            current.directives[name] = value
    assert current is None
    return found


def option(text: str, name: str) -> str:
    """Return what the one option `name(...)` of syslog-ng has in its brackets."""
    found = re.findall(rf"(?<![\w-]){re.escape(name)}\(([^()]*)\)", text)
    assert len(set(found)) == 1, (name, found)
    return str(found[0]).strip('"')
