"""Mails that nobody wrote: random trees of parts, delivery statuses, header sections and addresses."""

from __future__ import annotations

import base64
import quopri
from random import Random
from typing import Final

from tests.fuzz.mutations import SNIPPETS

_LETTERS: Final = "abcxyz019._-+=%&'\"@<>()[]{}:;,\\/|!? \t"
_ODD: Final = "éßİıǅ\u0130\u2028\u00a0\u200b\ufeff\u202e日本語Ж\U0001f600\x00\x07\x1b\x7f\x85"
_NAMES: Final = (
    "From", "To", "Subject", "Date", "Message-ID", "Content-Type", "MIME-Version", "Auto-Submitted", "Return-Path",
    "X-Failed-Recipients", "List-Id", "In-Reply-To", "Precedence", "X-FBLId", "Feedback-ID", "Received", "Reply-To",
    "Content-Transfer-Encoding", "X-HmXmrOriginalRecipient", "Delivered-To", "X" * 80, "", " ", "\u00e9",
)  # fmt: skip
_FIELDS: Final = (
    "Reporting-MTA", "Arrival-Date", "Final-Recipient", "Original-Recipient", "X-Actual-Recipient", "Action", "Status",
    "Diagnostic-Code", "Remote-MTA", "Last-Attempt-Date", "Will-Retry-Until", "X-Supplementary-Info", "Feedback-Type",
    "Original-Rcpt-To", "Source-IP", "Removal-Recipient", "X-Whatever",
)  # fmt: skip
_VALUES: Final = (
    "failed", "delayed", "delivered", "relayed", "expanded", "nonsense", "5.1.1", "4.4.7", "2.0.0", "5.0.0", "0.0.0",
    "smtp; 550 5.1.1 user unknown", "smtp;550-5.1.1 a\n 550 5.1.1 b", "dns; mx.example (192.0.2.1)", "dns;", ";", "",
    "Mon, 1 Jan 2029 00:00:00 +0000", "Thu, 32 Xyz 0000 25:61:61 +2500", "abuse", "X-UNIX; 67", "452 4.2.2 full",
    "=?utf-8?q?=FF?=", "(a (nested) comment", "x" * 300,
)  # fmt: skip
_PROSE: Final = (
    "This message was created automatically by mail delivery software.", "could not be delivered to", "User unknown",
    "The following address(es) failed:", "Your message did not reach the following recipients:", "Mailbox full",
    "----- Transcript of session follows -----", "... while talking to mx.example:", "<<< 550 5.1.1 User unknown",
    ">>> RCPT TO:<u@example.org>", "--- Below this line is a copy of the message.", "Return-Path: <s@example.com>",
    "Original message", "host mx.example [192.0.2.1] said: 550 no such user", "Hi. This is the qmail-send program",
    "I am out of the office", "will be retried", "To: v@example.org", "Subject: x", "Received: from a by b",
    "<html><body><p>failed</p>", "</body></html>", "(reason: 550 no)", "retry timeout exceeded",
)  # fmt: skip
_SENDERS: Final = ("MAILER-DAEMON@mx.example", "<>", "Mail Delivery System <postmaster@x.example>", "Ann <a@x.example>")
_SUBJECTS: Final = ("Undelivered Mail Returned to Sender", "failure notice", "Out of office", "Fwd: failure", "news")


def built(random: Random) -> bytes:
    """Return a mail of random parts, with random headers around them."""
    head = "".join(f"{name}: {value}\n" for name, value in _headers(random))
    return head.encode("utf-8", "surrogatepass") + _part(random, 0)


def address(random: Random) -> str:
    """Return an address, or what looks a little like one."""
    choice = random.randrange(6)
    if choice == 0:
        return f"u{random.randrange(9)}@example.org"
    if choice == 1:
        return f'"{word(random)}"@{word(random)}.example'
    if choice == 2:
        return f"{word(random)}@{word(random)}"
    if choice == 3:
        return f"rfc822; <{word(random)}@example.org>"
    if choice == 4:
        return f"{'a' * random.choice((64, 65, 250, 255, 999))}@{'b' * random.choice((1, 63, 64, 300))}.example"
    return word(random)


