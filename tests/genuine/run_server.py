"""Run one mail server against the recipients' side and write what came back: `python -m tests.genuine.run_server`.

Started by `tests.genuine.make` in namespaces of its own. Writes FOLDER/returned.json: the server's version, what was
answered to whom, and each mail of the return paths.
"""

import asyncio
import base64
import json
import smtplib
import ssl
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.genuine import name_server, refusing_mx
from tests.genuine.namespaces import Sender, run
from tests.genuine.refusing_mx import Noted
from tests.genuine.servers import Server, server
from tests.genuine.world import SENDER_ADDRESS, Case, cases, world

QUIET_SECONDS: Final = 15.0
_STARTING_SECONDS: Final = 30.0

_MESSAGE: Final = """\
From: Example News <news@sender.example>\r
To: {to}\r
Subject: What is new in November: {case}\r
Date: Tue, 24 Nov 2026 02:00:00 +0000\r
Message-ID: <{case}@sender.example>\r
List-Id: Example News <news.sender.example>\r
Feedback-ID: n47:news:example\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=us-ascii\r
\r
Plenty is new.\r
"""


def message(case: Case) -> bytes:
    """Return the mail of `case`."""
    return _MESSAGE.format(to=", ".join(case.to), case=case.name).encode()


def submit(sender: Sender, case: Case) -> None:
    """Hand the mail of `case` to the server."""
    if sender.server.submit:
        fills = {"sender": case.return_path, "notify": case.notify}
        command = [part.format(**fills) for part in sender.server.submit if part != "{recipients}"]
        sender.run(*command, *case.to, stdin=message(case).replace(b"\r\n", b"\n"))
        return
    port = 587 if sender.server.login else 25
    with smtplib.SMTP(SENDER_ADDRESS, port, timeout=30) as connection:
        connection.ehlo("list.sender.example")
        if case.is_success and not connection.has_extn("dsn"):
            return
        if sender.server.login:
            connection.starttls(context=ssl._create_unverified_context())  # the certificate is made for this run
            connection.login(*sender.server.login)
        options = [f"NOTIFY={case.notify}"] if connection.has_extn("dsn") else []
        connection.sendmail(case.return_path, list(case.to), message(case), rcpt_options=options)


async def collect(sender: Sender, noted: Noted, folder: Path) -> None:
    """Send every case, then wait until nothing more comes back."""
    chosen = sender.server
    for command in chosen.setup:
        await asyncio.to_thread(sender.run, *command)
    for command in chosen.start:
        sender.start(command, folder / "output")
        await asyncio.sleep(1)
    if not chosen.submit:
        await wait_until_listening(587 if chosen.login else 25)
    for case in cases():
        if (case.one_host or not chosen.one_host) and case.name in (chosen.cases or (case.name,)):
            await asyncio.to_thread(submit, sender, case)
    await wait_until_quiet(sender, noted, chosen)


async def wait_until_quiet(sender: Sender, noted: Noted, chosen: Server) -> None:
    """Run the queue once a second until no mail came for a while, and the server's time is over."""
    started = last_came = time.monotonic()
    came = 0
    expired = False
    while time.monotonic() - started < chosen.seconds or time.monotonic() - last_came < QUIET_SECONDS:
        if chosen.flush:
            await asyncio.to_thread(sender.run, *chosen.flush, check=False)
        if chosen.expire and not expired and time.monotonic() - started > chosen.expire_after:
            expired = True
            await asyncio.to_thread(sender.run, *chosen.expire, check=False)
        await asyncio.sleep(1)
        if len(noted.returned) != came:
            came, last_came = len(noted.returned), time.monotonic()


async def wait_until_listening(port: int) -> None:
    """Wait until the server greets on `port`. Raises `RuntimeError` where it does not."""
    end = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < end:
        try:
            reader, writer = await asyncio.open_connection(SENDER_ADDRESS, port)
            greeting = await asyncio.wait_for(reader.readline(), 20)
            writer.close()
            if greeting.startswith(b"220"):
                return
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(0.2)
    raise RuntimeError(f"nothing listens on port {port} of the sender's machine after {_STARTING_SECONDS:.0f} s")


def version(sender: Sender) -> str:
    """Return the server's name and version."""
    if sender.server.npm:
        return sender.server.npm.replace("@", " ")
    if not sender.server.packages:
        return sender.server.name
    package = sender.server.packages[0]
    return f"{package} {sender.run('dpkg-query', '-W', '-f', '${Version}', package).decode()}"


async def main(name: str, folder: Path) -> None:
    """Run the server `name` and write what came back to `folder`."""
    made, noted = world(), Noted()
    sender = Sender(server(name), made)
    await name_server.serve(made)
    await refusing_mx.serve(made, noted)
    try:
        await collect(sender, noted, folder)
    finally:
        for log in sender.server.logs:
            said = sender.run("sh", "-c", f"cat {log}", check=False)
            with (folder / "output").open("ab") as sink:
                sink.write(f"== {log}\n".encode() + said)
        returned = [[to, base64.b64encode(mail).decode()] for to, mail in noted.returned]
        kept = {
            "version": version(sender),
            "answers": [asdict(answer) for answer in noted.answers if not answer.is_yes],
            "accepted": noted.accepted,
            "returned": returned,
        }
        (folder / "returned.json").write_text(json.dumps(kept))


if __name__ == "__main__":
    run("ip", "link", "show")  # fails at once outside a network namespace of which we are root
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
