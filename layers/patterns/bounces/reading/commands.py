"""Which SMTP command a bounce says was refused. Before RCPT TO (RFC 5321 3.3) nobody has heard of the recipient."""

from __future__ import annotations

import re
from typing import Final

from bounces.octets import has

# A line of a session that shows a command as sent.
_SENT: Final = re.compile(r"\s{0,12}>>>\s?([A-Za-z]{4})\b")
# A command before RCPT TO, and what stands before it in words that say that it was refused.
_EARLY: Final = ("MAIL F", "EHLO", "HELO", "LHLO")
_REFUSED: Final = ("in reply to", "in response to", "after", "for", "command")


def shows_mail_from(text: bytes) -> bool:
    """Say whether `text` names MAIL FROM: few bounces do, and finding out costs the others little."""
    return has(text, b"MAIL") and (has(text, b"MAIL F") or has(text, b"MAIL\n") or has(text, b"MAIL\r"))


def refused_in(words: str) -> str:
    """Return the SMTP command before RCPT TO, in upper case, that `words` on one line say was refused; else ""."""
    for command in _EARLY:
        place = words.find(command)
        while place >= 0:
            if words[max(0, place - 20) : place].rstrip(" '\"").lower().endswith(_REFUSED):
                return command[:4]
            place = words.find(command, place + 1)
    return ""


def of_sessions(lines: list[str], refusal: re.Pattern[str]) -> str:
    """Return the SMTP command, in upper case, that all refusals in the sessions that `lines` show answer; else "".

    `refusal` matches a line with a reply of class 4 or 5.
    """
    sent = ""
    refused = set()
    for line in lines:
        command = _SENT.match(line)
        if command:
            sent = command.group(1).upper()
        elif sent and "<<<" in line[:24] and refusal.match(line):
            refused.add(sent)
    return refused.pop() if len(refused) == 1 else ""