def word(random: Random) -> str:
    """Return some characters, seldom sane ones."""
    letters = _LETTERS + _ODD if random.random() < 0.3 else _LETTERS if random.random() < 0.5 else _LETTERS[:12]
    return "".join(random.choice(letters) for _ in range(random.choice((0, 1, 3, 8, 8, 30))))


def _headers(random: Random) -> list[tuple[str, str]]:
    headers = [("From", random.choice(_SENDERS)), ("Subject", random.choice(_SUBJECTS))]
    for _ in range(random.choice((0, 2, 6, 40))):
        value = random.choice((address, word, lambda r: r.choice(_VALUES)))(random)
        headers.append((random.choice(_NAMES), value.replace("\n", "\n ")))
    random.shuffle(headers)
    return headers


def _part(random: Random, depth: int) -> bytes:
    """Return a part: the rest of its header section, a blank line, its body."""
    choice = random.randrange(8 if depth < 6 else 5)
    if choice >= 5:
        boundary = random.choice((b"b", b"b%d" % depth, b"", b"a b", b"=_?x", b"B" * 200))
        kind = random.choice((b"mixed", b"report; report-type=delivery-status", b"alternative", b"report", b""))
        head = b'Content-Type: multipart/%b; boundary="%b"\n\n' % (kind, boundary)
        parts = [b"--%b\n%b\n" % (boundary, _part(random, depth + 1)) for _ in range(random.choice((0, 1, 2, 3, 9)))]
        return head + b"".join(parts) + (b"--%b--\n" % boundary if random.random() < 0.7 else b"")
    if choice == 0:
        kind = random.choice((b"delivery-status", b"global-delivery-status", b"feedback-report"))
        return b"Content-Type: message/%b\n\n%b" % (kind, _status(random).encode("utf-8", "replace"))
    if choice == 1 and depth < 6:
        kind = random.choice((b"message/rfc822", b"text/rfc822-headers", b"message/global", b"message/partial"))
        return b"Content-Type: %b\n\n%b" % (kind, built(random) if random.random() < 0.5 else _part(random, depth + 1))
    if choice == 2:
        return b"\n" + b"".join(random.choice(SNIPPETS) for _ in range(random.randint(0, 30)))
    return _text(random)


def _status(random: Random) -> str:
    lines: list[str] = []
    for _ in range(random.choice((0, 1, 4, 12, 60))):
        value = address(random) if random.random() < 0.4 else random.choice(_VALUES)
        lines.append(f"{random.choice(_FIELDS)}:{random.choice((' ', '', chr(9)))}{value}")
        if random.random() < 0.25:
            lines.append(random.choice(("", " ", "\t", " more", "no field", ":", "\x0c")))
    return "\n".join(lines) + "\n"


def _text(random: Random) -> bytes:
    lines = []
    for _ in range(random.choice((0, 1, 5, 20, 60))):
        line = random.choice(_PROSE) if random.random() < 0.6 else address(random)
        lines.append(line + random.choice(("", "", ":", " " + address(random), " 550 5.1.1 unknown", ">")))
        lines.extend([""] * random.choice((0, 0, 1)))
    text = "\n".join(lines)
    charset = random.choice(("utf-8", "utf-16", "iso-8859-1", "iso-2022-jp", "koi8-r", "utf-7", "gb18030", "cp037"))
    body = text.encode(charset, "replace")
    encoding = random.choice(("7bit", "base64", "quoted-printable", "8bit", "x-nonsense"))
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    declared = random.choice((charset, charset, "us-ascii", "hex", "utf-8", ""))
    kind = random.choice(("plain", "plain", "html", "delivery-status"))
    head = f"Content-Type: text/{kind}; charset={declared}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + body
