"""Damage to mails, as carriers, programs and strangers do it: each kind one function of a mail and a random source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

MAX_MAIL: Final = 1 << 18  # what damage may grow a mail to

# What readers trip over: signs of MIME, headers, charsets, encoded words, addresses, codes.
SNIPPETS: Final = (
    b"=?utf-8?q?=C3?=", b"=?x?b?!!!?=", b"=?utf-8?b?/w==?=", b"=?iso-2022-jp?b?GyRC?=", b"=?", b"?=",
    b"Content-Type: multipart/mixed; boundary=", b'Content-Type: multipart/report; boundary="b"\n',
    b"Content-Type: message/rfc822\n\n", b"Content-Type: message/delivery-status\n\n",
    b"Content-Type: text/plain; charset=utf-16\n", b"Content-Type: text/plain; charset=hex\n",
    b"Content-Type: text/plain; charset=idna\n", b"Content-Type: text/html; charset=utf-7\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Transfer-Encoding: x-uuencode\n", b"Content-Type: ;;;\n", b"Content-Type: text/plain; charset*=''%FF\n",
    b"Final-Recipient: rfc822; u@example.org\n", b"Original-Recipient: rfc822;u+40example.org\n",
    b"Final-Recipient: utf-8; \\x{110000}@example.org\n", b"Action: failed\n", b"Action: delayed\n",
    b"Status: 5.1.1\n", b"Status: 999.999.999\n", b"Diagnostic-Code: smtp; 550 5.1.1 unknown\n",
    b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n", b"Date: 1 Jan 0001 00:00:00 +2359\n",
    b"Arrival-Date: Fri, 31 Dec 9999 23:59:59 -2359\n", b"X-Failed-Recipients: a@b.example, c@d.example\n",
    b"Feedback-Type: abuse\n", b'{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{}]}}',
    b"<u@example.org>: ", b"u@example.org\n", b"\"u v\"@example.org", b"@@@", b"<<<<", b">>>>", b"((((", b"))))",
    b"--", b"--b\n", b"--b--\n", b"\n\n", b"\r", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b$B", b"\x1b(B",
    b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"&#x110000;", b"&#xD800;", b"<html><body>", b"<!--", b"<script>",
    b"From a@b.example Thu Jan  1 00:00:00 2026\n", b">From ", b"550 5.1.1 ", b"<<< 550 no\n", b"\xe2\x80\xa8",
    "ＵＳＥＲ＠ＥＸＡＭＰＬＥ．ＯＲＧ".encode(), "ユーザー@例え.jp".encode(), "İ@example.org".encode(),
    "ß@straße.example".encode(),
)  # fmt: skip
_CHARSETS: Final = (
    b"utf-8", b"us-ascii", b"utf-16", b"utf-7", b"iso-2022-jp", b"iso-2022-kr", b"gb2312", b"big5", b"koi8-r", b"hz",
    b"cp037", b"rot13", b"hex", b"base64", b"zip", b"bz2", b"uu", b"quopri", b"punycode", b"idna", b"undefined",
    b"unicode_escape", b"raw_unicode_escape", b"mbcs", b"palmos", b"nonsense", b"utf-8-sig", b"utf-32-be",
)  # fmt: skip
_CHARSET: Final = re.compile(rb"(charset=[\"']?)([\w-]+)", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"(?i)(?<=encoding: )[\w-]+")
_BOUNDARY: Final = re.compile(rb"(?m)^--.{0,80}$")
_TYPE: Final = re.compile(rb"(?i)(?<=content-type: )[\w/-]+")
_TYPES: Final = (
    b"text/plain", b"text/html", b"message/rfc822", b"message/delivery-status", b"message/global-delivery-status",
    b"message/feedback-report", b"message/disposition-notification", b"multipart/report", b"multipart/mixed",
    b"text/rfc822-headers", b"message/global", b"message/partial", b"message/external-body", b"multipart/digest",
    b"application/octet-stream", b"", b"/", b"multipart/", b"MULTIPART/MIXED", b"text",
)  # fmt: skip


def flip(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Change single bits."""
    changed = bytearray(raw)
    for _bit in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def truncate(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Cut the end, or the start."""
    place = random.randint(0, len(raw))
    return raw[:place] if random.random() < 0.8 else raw[place:]


def splice(raw: bytes, random: Random, mails: Sequence[bytes]) -> bytes:
    """Put the end of another mail in the place of this one's."""
    other = random.choice(mails)
    return raw[: random.randint(0, len(raw))] + other[random.randint(0, len(other)) :]


def nest(raw: bytes, random: Random, mails: Sequence[bytes]) -> bytes:
    """Put the whole mail into another one, at some line."""
    other = random.choice(mails)
    place = other.find(b"\n", random.randint(0, len(other))) + 1
    return other[:place] + raw + other[place:]


def insert(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Put in something that readers trip over."""
    for _snippet in range(random.randint(1, 4)):
        place = random.randint(0, len(raw))
        if random.random() < 0.6:
            place = raw.find(b"\n", place) + 1
        raw = raw[:place] + random.choice(SNIPPETS) * random.choice((1, 1, 1, 2, 50)) + raw[place:]
    return raw


def shuffle_lines(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Exchange, drop and repeat lines, mostly of the header section."""
    lines = raw.split(b"\n")
    bound = min(len(lines), 40) if random.random() < 0.6 else len(lines)
    for _line in range(random.randint(1, 6)):
        a, b = random.randrange(bound), random.randrange(bound)
        choice = random.randrange(3)
        if choice == 0:
            lines[a], lines[b] = lines[b], lines[a]
        elif choice == 1:
            lines[a] = b""
        else:
            lines.insert(b, lines[a])
    return b"\n".join(lines)


def damage_boundaries(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Drop, cut, close or double boundary lines."""
    kinds = (b"", b"--", None, b"-- ")

    def damaged(found: re.Match[bytes]) -> bytes:
        if random.random() < 0.5:
            return found.group()
        end = random.choice(kinds)
        return found.group()[: random.randint(0, len(found.group()))] if end is None else found.group() + end

    return _BOUNDARY.sub(damaged, raw)


def change_line_ends(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Write all line ends, or some, in another way."""
    end = random.choice((b"\r\n", b"\r", b"\n\r", b"\n\n", b"\r\r\n", b"\x0b", b"\n "))
    parts = raw.replace(b"\r\n", b"\n").split(b"\n")
    if random.random() < 0.5:
        return end.join(parts)
    return b"".join(part + (end if random.random() < 0.3 else b"\n") for part in parts)


def change_charset(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Declare another charset, and put in bytes that are not ASCII."""
    if not _CHARSET.search(raw):
        raw = raw.replace(b"\n\n", b"\nContent-Type: text/plain; charset=x\n\n", 1)
    raw = _CHARSET.sub(lambda found: found.group(1) + random.choice(_CHARSETS), raw)
    place = random.randint(0, len(raw))
    return raw[:place] + random.choice((b"", b"\xe9", b"\xff\xff", b"\x1b$", b"+AGE-")) + raw[place:]


def change_encoding(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Declare other transfer encodings."""
    encodings = (b"base64", b"quoted-printable", b"7bit", b"8bit", b"binary", b"x-uuencode", b"uue", b"nonsense", b"")
    if not _ENCODING.search(raw):
        return raw.replace(b"\n\n", b"\nContent-Transfer-Encoding: %b\n\n" % random.choice(encodings), 1)
    return _ENCODING.sub(lambda _: random.choice(encodings), raw)


def change_types(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Declare other content types."""
    return _TYPE.sub(lambda found: random.choice(_TYPES) if random.random() < 0.5 else found.group(), raw)


def repeat(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Write a stretch many times."""
    start = random.randint(0, len(raw))
    end = min(len(raw), start + random.choice((1, 2, 20, 200, 2000)))
    if random.random() < 0.5:
        start, end = raw.rfind(b"\n", 0, start) + 1, raw.find(b"\n", end) + 1 or len(raw)
    return raw[:start] + raw[start:end] * random.choice((2, 5, 50, 500)) + raw[end:]


def wrap(raw: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Put the mail into levels of parts."""
    for level in range(random.choice((1, 2, 5, 15, 120))):
        if random.random() < 0.5:
            raw = b"Content-Type: message/rfc822\n\n" + raw
        else:
            raw = b"Content-Type: multipart/mixed; boundary=w%d\n\n--w%d\n%b\n--w%d--\n" % (level, level, raw, level)
    return raw


KINDS: Final[tuple[Callable[[bytes, Random, Sequence[bytes]], bytes], ...]] = (
    flip, truncate, splice, nest, insert, shuffle_lines, damage_boundaries, change_line_ends, change_charset,
    change_encoding, change_types, repeat, wrap,
)  # fmt: skip


def mutated(random: Random, mails: Sequence[bytes]) -> bytes:
    """Return one of `mails` with one to four kinds of damage."""
    raw = random.choice(mails)
    for _kind in range(random.choice((1, 1, 2, 3, 4))):
        raw = random.choice(KINDS)(raw, random, mails)[:MAX_MAIL]
    return raw
