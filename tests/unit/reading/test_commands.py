"""Which SMTP command was refused, where a mail says that beside the receiver's words: none before RCPT TO is about
the recipient.
"""

import pytest

from bounces.patterns import Classifier
from bounces.reading import read_mail
from bounces.reading.accounting.kumomta_events import kinds, outcome_of
from bounces.records import BounceType, Report

SAID = "550 5.1.1 Mailbox does not exist"
POSTFIX = """\
This is the mail system at host out1.sender.example.

<kim@example.com>: host mx1.example.com[192.0.2.7] said: {said} (in reply to
    {command} command)
"""
EXIM = """\
A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  kim@example.com
    host mx1.example.com [192.0.2.7]
    SMTP error from remote mail server after {command}:<news@sender.example> SIZE=4012:
    {said}
"""
SENDMAIL = """\
   ----- The following addresses had permanent fatal errors -----
<kim@example.com>
    (reason: {said})

   ----- Transcript of session follows -----
... while talking to mx1.example.com.:
>>> {command}:<news@sender.example>
<<< {said}
"""
STATUS = """\
Reporting-MTA: dns; out1.sender.example

Final-Recipient: rfc822; kim@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; {said}
"""


def _report(text: str, status: str = "") -> Report:
    parts = [("text/plain", text)] + ([("message/delivery-status", status)] if status else [])
    lines = [
        "From: MAILER-DAEMON@out1.sender.example",
        "To: news@sender.example",
        "Subject: Undelivered Mail Returned to Sender",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        *(f"--b\nContent-Type: {kind}\n\n{body}" for kind, body in parts),
        "--b--",
    ]
    (report,) = read_mail("\n".join(lines).encode()).reports
    assert report.recipient == "kim@example.com"
    return report


@pytest.mark.parametrize("with_status", [True, False], ids=["delivery status", "text alone"])
@pytest.mark.parametrize("text", [POSTFIX, EXIM, SENDMAIL], ids=["Postfix", "Exim", "sendmail"])
@pytest.mark.parametrize(
    ("command", "bounce_type"),
    [("MAIL FROM", BounceType.SOFT), ("MAIL From", BounceType.SOFT), ("RCPT TO", BounceType.HARD)],
)
def test_what_was_refused_before_the_recipient_was_named_is_soft(
    text: str, command: str, bounce_type: BounceType, with_status: bool
) -> None:
    report = _report(text.format(command=command, said=SAID), STATUS.format(said=SAID) if with_status else "")
    assert SAID in (report.diagnostic or "")
    assert Classifier().classify(report).bounce_type is bounce_type


def test_a_session_with_refusals_at_two_commands_says_nothing_of_one() -> None:
    text = SENDMAIL.format(command="MAIL From", said=SAID) + f">>> RCPT To:<kim@example.com>\n<<< {SAID}\n"
    assert _report(text, STATUS.format(said=SAID)).command is None


def test_each_recipient_has_the_command_that_its_own_lines_name() -> None:
    text = POSTFIX.format(command="MAIL FROM", said=SAID)
    text += "\n<bo@example.net>: host mx.example.net[192.0.2.8] said: 550 no such user (in reply to RCPT TO command)\n"
    status = STATUS.format(said=SAID)
    status += "\nFinal-Recipient: rfc822; bo@example.net\nAction: failed\nStatus: 5.0.0\n"
    status += "Diagnostic-Code: smtp; 550 no such user\n"
    mail = (
        f"Content-Type: multipart/report; boundary=b\n\n--b\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n"
    )
    reports = read_mail(f"{mail}{status}\n--b--\n".encode()).reports
    assert [(report.recipient, report.command) for report in reports] == [
        ("kim@example.com", "MAIL"),
        ("bo@example.net", None),
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [("MAIL FROM:<news@sender.example>", "MAIL"), ("EHLO x", "EHLO"), (None, None), (".", None)],
)
def test_kumomta_logs_the_command(command: str | None, expected: str | None) -> None:
    response = {"code": 550, "enhanced_code": None, "content": "no such user", "command": command}
    assert outcome_of(kinds()["Bounce"], {"response": response})["command"] == expected
