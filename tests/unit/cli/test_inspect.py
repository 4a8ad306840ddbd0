"""`bounces inspect` as a process: its lines, its messages, its exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bounces_cli.inspect import FEW

MAILS = Path(__file__).parents[3] / "events" / "mails"
BOUNCE = MAILS / "gmail-no-such-user.eml"
COMMAND = [sys.executable, "-m", "bounces_cli.main", "inspect"]
FIELDS = {
    "event", "recipient", "original_recipient", "addressee", "action", "status", "reply_code", "diagnostic",
    "remote_mta", "category", "bounce_type", "rule", "list", "campaign",
}  # fmt: skip


def _run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More mails than one process is used for."""
    folder = tmp_path_factory.mktemp("many")
    samples = sorted(MAILS.glob("*.eml"))
    for number in range(4 * FEW):
        shutil.copy(samples[number % len(samples)], folder / f"{number:04}.eml")
    return folder


def test_a_line_of_json_tells_a_mail() -> None:
    run = _run("--json", BOUNCE)
    (line,) = run.stdout.splitlines()
    told = json.loads(line)
    assert told["source"] == str(BOUNCE)
    (report,) = told["reports"]
    assert set(report) == FIELDS
    assert (report["event"], report["bounce_type"], report["category"]) == ("bounce", "hard", "bad-mailbox")
    assert (run.returncode, run.stderr) == (0, "")


FORWARDED = """\
From: MAILER-DAEMON@mx1.held.example
To: <bounces@sender.example>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.held.example

Final-Recipient: rfc822; kim@else.example
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

From: <news@sender.example>
To: <eva@held.example>

--b--
"""


def test_both_who_failed_and_who_is_marked_for_it_are_told(tmp_path: Path) -> None:
    (tmp_path / "forwarded.eml").write_text(FORWARDED)
    (report,) = json.loads(_run("--json", tmp_path).stdout)["reports"]
    assert (report["recipient"], report["addressee"]) == ("kim@else.example", "eva@held.example")
    assert "hard       kim@else.example (mailed: eva@held.example)  bad-mailbox" in _run(tmp_path).stdout
    assert "(mailed:" not in _run(BOUNCE).stdout


def test_a_mail_without_a_report_still_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"")
    assert json.loads(_run("--json", tmp_path).stdout) == {"source": str(tmp_path / "empty.eml"), "reports": []}


def test_many_processes_write_what_one_does(many: Path) -> None:
    one, several = _run("--json", "--jobs", 1, many), _run("--json", "--jobs", 3, many)
    assert one.stdout == several.stdout
    assert [json.loads(line)["source"] for line in one.stdout.splitlines()] == sorted(map(str, many.iterdir()))
    assert _run("--jobs", 1, many).stdout == _run("--jobs", 3, many).stdout


def test_an_mbox_is_shared_between_processes(many: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    line = b"From x@example.com Thu Jan  1 00:00:00 2026\n"
    box.write_bytes(b"".join(line + path.read_bytes() + b"\n" for path in sorted(many.iterdir())))
    rows = [json.loads(line) for line in _run("--json", "--jobs", 2, box).stdout.splitlines()]
    assert [row["source"] for row in rows] == [f"{box}#{number}" for number in range(1, len(rows) + 1)]
    alone = [json.loads(line) for line in _run("--json", many).stdout.splitlines()]
    assert [row["reports"] for row in rows] == [row["reports"] for row in alone]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["/nowhere"], 2, "bounces: /nowhere: No such file or directory\n"),
        (["/dev/null"], 2, "bounces: /dev/null: neither a file nor a folder; save what it gives to a file first\n"),
        (["--jobs", "0", "."], 2, "argument -j/--jobs: '0' is no number from 1 on"),
        ([], 2, "the following arguments are required: PATH"),
    ],
)
def test_wrong_arguments_do_nothing(arguments: list[str], code: int, said: str) -> None:
    run = _run("--json", *arguments)
    assert run.returncode == code
    assert said in run.stderr
    assert run.stdout == ""


def test_an_empty_folder_is_told_and_is_no_error(tmp_path: Path) -> None:
    run = _run("--json", tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", f"bounces: {tmp_path}: nothing in it to read\n")


def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    shutil.copy(BOUNCE, tmp_path / "b.eml")
    (tmp_path / "a.eml").symlink_to("/proc/self/mem")  # nobody may read its first byte, not even root
    run = _run("--json", tmp_path)
    assert run.returncode == 1
    assert f"{tmp_path / 'a.eml'}: Input/output error" in run.stderr
    assert [json.loads(line)["source"] for line in run.stdout.splitlines()] == [str(tmp_path / "b.eml")]


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_pipe_that_closes_ends_it_quietly(many: Path, form: list[str]) -> None:
    with subprocess.Popen([*COMMAND, *form, str(many)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 128 + signal.SIGPIPE


def test_an_interrupt_ends_it_quietly_and_leaves_no_process(many: Path) -> None:
    command = [*COMMAND, "--json", *[str(many)] * 40]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.readline()
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to the workers too
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode in (128 + signal.SIGINT, 128 + signal.SIGPIPE)
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)


def test_a_worker_that_is_killed_is_told_and_no_mail_lost_in_silence(many: Path) -> None:
    command = [*COMMAND, "--json", "--jobs", "2", *[str(many)] * 40]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        first = run.stdout.readline()
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        assert len(children) == 2
        os.kill(int(children[0]), signal.SIGKILL)
        lines = [first, *run.stdout]
        said = run.stderr.read()
    assert run.returncode == 3
    assert "a process that reads mails ended (killed by SIGKILL) while it was at " in said
    assert all(json.loads(line) for line in lines)
    stopped_at = said.partition("while it was at ")[2].partition(" to ")[0]
    assert len(lines) < 40 * 4 * FEW
    assert Path(stopped_at).name == f"{len(lines) % (4 * FEW):04}.eml"


def test_json_imports_no_more_than_it_needs() -> None:
    program = (
        "import sys; from bounces_cli.main import main; "
        f"main(['inspect', '--json', {str(BOUNCE)!r}]); print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stderr.split()}
    assert "fast_mail_parser" in loaded
    assert loaded.isdisjoint(
        {"rich", "click", "boto3", "botocore", "aws_lambda_powertools", "pynamodb", "mailparser", "multiprocessing"}
    )


def test_nothing_that_a_terminal_obeys_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.eml").write_bytes(BOUNCE.read_bytes().replace(b"does not exist", b"\x1b]0;x\x07 gone"))
    (tmp_path / "b\x1b[31m.eml").symlink_to("/proc/self/mem")
    run = _run(tmp_path)
    assert "gone" in run.stdout
    assert "\ufffd[31m.eml: Input/output error" in run.stderr
    assert "\x1b" not in run.stdout + run.stderr
