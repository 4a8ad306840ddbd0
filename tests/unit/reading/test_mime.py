"""The fast parser is left only where the parser of record would find something else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bounces.reading import mime, read_mail

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
