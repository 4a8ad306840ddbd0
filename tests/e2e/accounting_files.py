"""PowerMTA's side of its accounting files: rows that grow, in files that are moved when their time is over."""

import csv
import io
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.unit.cli.integration.generated import AccountFile, account_files

DAY: Final = "2026-11-20"
_KINDS: Final = ("b",) * 15 + ("rb",) * 2 + ("f",) * 1 + ("d",) * 2
_REFUSALS: Final = (
    ("bad-mailbox", "5.1.1 (bad destination mailbox address)", "smtp;550 5.1.1 <{}>: Recipient address rejected"),
    ("quota-issues", "5.2.2 (mailbox full)", 'smtp;552 5.2.2 <{}>, "mailbox full"'),
    ("policy-related", "5.7.1 (delivery not authorized)", "smtp;554 5.7.1 refus\xe9, politique du domaine"),
    ("bad-domain", "5.1.2 (bad destination system)", "smtp;550 5.1.2 unknown host, no such domain"),
    ("other", "4.0.0 (undefined status)", "smtp;451 4.0.0 try again, please"),
)


def rows(count: int, seed: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield `count` records: the type, and its values by column. Each is about an address of its own."""
    dice = random.Random(seed)
    for number in range(count):
        kind = dice.choice(_KINDS)
        address = f"u{number}@{dice.choice(('example.org', 'example.net', 'example.com'))}"
        category, status, words = dice.choice(_REFUSALS)
        minute, second = divmod(number % 3600, 60)
        common = {
            "type": kind,
            "timeLogged": f"{DAY} 10:{minute:02}:{second:02}+0100",
            "orig": f"bounces+news.n47.s{number}.abcdefghijklmn27@return.example.com",
            "rcpt": address,
            "jobId": f"job{number % 7}",
            "header_Message-Id": f"<m{number}@sender.example>",
        }
        if kind == "f":
            yield kind, {**common, "format": "arf", "feedbackType": "abuse", "reportedDomain": "sender.example"}
        elif kind == "d":
            yield kind, {**common, "dsnAction": "relayed", "dsnStatus": "2.0.0 (success)"}
        else:
            refused = {
                "bounceCat": category,
                "dsnStatus": status,
                "dsnAction": "failed",
                "dsnDiag": words.format(address),
            }
            yield kind, {**common, **refused, "dsnMta": "mx.example.org (192.0.2.1)"}


class AccountingFiles:
    """The files that the generated directives ask for, in the folder that they name."""

    def __init__(self, directives: str) -> None:
        self._accounts: dict[str, AccountFile] = {each.type: each for each in account_files(directives)}
        self._number = 0
        for account in self._accounts.values():
            Path(account.directives["move-to"]).mkdir(parents=True, exist_ok=True)

    def write(self, records: Iterator[tuple[str, Mapping[str, str]]], count: int) -> None:
        """Write `count` of `records`, each file in two writes that part a row, as a buffer that is full does."""
        texts: dict[str, list[bytes]] = {}
        for _ in range(count):
            kind, values = next(records)
            texts.setdefault(kind, []).append(_row(self._accounts[kind].header, values))
        for kind, lines in texts.items():
            path = Path(self._accounts[kind].written(DAY, self._number))
            content = b"".join(lines)
            if not path.exists():
                content = ",".join(self._accounts[kind].header).encode() + b"\n" + content
            for part in (content[: len(content) // 2], content[len(content) // 2 :]):
                with path.open("ab") as file:
                    file.write(part)

    def rotate(self) -> None:
        """Move what is written, as `move-to` does when `move-interval` is over, and begin new files."""
        for account in self._accounts.values():
            path = Path(account.written(DAY, self._number))
            if path.exists():
                path.rename(account.moved(DAY, self._number))
        self._number += 1

    def all(self) -> list[Path]:
        """Return every file that was written, wherever it is by now."""
        found = {path for each in self._accounts.values() for path in Path(each.path).parent.rglob("*.csv")}
        return sorted(found)


def _row(header: tuple[str, ...], values: Mapping[str, str]) -> bytes:
    unknown = values.keys() - set(header)
    assert not unknown - {"jobId", "header_Message-Id"}, unknown  # a delivery's fields are few
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values.get(name, "") for name in header)
    return line.getvalue().encode("latin-1")
