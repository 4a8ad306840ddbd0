"""The push door as a client sees it: its address, the token, one request and its answer, and when to try again.

`http.client` of the standard library: it follows no redirect, of which a POST would become a GET, and keeps the
connection. A proxy of the environment is not used.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bounces.errors import shown
from bounces_cli.errors import BROKEN, CommandError

SECONDS: Final = 60.0
"""How long an answer is waited for; the door's own are there within 30 s."""
PATIENCE: Final = 600.0
"""How long a request is tried again while the door is not there, or says later."""
LONGEST_WAIT: Final = 60.0
MAX_ANSWER: Final = 16 * 1024 * 1024

_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
_TOO_LARGE: Final = 413
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]")
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]{1,128}){0,8}")
_OWN_PATH: Final = re.compile(r"/v1(?:/push(?:/[a-z]*)?)?/?\Z")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TOKEN: Final = re.compile(r"[!-~]{1,1024}")


class TooLarge(Exception):
    """A request that holds more than the door takes: it goes in parts."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the door is: scheme, host with its port, and the path in front of /v1."""

    is_tls: bool
    host: str
    path: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the address that `url` names, with or without /v1/push/... at its end. Raises `CommandError`."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise CommandError(f"{shown(url)} is no address: {error}") from error
        name = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
        path = _OWN_PATH.sub("", parts.path).rstrip("/")
        if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(name) or not _PATH.fullmatch(path):
            raise CommandError(f"{shown(url)} is no address of a stack, which reads https://HOST or https://HOST/STAGE")
        if parts.query or parts.fragment:
            raise CommandError(f"{shown(url)} has a query or a fragment, which the address of a stack has not")
        if parts.scheme == "http" and name.lower() not in _LOOPBACK:
            raise CommandError(f"{shown(url)} would send the token in the clear; only this machine is asked by http:")
        return cls(parts.scheme == "https", parts.netloc, path)

    def __str__(self) -> str:
        """Return the address as a URL, without a slash at its end."""
        return f"{'https' if self.is_tls else 'http'}://{self.host}{self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the records of one request. `rejections` are places from 1 in what was sent, and reasons."""

    accepted: int
    ignored: Mapping[str, int]
    rejected: int
    rejections: tuple[tuple[int, str], ...]
    more: int  # rejections that the answer had no room for

    @classmethod
    def of(cls, body: bytes) -> Answer:
        """Return the answer in `body`. Raises `CommandError`: whoever says 200 without it is not the door."""
        try:
            told = json.loads(body)
            ignored = {str(name): int(count) for name, count in told["ignored"].items()}
            rejections = tuple((int(each["place"]), str(each["reason"])) for each in told["rejections"])
            return cls(int(told["accepted"]), ignored, int(told["rejected"]), rejections, int(told.get("more", 0)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CommandError(
                f"what answered 200 is not the push door: {_words(body)}; is the address right?", BROKEN
            ) from error


class Door:
    """The door at `address`, for whoever has `token`."""

    def __init__(
        self,
        address: Address,
        token: str,
        *,
        patience: float = PATIENCE,
        on_wait: Callable[[str], None] = lambda _why: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Try each request again for `patience` seconds, and tell `on_wait` why before each wait."""
        self._address = address
        self._authorization = f"Bearer {token}"
        self._patience = patience
        self._on_wait = on_wait
        self._sleep = sleep
        self._clock = clock
        self._connection: http.client.HTTPConnection | None = None

    def push(self, mta: str, body: bytes, content_type: str) -> Answer:
        """Send `body`, which is packed by gzip. Raises `TooLarge`; `CommandError` where a further try cannot help."""
        end = self._clock() + self._patience
        wait = 1.0
        while True:
            why, asked = self._try(mta, body, content_type)
            if isinstance(why, Answer):
                return why
            left = end - self._clock()
            if left <= 0:
                raise CommandError(
                    f"{why}, for {self._patience:.0f} seconds; the same command goes on from here", BROKEN
                )
            seconds = min(max(wait, asked), LONGEST_WAIT, left)
            self._on_wait(f"{why}; trying again in {seconds:.0f} s")
            self._sleep(seconds)
            wait = min(2 * wait, LONGEST_WAIT)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self, mta: str, body: bytes, content_type: str) -> tuple[Answer | str, float]:
        """Return the answer, or why there is none yet and how many seconds the door asks for."""
        try:
            response, told = self._ask(mta, body, content_type)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return f"{self._address} did not answer ({error or type(error).__name__})", 0
        if response.status == http.HTTPStatus.OK:
            return Answer.of(told), 0
        said = f"{self._address} answered {response.status} {_words(told)}"
        if response.status == _TOO_LARGE:
            raise TooLarge(said)
        if response.status in _AGAIN:
            asked = response.getheader("Retry-After") or ""
            return said, float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
        raise CommandError(f"{said}{_advice(response.status)}")

    def _ask(self, mta: str, body: bytes, content_type: str) -> tuple[http.client.HTTPResponse, bytes]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._address.is_tls else http.client.HTTPConnection
            self._connection = kind(self._address.host, timeout=SECONDS)
        headers = {
            "Authorization": self._authorization,
            "Content-Type": content_type,
            "Content-Encoding": "gzip",
            "User-Agent": "bounces push",
        }
        self._connection.request("POST", f"{self._address.path}/v1/push/{mta}", body, headers)
        response = self._connection.getresponse()
        return response, response.read(MAX_ANSWER)


def token_of(file: str | None, variable: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the token in `file`, else in the environment's `variable`. Raises `CommandError`."""
    if file is not None:
        try:
            token = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}") from error
        where = file
    else:
        token = environment.get(variable, "").strip()
        where = f"the variable {variable}"
    if not _TOKEN.fullmatch(token):  # and never show it
        raise CommandError(f"{where} holds no token: it is one word of ASCII; --token-file FILE or --token-env NAME")
    return token


def _words(body: bytes) -> str:
    """Return what an answer says, in bounds, as a terminal may show it."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    error = told.get("error") or told.get("message") if isinstance(told, dict) else None
    return shown(error if isinstance(error, str) else body[:200].decode("utf-8", "replace"))


def _advice(status: int) -> str:
    if status in {401, 403}:
        return "\nthe token is not valid there: `bounces push rotate-token` and docs/powermta.md say where it is kept"
    if status == http.HTTPStatus.NOT_FOUND:
        return "\nis the address the one in the stack's outputs?"
    if 300 <= status < 400:
        return "\na redirect is not followed: give the address that it leads to"
    return ""
