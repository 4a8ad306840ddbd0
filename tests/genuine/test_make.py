"""The mail servers, run anew: they write of the same recipients as in the mails that are kept."""

import base64
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.genuine import make, servers
from tests.genuine.truth import MAILS, Recipient, truth_of
from tests.genuine.world import cases, world

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for namespaces and mail servers' own users"),
    pytest.mark.skipif(shutil.which("debootstrap") is None, reason="needs debootstrap: apt-get install debootstrap"),
]


def kept_failures(name: str) -> set[tuple[str, str]]:
    mails = json.loads((MAILS / name / "truth.json").read_text("utf-8"))["mails"]
    found = [(mail["case"], Recipient(**each)) for mail in mails for each in mail["recipients"]]
    return {(case, each.address) for case, each in found if each.event == "failure"}


def failures(folder: Path) -> set[tuple[str, str]]:
    there, known = world(), {case.return_path: case for case in cases()}
    returned = json.loads((folder / "returned.json").read_text())
    found = set()
    for to, mail in returned["returned"]:
        case = known[to]
        for each in truth_of(base64.b64decode(mail), case, returned["answers"], there):
            if each.event == "failure":
                found.add((case.name, each.address))
    return found


def test_every_server_writes_again_of_every_recipient(tmp_path: Path) -> None:
    chosen = [servers.server(name) for name in servers.names()]
    assert len(chosen) >= 8
    for server in chosen:
        make.install(server)
        (tmp_path / server.name).mkdir()
    with ThreadPoolExecutor(make.AT_ONCE) as pool:
        list(pool.map(lambda server: make.run(server, tmp_path / server.name), chosen))
    for server in chosen:
        assert kept_failures(server.name) - failures(tmp_path / server.name) == set(), server.name
