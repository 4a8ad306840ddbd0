"""Mails made to be slow to read: every place where a reader looks, filled with every run that an expression hates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_HEAD: Final = (
    b"From: MAILER-DAEMON@mx.example\nTo: s@example.com\nSubject: failure notice\nMessage-ID: <1@mx.example>\n"
)
_REPORT: Final = _HEAD + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
_STATUS: Final = b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
_RECIPIENT: Final = b"Final-Recipient: rfc822; u@example.org\nAction: failed\nStatus: 5.0.0\n"
_RETURNED: Final = b"\n--b\nContent-Type: message/rfc822\n\n"
_SAID: Final = b"Your message could not be delivered.\n\n"

# {place: (what stands before the run, what stands after it)}
PLACES: Final[dict[str, tuple[bytes, bytes]]] = {
    "from": (b"From: ", b"\nSubject: failure notice\n\n" + _SAID + b"<u@example.org>: 550 no\n"),
    "to": (b"From: MAILER-DAEMON@x.example\nSubject: failure notice\nTo: ", b"\n\n" + _SAID + b"<u@example.org>: no\n"),
    "subject": (b"From: MAILER-DAEMON@x.example\nSubject: ", b"\n\n" + _SAID + b"<u@example.org>: 550 no\n"),
    "subject of a person": (b"From: a@x.example\nSubject: ", b"\n\nhello\n"),
    "date": (_HEAD + b"Date: ", b"\n\n" + _SAID + b"<u@example.org>: 550 no\n"),
    "message-id": (
        b"From: MAILER-DAEMON@x.example\nSubject: failure notice\nMessage-ID: ",
        b"\n\n<u@example.org>: no\n",
    ),
    "failed-recipients": (_HEAD + b"X-Failed-Recipients: ", b"\n\n" + _SAID),
    "content-type": (_HEAD + b"Content-Type: text/plain; charset=", b"\n\n" + _SAID + b"<u@example.org>: 550 no\n"),
    "boundary": (_HEAD + b"Content-Type: multipart/mixed; boundary=", b"\n\n--b\n\n" + _SAID + b"\n--b--\n"),
    "header name": (_HEAD, b"\n\n" + _SAID + b"<u@example.org>: 550 no\n"),
    "text": (_HEAD + b"\n" + _SAID, b"\n"),
    "text of no mailer": (b"From: a@x.example\nSubject: x\n\n", b"\n"),
    "line of an address": (_HEAD + b"\n" + _SAID + b"<u@example.org>: ", b"\n"),
    "before an address": (_HEAD + b"\n" + _SAID, b"<u@example.org>: 550 no\n"),
    "reason": (_HEAD + b"\n" + _SAID + b"<u@example.org>\n    (reason: 550", b"\n"),
    "after the separator": (
        _HEAD + b"\n<u@example.org>: 550 no\n\n--- Below this line is a copy of the message.\n\n",
        b"",
    ),
    "session": (_HEAD + b"\n" + _SAID + b"<u@example.org>\n\n<<< 550 ", b"\n"),
    "html": (_HEAD + b"Content-Type: text/html\n\n<html><body>", b"<p>u@example.org</p></body></html>\n"),
    "embedded status": (_HEAD + b"\n" + _SAID + b"Final-Recipient: rfc822; u@example.org\nStatus: ", b"\n"),
    "status part": (_REPORT + _STATUS, b"\n" + _RECIPIENT + b"\n--b--\n"),
    "final-recipient": (_REPORT + _STATUS + b"Final-Recipient: rfc822; ", b"x\nAction: failed\n\n--b--\n"),
    "recipient type": (_REPORT + _STATUS + b"Final-Recipient: rfc822", b"x\nAction: failed\n\n--b--\n"),
    "action": (_REPORT + _STATUS + b"Final-Recipient: rfc822; u@example.org\nAction: ", b"x\n\n--b--\n"),
    "status field": (_REPORT + _STATUS + b"Final-Recipient: rfc822; u@example.org\nStatus: ", b"x\n\n--b--\n"),
    "diagnostic": (_REPORT + _STATUS + _RECIPIENT + b"Diagnostic-Code: smtp; ", b"x\n\n--b--\n"),
    "remote-mta": (_REPORT + _STATUS + _RECIPIENT + b"Remote-MTA: ", b"x\n\n--b--\n"),
    "arrival-date": (_REPORT + _STATUS + _RECIPIENT + b"Last-Attempt-Date: ", b"x\n\n--b--\n"),
    "explanation of a report": (_REPORT + b"--b\n\n", b"\n" + _STATUS + _RECIPIENT + b"\n--b--\n"),
    "returned to": (_REPORT + _STATUS + _RECIPIENT + _RETURNED + b"To: ", b"\n\nx\n--b--\n"),
    "returned list-id": (_REPORT + _STATUS + _RECIPIENT + _RETURNED + b"List-Id: ", b"x\n\nx\n--b--\n"),
    "returned message-id": (_REPORT + _STATUS + _RECIPIENT + _RETURNED + b"Message-ID: ", b"x\n\nx\n--b--\n"),
    "returned feedback-id": (_REPORT + _STATUS + _RECIPIENT + _RETURNED + b"X-FBLId: ", b"x\n\nx\n--b--\n"),
    "returned headers": (_REPORT + _STATUS + _RECIPIENT + b"--b\nContent-Type: text/rfc822-headers\n\n", b"\n--b--\n"),
    "returned body": (_REPORT + _STATUS + _RECIPIENT + _RETURNED + b"To: u@example.org\n\n", b"\n--b--\n"),
    "feedback report": (
        _REPORT + b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n",
        b"\n--b--\n",
    ),
    "ses notification": (_HEAD + b'\n{"notificationType":"Bounce","mail":', b"}\n"),
    "parts that do not end": (
        _HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n",
        b"\n--b--\n",
    ),
}

RUNS: Final[dict[str, bytes]] = {
    "spaces": b" ",
    "tabs": b"\t",
    "a": b"a",
    "digits": b"5",
    "dashes": b"-",
    "equals": b"=",
    "<": b"<",
    ">": b">",
    "@": b"@",
    "(": b"(",
    ")": b")",
    '"': b'"',
    "'": b"'",
    ";": b";",
    ":": b":",
    ",": b",",
    ".": b".",
    "*": b"*",
    "[": b"[",
    "{": b"{",
    "\\": b"\\",
    "&": b"&",
    "a@": b"a@",
    "a@a.": b"a@a.",
    "a@b.cc ": b"a@b.cc ",
    "<a@b.cc>": b"<a@b.cc>",
    "lines": b"\n",
    "crlf": b"\r\n",
    "cr": b"\r",
    "blank lines": b" \n",
    "lines of a": b"a\n",
    "folds": b"a\n ",
    "lines of >": b">>>> >\n",
    "lines of -": b"-" * 79 + b"\n",
    "rules": b"-----\n",
    "lines of :": b"a: b\n",
    "( )": b"(a) ",
    "<p": b"<p ",
    "<p>": b"<p>",
    "<!--": b"<!--",
    "<script": b"<script ",
    "&#": b"&#1;",
    "=?": b"=?",
    "words": b"=?utf-8?q?a?= ",
    "words together": b"=?utf-8?q?a?=",
    "open words": b"=?a?q?",
    "550": b"550 ",
    "5.1.1": b"5.1.1 ",
    "550 5.1.1": b"550 5.1.1 a\n",
    "replies": b"<<< 550 no\n",
    "arrows": b"<<< ",
    "addresses on lines": b"<a@b.cc>: no\n",
    "original": b"original message\n",
    "to": b"To: a@b.cc\n",
    "boundaries": b"--b\n",
    "other boundaries": b"--x\n",
    "from lines": b"From a\n",
    "recipients": b"Final-Recipient: rfc822; a@b.cc\nAction: failed\n\n",
    "nul": b"\0",
    "non-ascii": "é".encode(),
    "wide": "日本".encode(),
    "bad": b"\xff",
    "escape": b"\x1b$B",
    "generated": b"(generated from ",
    "json": b'{"a":',
    "json list": b"[",
    "xxxxx": b"x" * 5 + b" ",
    "rcpt": b"Original-Rcpt-To: <a@b.cc>\n",
    "550-": b"550-",
    "could": b"could not be delivered ",
    "%": b"%",
    "headers": b"X-A: b\n",
    "\x0c": b"\x0c",
    "u2028": "\u2028".encode(),
}

# Runs whose every piece differs from the others: what is compared each with each costs the square of them.
COUNTED: Final[dict[str, bytes]] = {
    "different addresses": b"a%d@b.cc ",
    "different addresses on lines": b"<a%d@b.cc>\n",
    "different addresses with replies": b"<a%d@b.cc>\n<<< 550 no\n",
    "different recipients": b"Original-Rcpt-To: <a%d@b.cc>\n",
    "different failures": b"Final-Recipient: rfc822; a%d@b.cc\nAction: failed\n\n",
    "different failed": b"a%d@b.cc, ",
    "different headers": b"X-%d: a\n",
    "different sentences": b"mail a%d@b.cc was lost. ",
    "different boundaries": b"--b%d\n",
    "different reasons": b"user unknown: <a%d@b.cc>\n",
    "different headings": b"user unknown:\n<a%d@b.cc>\n",
    "different accounts": b"the 'account\n<a%d@b.cc>\nis full\n",
    "different originals": b"<a%d@b.cc> (generated from c%d@b.cc)\n",
    "different levels": b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n",
    "different messages": b"Content-Type: message/rfc822\n\nX-%d: a\n",
}


# Whole mails of a kind, which no run in one place makes.
_UNIT: Final = 7900  # a field within what is read of one


def _repeated(before: bytes, piece: bytes, size: int, after: bytes = b"\n--b--\n") -> bytes:
    return before + piece * (size // len(piece)) + after


def typed_spaces(size: int) -> bytes:
    """Return a mail whose recipient fields have white space between the type and the semicolon that never comes."""
    piece = b"Final-Recipient: rfc822" + b" " * _UNIT + b"x\nAction: failed\n\n"
    return _repeated(_REPORT + _STATUS, piece, size)


def recipients_without_at(size: int) -> bytes:
    """Return a mail whose recipient fields are long and name nobody."""
    return _repeated(_REPORT + _STATUS, b"Final-Recipient: rfc822; " + b"a" * _UNIT + b"\nAction: failed\n\n", size)


def diagnostics_of_one_word(size: int) -> bytes:
    """Return a mail whose diagnostics are one long word each, all for one recipient."""
    return _repeated(_REPORT + _STATUS, _RECIPIENT + b"Diagnostic-Code: " + b"a" * _UNIT + b"@\n\n", size)


def returned_to_without_at(size: int) -> bytes:
    """Return a mail whose returned message has many long To fields that name nobody."""
    return _repeated(_REPORT + _STATUS + _RECIPIENT + _RETURNED, b"To: " + b"a" * _UNIT + b"\n", size, b"\nx\n--b--\n")


def replies_beside_addresses(size: int) -> bytes:
    """Return a mail with as many replies of a session as it has recipients, none of which says whom it is for."""
    count = min(size // 30, 1990)
    addresses = b"".join(b"<a%d@b.cc>\n" % number for number in range(count))
    return _HEAD + b"\n" + _SAID + addresses + b"\n" + b"".join(b"<<< 550 no %d\n" % n for n in range(count))


def recipients_beside_long_headers(size: int) -> bytes:
    """Return a mail with a long To field, and sentences with addresses that may be in it."""
    head = _HEAD.replace(b"To: ", b"To: " + b"x" * (size // 2))
    return head + b"\n" + _SAID + b"".join(b"mail a%d@b.cc was lost\n" % n for n in range(min(size // 50, 3900)))


def recipients_with_originals(size: int) -> bytes:
    """Return a report on many recipients, each with whom the sender had mailed: the same for every other one."""
    group = b"Final-Recipient: rfc822; f%d@b.cc\nOriginal-Recipient: rfc822; o%d@b.cc\nStatus: 5.1.%d\n\n"
    groups = b"".join(group % (n, n % 2 and n, n % 1000) for n in range(size // len(group)))
    return _HEAD + b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.cc\n\n" + groups


def levels_around_lines(size: int) -> bytes:
    """Return a mail of as many levels as the slow parser is given, around lines that each level looks at."""
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(99))
    return levels + b"\n" * size


class Hostile(NamedTuple):
    """A mail made to be slow: where the run stands and what it is made of."""

    place: str
    run: str

    def mail(self, size: int) -> bytes:
        """Return the mail with a run of `size` bytes."""
        before, after = PLACES[self.place]
        return before + self._run(size) + after

    def _run(self, size: int) -> bytes:
        if self.run in RUNS:
            unit = RUNS[self.run]
            return unit * (size // len(unit))
        unit = COUNTED[self.run]
        values = unit.count(b"%d")
        pieces: list[bytes] = []
        while size > 0:
            pieces.append(unit % ((len(pieces),) * values))
            size -= len(pieces[-1])
        return b"".join(pieces)


def everything() -> Iterator[Hostile]:
    """Yield every run in every place."""
    for place in PLACES:
        for run in (*RUNS, *COUNTED):
            yield Hostile(place, run)
