"""`bounces push FILE`: what is sent, how it goes on, and what each answer comes to."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bounces_cli import batches as splitting
from bounces_cli.batches import OCTETS, Kind, Position, batches
from bounces_cli.door import Address, Door, token_of
from bounces_cli.errors import CommandError
from bounces_cli.main import main
from tests.unit.cli.push.scripted_door import ScriptedDoor, scripted_door

HEADER = "type,timeLogged,orig,rcpt,dsnAction,dsnStatus,dsnDiag\n"
TOKEN = "t0ken"

Run = Callable[..., int]


def row(number: int, diagnostic: str = "550 5.1.1 no such user") -> str:
    return f'b,2026-11-20 10:00:00+0100,s@x.example,u{number}@example.org,failed,5.1.1,"smtp;{diagnostic}"\n'


@pytest.fixture
def door() -> Iterator[ScriptedDoor]:
    with scripted_door() as serving:
        yield serving


@pytest.fixture
def run(door: ScriptedDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("BOUNCES_PUSH_TOKEN", TOKEN)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return lambda *arguments: main(["push", *map(str, arguments), "--to", door.url])


def saved(tmp_path: Path, text: str, name: str = "bounced-2026-01-31-0000.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_sent_packed_with_its_header_line_and_the_token(
    run: Run, door: ScriptedDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, HEADER + row(1) + row(2, "550 of\ntwo lines, and a comma"))
    assert run(path) == 0
    (request,) = door.requests
    assert (request.path, request.text) == ("/v1/push/powermta", path.read_text())
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert request.headers["Content-Encoding"] == "gzip"
    assert capsys.readouterr().out == f"{path}: 2 accepted, 0 ignored, 0 rejected\n"


def test_what_is_packed_is_sent_the_same(run: Run, door: ScriptedDoor, tmp_path: Path) -> None:
    plain = saved(tmp_path, HEADER + "".join(map(row, range(10))))
    packed = tmp_path / "moved.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert run(plain) == 0
    first = list(door.ids)
    assert run(packed, "--again") == 0
    assert door.ids == first * 2


def test_a_folder_s_logs_are_sent_whatever_they_are_called(run: Run, door: ScriptedDoor, tmp_path: Path) -> None:
    folder = tmp_path / "accounting"
    folder.mkdir()
    names = ("acct.csv", "acct.csv.1", "acct-2026-01-31.log", "dovecot-acct", "index.cache")
    for number, name in enumerate(names):
        saved(folder, HEADER + row(number), name)
    for name in (".acct.csv.swp", "acct.lock"):
        saved(folder, HEADER + row(100), name)
    assert run(folder) == 0
    assert {request.text for request in door.requests} == {HEADER + row(number) for number in range(len(names))}


def test_requests_are_bounded_and_whole(door: ScriptedDoor, run: Run, tmp_path: Path) -> None:
    path = saved(tmp_path, HEADER + "".join(row(n, f"550 {'long ' * 100}") for n in range(5_000)))
    assert run(path) == 0
    assert len(door.requests) > 2
    for request in door.requests:
        assert request.text.startswith(HEADER)
        assert len(request.text) <= splitting.BATCH_BYTES + len(HEADER)
        assert request.text.count("\n") - 1 <= splitting.BATCH_RECORDS
    assert len(set(door.ids)) == len(door.ids) == 5_000


def test_a_second_run_sends_what_is_new_and_nothing_else(
    run: Run, door: ScriptedDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(map(row, range(100)))  # more than the first 4 KiB, by which a file is known
    path = saved(tmp_path, HEADER + rows)
    assert run(path) == run(path) == 0
    assert len(door.requests) == 1
    assert "nothing new since the last time" in capsys.readouterr().out
    with path.open("a") as file:
        file.write(row(100))
    moved = path.rename(tmp_path / "moved.csv")
    assert run(moved) == 0
    assert door.requests[-1].text == HEADER + row(100)
    assert run(moved, "--again") == 0
    assert len(door.requests[-1].text.splitlines()) == 102


def test_another_file_that_begins_alike_is_sent_from_its_beginning(
    run: Run, door: ScriptedDoor, tmp_path: Path
) -> None:
    rows = "".join(map(row, range(100)))
    assert run(saved(tmp_path, HEADER + rows + row(200))) == 0
    assert run(saved(tmp_path, HEADER + rows + row(300) + row(301))) == 0
    assert len(door.requests[-1].text.splitlines()) == 103


def test_it_goes_on_where_it_was_broken_off(
    run: Run, door: ScriptedDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(splitting, "BATCH_RECORDS", 10)
    path = saved(tmp_path, HEADER + "".join(map(row, range(100))))
    door.script = [200, 200, 200, 400]
    assert run(path) == 3
    told = capsys.readouterr()
    assert "30 accepted" in told.out
    assert "answered 400 'scripted 400'" in told.err
    assert run(path) == 0
    assert len(door.ids) == len(set(door.ids)) == 100
    assert "70 accepted, 0 ignored, 0 rejected, since the last time" in capsys.readouterr().out


def test_a_row_that_is_still_being_written_is_sent_when_it_is_whole(
    run: Run, door: ScriptedDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(map(row, range(100)))
    path = saved(tmp_path, HEADER + rows + row(100)[:40])
    assert run(path) == 1
    assert f"{path}:102: has no line end" in capsys.readouterr().err
    assert len(door.ids) == 100
    path.write_text(HEADER + rows + row(100))
    assert run(path) == 0
    assert door.requests[-1].text == HEADER + row(100)
    assert len(set(door.ids)) == 101


@pytest.mark.parametrize("written", ["u@example.co", "u@example.com", '"smtp;550 no\nsuch user'])
def test_no_row_is_sent_of_which_only_a_part_is_there(
    written: str, run: Run, door: ScriptedDoor, tmp_path: Path
) -> None:
    """With as many values as there are columns it would be taken for whole, and its last address is another's."""
    header = "type,timeLogged,dsnAction,rcpt\n"
    path = saved(tmp_path, f"{header}b,2026-11-20 10:00:00+0100,failed,{written}")
    assert run(path) == 1
    assert not any(f"failed,{written}" in request.text for request in door.requests)


