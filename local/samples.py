"""What the local stack starts with: the subscribers and the bounces of events/."""

import csv
import re
import smtplib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bounces.store import Store
from local.deploy import ROOT
from local.endpoint import HOST

MAILS: Final = ROOT / "events" / "mails"
ENVELOPES: Final = MAILS / "envelopes.toml"
SUBSCRIBERS: Final = ROOT / "events" / "subscribers.csv"

_LINE_END: Final = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample mail and its envelope: who sent it ("" for a bounce), and the return path that it came to."""

    path: Path
    sender: str
    recipient: str

    @property
    def name(self) -> str:
        """The mail's name, without the file's ending."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Subscribed:
    """How many sample subscribers there are, and the lists that they are on."""

    subscribers: int
    lists: tuple[str, ...]


def mails() -> Iterator[Sample]:
    """Yield the sample mails in the order of their names."""
    envelopes = tomllib.loads(ENVELOPES.read_text("utf-8"))
    for path in sorted(MAILS.glob("*.eml")):
        yield Sample(path, envelopes[path.name]["sender"], envelopes[path.name]["recipient"])


def subscribe(store: Store) -> Subscribed:
    """Put the sample subscribers on their lists."""
    with SUBSCRIBERS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        store.subscribe(row["address"], row["list"], row["subscriber"])
    return Subscribed(len({row["address"] for row in rows}), tuple(sorted({row["list"] for row in rows})))


def send(sample: Sample, port: int) -> str:
    """Send a sample to the SMTP door on `port`, and return the id that it was stored under.

    Raises `smtplib.SMTPException` where the door does not take it.
    """
    with smtplib.SMTP(HOST, port, local_hostname="mail.example.org") as connection:
        connection.ehlo()
        for code, answer in (connection.mail(sample.sender), connection.rcpt(sample.recipient)):
            if code != 250:
                raise smtplib.SMTPResponseException(code, answer)
        # smtplib sends bytes as they are, and SMTP's lines end in CR LF (RFC 5321 2.3.8).
        _, answer = connection.data(_LINE_END.sub(b"\r\n", sample.path.read_bytes()))
        return answer.decode().split()[-1]
