"""The fast parser is left only where the parser of record would find something else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bounces.reading import mime, read_mail
from bounces.reading.limits import MAX_DEPTH

MAILS = sorted((Path(__file__).parent / "mails").glob("*.eml"))
BOUNDARY = b"boundary="


def _without_boundary_lines(raw: bytes) -> bytes:
    at = raw.find(BOUNDARY) + len(BOUNDARY)
    boundary = raw[at:].split(b"\n", 1)[0].strip().strip(b'";')
    end = raw.find(boundary, at) + len(boundary)
    return raw[:end] + raw[end:].replace(boundary, b"another")


def _without_header(raw: bytes) -> bytes:
    return raw.partition(b"\n\n")[2].lstrip(b"\n")


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize("damaged", [_without_boundary_lines, _without_header])
def test_what_has_no_parts_is_read_quickly_and_as_the_parser_of_record_reads_it(
    damaged: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [damaged(raw) for raw in map(Path.read_bytes, MAILS) if BOUNDARY in raw and raw[:1].isalpha()]
    quickly = [type(mime._quickly(raw)) is mime.Part for raw in mails]
    read = [read_mail(raw).reports for raw in mails]
    monkeypatch.setattr(mime, "_quickly", lambda _: None)
    assert [read_mail(raw).reports for raw in mails] == read
    assert sum(quickly) > len(mails) / 2


WITHIN = b"""\
From: Mail Delivery System <mailer-daemon@mx.example.net>
To: news@example.org
Subject: Undeliverable mail
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative;
 boundary="inner"

--inner
Content-Type: text/plain

Your message could not be delivered to these recipients:

<kim@example.com>: 550 5.1.1 User unknown

--inner--

--outer--
"""
UNFOLDED = WITHIN.replace(b"\n boundary", b"\nboundary")
EXTENDED = WITHIN.replace(b'boundary="outer"', b"boundary*=us-ascii'en'outer")
# The outer boundary ends the multipart within before it has a part, whose text is then the outer one's.
SAME = WITHIN.replace(b"inner", b"outer")


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize("raw", [WITHIN, UNFOLDED, EXTENDED, SAME], ids=["plain", "unfolded", "extended", "same"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_boundary_in_other_ways_is_read_quickly_and_as_the_parser_of_record_reads_it(
    raw: bytes, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = raw.replace(b"\n", end)
    assert mime.parse_quickly(raw, []) is not None
    quickly = read_mail(raw).reports
    assert [report.recipient for report in quickly] == ["kim@example.com"]
    monkeypatch.setattr(mime, "_quickly", lambda _: None)
    assert read_mail(raw).reports == quickly


def _nested(depth: int) -> bytes:
    """Return a mail of `depth` multiparts in one another, the innermost with the outermost's boundary and no part."""
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth)
    )
    closed = b"".join(b"\n--b%d--\n" % level for level in reversed(range(depth)))
    return b"Subject: x\n" + opened + b'Content-Type: multipart/mixed; boundary="b0"\n\n' + closed


@pytest.mark.parametrize(
    "raw",
    [
        WITHIN.replace(b"--inner", b"--other"),  # promises parts and has none, with lines that look like a boundary
        WITHIN.replace(b' boundary="inner"', b" charset=utf-8").replace(b"--inner", b"--other"),
        _nested(MAX_DEPTH + 2),
    ],
    ids=["another boundary", "no boundary", "deep"],
)
def test_what_the_fast_parser_may_have_split_wrongly_is_left_to_the_parser_of_record(raw: bytes) -> None:
    assert mime.parse_quickly(raw, []) is None
    read_mail(raw)


def test_the_innermost_of_few_is_ended_from_without() -> None:
    assert mime.parse_quickly(_nested(3), []) is not None