def test_a_row_of_several_lines_that_is_still_being_written_is_sent_when_it_is_whole(
    run: Run, door: ScriptedDoor, tmp_path: Path
) -> None:
    rows, last = "".join(map(row, range(100))), row(100, "550 of\ntwo lines")
    path = saved(tmp_path, HEADER + rows + last[: last.index("\n") + 1])
    run(path)
    path.write_text(HEADER + rows + last)
    assert run(path) == 0
    assert door.requests[-1].text == HEADER + last


def test_a_json_object_needs_no_line_end(run: Run, door: ScriptedDoor, tmp_path: Path) -> None:
    record = json.dumps({"type": "Bounce", "id": "i1", "recipient": "u@example.org", "timestamp": 1763629200})
    assert run(saved(tmp_path, record, "20261120")) == 0
    assert door.requests[-1].text == record


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_succeed_later_is_tried_again(status: int, door: ScriptedDoor) -> None:
    door.script = [status, (status, {"Retry-After": "7"}), status]
    waits: list[float] = []
    said: list[str] = []
    client = Door(Address.of(door.url), TOKEN, on_wait=said.append, sleep=waits.append)
    answer = client.push("powermta", gzip.compress((HEADER + row(1)).encode()), OCTETS)
    client.close()
    assert answer.accepted == 1
    assert waits == [1, 7, 4]
    assert f"answered {status}" in said[0]


