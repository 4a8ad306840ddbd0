"""Pushes the sample request to `sam local start-api`: the HTTP API of template.yaml as the SAM CLI serves it."""

import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from local import endpoint

START_SECONDS: Final = 120
PUSH_SECONDS: Final = 120  # the container starts at the first request
FUNCTION: Final = "IngestPushFunction"


class NoAnswer(Exception):
    """A start-api that does not start, or whose answer is not that of a push that was taken."""


def push(sam: Path, template: Path, architecture: str, event: Path) -> str:
    """Return what was answered to the request of `event`, in words. Raises `NoAnswer`.

    The function's variables are in a file beside `template`, as they were for `sam local invoke`.
    """
    port = endpoint.require_free(0)
    command = [str(sam), "local", "start-api", "--template", str(template), "--port", str(port), "--skip-pull-image"]
    command += ["--env-vars", str(template.with_name(f"{FUNCTION}.variables.json"))]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    with tempfile.TemporaryFile() as said:
        serving = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            told = _answer(port, json.loads(event.read_text("utf-8")), serving)
        except (OSError, ValueError) as error:
            said.seek(0)
            raise NoAnswer(f"{error}\n{said.read().decode(errors='replace')[-4000:]}") from error
        finally:
            serving.terminate()
            serving.wait()
    if told.get("accepted") != 3:
        raise NoAnswer(f"the sample file has 3 records that count; the answer was {told}")
    return f"a push is answered, {told['accepted']} records accepted"


def _answer(port: int, event: dict[str, Any], serving: "subprocess.Popen[bytes]") -> dict[str, Any]:
    address = f"http://{endpoint.HOST}:{port}"
    _wait(address, serving)
    headers = {name: event["headers"][name] for name in ("authorization", "content-type")}
    request = urllib.request.Request(address + event["rawPath"], event["body"].encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=PUSH_SECONDS) as response:
        told: dict[str, Any] = json.loads(response.read())
        return told


def _wait(address: str, serving: "subprocess.Popen[bytes]") -> None:
    """Wait until something listens at `address`. Raises `OSError` where nothing comes to."""
    end = time.monotonic() + START_SECONDS
    while serving.poll() is None and time.monotonic() < end:
        with suppress(ConnectionError, urllib.error.URLError):
            try:
                urllib.request.urlopen(address, timeout=5).close()
            except urllib.error.HTTPError:
                return
        time.sleep(0.5)
    raise OSError("sam local start-api did not begin to listen")
