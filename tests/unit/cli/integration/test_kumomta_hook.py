"""The generated log hook, run by Lua 5.4 (KumoMTA's) with a stand-in for what KumoMTA gives a policy script."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bounces.reading import Arrival
from bounces.reading.accounting import read_push
from bounces.records import Event, Source
from tests.unit.cli.integration.generated import ADDRESS, made

LUA = shutil.which("lua5.4")
HARNESS = Path(__file__).with_name("kumomta_harness.lua")
REQUEST_BYTES = 2 * 1024 * 1024

pytestmark = pytest.mark.skipif(LUA is None, reason="needs Debian's lua5.4")


@dataclass
class Ran:
    """What the hook asked for and sent: lines of the harness, by their first word."""

    lines: list[list[str]]

    def all(self, word: str) -> list[list[str]]:
        return [line[1:] for line in self.lines if line[0] == word]


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("s3cret-token\n")
    return path


def run(tmp_path: Path, token_file: Path, batches: list[list[str]], codes: list[int], deliveries: bool = False) -> Ran:
    assert LUA is not None
    hook = tmp_path / "hook.lua"
    (file,) = made(None, mta="kumomta", token_file=str(token_file), deliveries=deliveries).values()
    hook.write_text(file.text)
    paths = []
    for number, records in enumerate(batches):
        paths.append(tmp_path / f"batch-{number}")
        paths[-1].write_text("\n".join(records))
    told = subprocess.run(
        [LUA, str(HARNESS), str(hook), ",".join(map(str, codes)), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert told.returncode == 0, told.stderr
    return Ran([line.split("\t") for line in told.stdout.splitlines()])


def bounce(number: int, filling: str = "") -> str:
    response = {
        "code": 550,
        "enhanced_code": {"class": 5, "subject": 1, "detail": 1},
        "content": f"no such user{filling}",
    }
    record = {"type": "Bounce", "id": f"i{number}", "recipient": f"u{number}@example.org", "response": response}
    return json.dumps(record | {"sender": "s@x.example", "timestamp": 1763629200})


def feedback(size: int) -> str:
    message = f"To: u@example.org\\n\\n{'ä' * (size // 2)}"
    return (
        '{"type":"Feedback","id":"f1","timestamp":1763629200,"sender":"fbl@x.example","recipient":"fbl@x.example",'
        '"feedback_report":{"feedback_type":"abuse","original_rcpto_to":["u@example.org"],"original_message":"'
        + message
        + '"}}'
    )


def test_a_batch_is_one_request_with_the_token(tmp_path: Path, token_file: Path) -> None:
    ran = run(tmp_path, token_file, [[bounce(1), bounce(2)]], [200])
    ((url, headers, _),) = ran.all("POST")
    assert url == f"{ADDRESS}/v1/push/kumomta"
    assert headers == "Content-Type: application/json; Authorization: Bearer s3cret-token"
    ((body,),) = ran.all("BODY")
    push = read_push(
        body.encode(), Arrival(Source.KUMOMTA, datetime(2026, 11, 25, tzinfo=UTC), raw="k"), "application/json"
    )
    assert [(each.recipient, each.event) for each in push.reports] == [
        ("u1@example.org", Event.BOUNCE),
        ("u2@example.org", Event.BOUNCE),
    ]
    assert ran.all("SENT") == [["200 Reason: said"]]


@pytest.mark.parametrize("code", [201, 204, 301, 302, 400, 401, 403, 404, 408, 413, 415, 429, 500, 502, 503, 504])
def test_every_other_answer_than_200_is_tried_again(tmp_path: Path, token_file: Path, code: int) -> None:
    ran = run(tmp_path, token_file, [[bounce(1)]], [code])
    assert ran.all("FAILED") == [["REJECT", "400", f"{code} Reason: said"]]


def test_a_door_that_is_not_there_and_a_token_that_is_missing_are_tried_again(tmp_path: Path, token_file: Path) -> None:
    ((code, text),) = [line[1:] for line in run(tmp_path, token_file, [[bounce(1)]], [0]).all("FAILED")]
    assert code == "400" and text.endswith("connection refused")
    ran = run(tmp_path, tmp_path / "none", [[bounce(1)]], [200])
    assert ran.all("FAILED")[0][1] == "400" and "none: No such file" in ran.all("FAILED")[0][2]
    assert not ran.all("POST")


def test_records_that_say_nothing_of_a_recipient_are_not_sent(tmp_path: Path, token_file: Path) -> None:
    assert run(tmp_path, token_file, [], []).all("TYPES") == [["AdminBounce,Bounce,Expiration,Feedback,OOB", "false"]]
    with_deliveries = run(tmp_path, token_file, [], [], deliveries=True)
    assert with_deliveries.all("TYPES") == [["AdminBounce,Bounce,Delivery,Expiration,Feedback,OOB", "false"]]
    assert with_deliveries.all("QUEUE") == [["1m", "14 days"]]


def test_the_message_in_a_long_feedback_record_is_cut_between_characters(tmp_path: Path, token_file: Path) -> None:
    ran = run(tmp_path, token_file, [[feedback(3_000_000)]], [200])
    ((body,),) = ran.all("BODY")
    assert len(body.encode()) < 64 * 1024
    push = read_push(
        body.encode(), Arrival(Source.KUMOMTA, datetime(2026, 11, 25, tzinfo=UTC), raw="k"), "application/json"
    )
    assert [(each.recipient, each.event) for each in push.reports] == [("u@example.org", Event.COMPLAINT)]
    assert push.set_aside == ()


def test_no_request_is_larger_than_the_bound_and_no_record_is_missing(tmp_path: Path, token_file: Path) -> None:
    records = [bounce(number, "x" * 60_000) for number in range(100)]
    ran = run(tmp_path, token_file, [records], [200] * 10)
    sizes = [int(size) for _, _, size in ran.all("POST")]
    assert len(sizes) > 2
    assert max(sizes) <= REQUEST_BYTES
    sent = [record for (body,) in ran.all("BODY") for record in json.loads(body)]
    assert sent == [json.loads(record) for record in records]


def test_a_batch_of_which_a_part_failed_comes_again_whole(tmp_path: Path, token_file: Path) -> None:
    records = [bounce(number, "x" * 60_000) for number in range(60)]
    ran = run(tmp_path, token_file, [records, records], [200, 503, 200, 200])
    assert ran.all("FAILED") == [["REJECT", "400", "503 Reason: said"]]
    assert len(ran.all("SENT")) == 1


def test_batch_and_record_bound_fit_a_request(tmp_path: Path, token_file: Path) -> None:
    ((_, batch),) = run(tmp_path, token_file, [], []).all("NAME")
    text = made(None, mta="kumomta")["bounce_processing.lua"].text
    assert int(batch) * bound(text, "RECORD_BYTES") <= bound(text, "REQUEST_BYTES") == REQUEST_BYTES


def bound(text: str, name: str) -> int:
    return int(text.partition(f"local {name} = ")[2].split()[0])
