"""What comes out as it stands: rich makes pictures of words between colons, and a locale another text, if they may."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress as Bar

from bounces_cli.progress import Progress
from local import table

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:PushSecret-miAdOu"
ADDRESS = "user@[IPv6:2001:db8:a:b:c:d::1]"


def test_the_local_stack_prints_its_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table.console().print(ARN, soft_wrap=True)
    assert capsys.readouterr().out == f"{ARN}\n"


def test_lines_that_share_a_terminal_with_a_bar_are_what_a_pipe_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    screen = io.StringIO()
    Progress(Bar(console=Console(file=screen))).write(f'{{"recipient": "{ADDRESS}", "cut": ":x:"}}\n')
    assert screen.getvalue() == f'{{"recipient": "{ADDRESS}", "cut": ":x:"}}\n'


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_pipe_gets_utf_8_whatever_the_locale(encoding: str) -> None:
    mail = Path(__file__).parents[3] / "events" / "mails" / "utf8-rfc6533.eml"
    done = subprocess.run(
        [sys.executable, "-m", "bounces_cli.main", "inspect", mail],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert "björn@example.org" in done.stdout.decode()