def test_a_door_that_stays_away_ends_the_command_in_time(door: ScriptedDoor) -> None:
    door.script = [503] * 100
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    client = Door(Address.of(door.url), TOKEN, patience=30, sleep=sleep, clock=lambda: now[0])
    with pytest.raises(CommandError, match="goes on from here") as raised:
        client.push("powermta", b"x", OCTETS)
    assert (raised.value.code, now[0]) == (3, 30)
    nobody = Door(Address.of("http://127.0.0.1:9"), TOKEN, patience=0)
    with pytest.raises(CommandError, match=r"did not answer \(.*refused"):
        nobody.push("powermta", b"x", OCTETS)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "scripted 400"),
        (401, "rotate-token"),
        (403, "rotate-token"),
        (404, "stack's outputs"),
        (415, "scripted 415"),
        (301, "a redirect is not followed"),
        (303, "a redirect is not followed"),
        (204, "answered 204"),
    ],
)
def test_what_no_further_try_can_mend_ends_it(
    status: int, said: str, run: Run, door: ScriptedDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door.script = [(status, {"Location": door.url})]
    assert run(saved(tmp_path, HEADER + row(1))) == 2  # nothing was done
    assert said in capsys.readouterr().err
    assert len(door.requests) == 1


def test_who_says_200_and_is_not_the_door_is_not_believed(door: ScriptedDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "answer", lambda request: (200, {}, b"<html>Welcome</html>"))
    with pytest.raises(CommandError, match="is not the push door"):
        Door(Address.of(door.url), TOKEN).push("powermta", b"x", OCTETS)


def test_a_door_that_takes_fewer_gets_fewer(run: Run, door: ScriptedDoor, tmp_path: Path) -> None:
    door.most_records = 3
    assert run(saved(tmp_path, HEADER + "".join(map(row, range(20))))) == 0
    assert len(door.ids) == len(set(door.ids)) == 20
    door.most_records = 0
    assert run(saved(tmp_path, HEADER + row(1)), "--again") == 3


def test_rejected_records_are_told_by_their_line(
    run: Run, door: ScriptedDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(splitting, "BATCH_RECORDS", 2)
    text = HEADER + row(1, "two\nlines") + "\n" + row(2) + "b,cut\n" + row(3) + HEADER + "b,cut too\n" + row(4)
    path = saved(tmp_path, text + "t,2026-11-20 10:00:00+0100,,,,,\n")
    assert run(path) == 1
    told = capsys.readouterr()
    assert told.out == f"{path}: 4 accepted, 1 ignored (t 1), 2 rejected\n"
    assert told.err.splitlines() == [
        f"bounces: {path}:6: has 2 values for 7 columns",
        f"bounces: {path}:9: has 2 values for 7 columns",
    ]


def test_kumomta_s_lines_go_to_its_own_door(run: Run, door: ScriptedDoor, tmp_path: Path) -> None:
    record = {"type": "Bounce", "id": "i1", "recipient": "u@example.org", "timestamp": 1763629200}
    record |= {"response": {"code": 550, "enhanced_code": None, "content": "no such user"}, "sender": "s@x.example"}
    path = saved(tmp_path, f"{json.dumps(record)}\n\n{json.dumps(record | {'id': 'i2'})}\n{{broken\n", "20261120")
    assert run(path) == 1
    (request,) = door.requests
    assert (request.path, request.headers["Content-Type"]) == ("/v1/push/kumomta", OCTETS)
    assert len(set(door.ids)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"From: someone\n\nHello\n", "neither the header line of an accounting file"),
        (b"\x28\xb5\x2f\xfd\x00\x00", "zstd -d"),
    ],
)
def test_what_is_no_log_file_is_said(
    content: bytes, said: str, run: Run, door: ScriptedDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert run(path) == 2
    assert said in capsys.readouterr().err
    assert not door.requests


def test_a_damaged_pack_is_sent_up_to_its_damage(
    run: Run, door: ScriptedDoor, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "BATCH_RECORDS", 10)
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "".join(map(row, range(5_000)))).encode())[:-5_000])
    assert run(path) == 1
    assert "what is before that was sent" in capsys.readouterr().err
    assert len(door.ids) > 100


def test_a_quote_that_is_never_closed_costs_its_own_row_only() -> None:
    text = HEADER + 'b,"open\n' + "".join(map(row, range(2_000)))
    found = list(batches(io.BytesIO(text.encode()), Kind("powermta", is_csv=True), Position()))
    assert sum(len(batch.records) for batch in found) == 2_001
    assert b"".join(batch.content for batch in found) == text.encode()
    assert found[-1].end == Position(len(text), text.count("\n"), HEADER.encode())


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://x.execute-api.eu-west-1.amazonaws.com", "https://x.execute-api.eu-west-1.amazonaws.com"),
        ("https://x.example/v1/push/powermta", "https://x.example"),
        ("https://x.example:8443/stage/", "https://x.example:8443/stage"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_addresses(url: str, address: str) -> None:
    assert str(Address.of(url)) == address


@pytest.mark.parametrize(
    "url",
    [
        "x.example",
        "ftp://x.example",
        "http://x.example",
        "https://",
        "https://user:secret@x.example",
        "https://x.example/?token=1",
        "https://x.example/a b",
        'https://x.example/"',
        "https://x.example:port",
        "http://127.0.0.1.x.example",
    ],
)
def test_what_is_no_address_of_a_stack(url: str) -> None:
    with pytest.raises(CommandError):
        Address.of(url)


def test_the_token_is_in_a_file_or_the_environment_and_in_no_message(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("abc\n")
    assert token_of(str(path), "X", {}) == "abc"
    assert token_of(None, "X", {"X": "def"}) == "def"
    with pytest.raises(CommandError, match="the variable X holds no token"):
        token_of(None, "X", {})
    path.write_text("two words of a secret")
    with pytest.raises(CommandError) as raised:
        token_of(str(path), "X", {})
    assert "secret" not in str(raised.value)
