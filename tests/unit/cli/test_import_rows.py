"""Rows of files that strangers wrote: every row is read or said to be wrong, and nothing is lost or read twice."""

import io
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces_cli import import_rows
from bounces_cli.errors import CommandError
from bounces_cli.import_rows import CSV, JSON, PLAIN, Form, ReadRow, Rows, form_of

FORMS = [Form(CSV, ("address", "why")), Form(CSV, ("address", None), ";"), Form(JSON), Form(PLAIN)]
PIECES = ['"', ",", ";", "\n", "\r\n", "a@b.example", '{"address":', '"x"}', "\x00", "\u00e9", "'=", "{", "[" * 50]


def read(content: bytes, form: Form, offset: int = 0, lines: int = 0) -> tuple[list[ReadRow], Rows]:
    file = io.BytesIO(content)
    file.seek(offset)
    rows = Rows(file, form, offset, lines)
    return list(rows), rows


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=60).map(lambda parts: "".join(parts).encode())
    | st.binary(max_size=200),
    st.sampled_from(FORMS),
)
def test_any_file_is_read_to_its_end(content: bytes, form: Form) -> None:
    found, rows = read(content, form)
    assert rows.offset == len(content)
    assert rows.taken() == content
    assert rows.lines == content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    assert [row.line for row in found] == sorted(row.line for row in found)


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(FORMS), st.integers(1, 20))
def test_reading_goes_on_where_it_was_left(parts: list[str], form: Form, place: int) -> None:
    content = "".join(parts).encode()
    whole, _ = read(content, form)
    file = io.BytesIO(content)
    rows = Rows(file, form, 0, 0)
    first = list(islice(rows, place))
    rest, _ = read(content, form, rows.offset, rows.lines)
    assert first + rest == whole


def test_a_row_after_a_quote_that_is_not_closed_is_read() -> None:
    lines = ['"open@b.example,x', *(f"u{n}@b.example,x" for n in range(200))]
    found, _ = read(("address,why\n" + "\n".join(lines)).encode(), FORMS[0])
    assert [(row.line, row.wrong) for row in found if row.wrong] == [(2, "a quote that is not closed within 40 lines")]
    assert [row.cells["address"] for row in found[1:]] == [f"u{n}@b.example" for n in range(200)]


def test_a_long_line_costs_that_line() -> None:
    content = b"address\n" + b"x" * 300_000 + b"\nu@b.example\n"
    found, rows = read(content, Form(CSV))
    assert [row.wrong for row in found] == ["a line of more than 65,536 bytes", None]
    assert len(found[0].text) == import_rows.MAX_REJECTED
    assert rows.offset == len(content)


def test_a_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rows, "MAX_SKIPPED", 1 << 18)
    with pytest.raises(CommandError, match="this is no file of rows"):
        read(b"address\n" + b"x" * (1 << 20), Form(CSV))


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b'{"address": "a@b.example"', "Expecting"),
        (b"[]", "no JSON object"),
        (b'{"address": ["a@b.example"]}', "address is neither text nor null"),
        (b'{"address": true}', "address is neither text nor null"),
        (b'{"address": "\xff"}', "not UTF-8"),
        (b"[" * 60_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_no_row_of_json_says_why(line: bytes, wrong: str) -> None:
    (row,), _ = read(line, Form(JSON))
    assert row.wrong is not None
    assert wrong in row.wrong


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b"address,list,kind\r\n", Form(CSV, ("address", "list", "kind"))),
        (b"\xef\xbb\xbfE-Mail;List ID\n", Form(CSV, ("address", "list"), ";")),
        (b'"EMAIL_ADDRESS"\tName\n', Form(CSV, ("address", None), "\t")),
        (b' {"address": "a@b.example"}\n', Form(JSON)),
        (b"a@b.example\n", Form(PLAIN)),
        (b"<A@b.example>\r\n", Form(PLAIN)),
    ],
)
def test_the_first_line_says_how_a_file_is_written(head: bytes, form: Form) -> None:
    assert form_of(head, "file") == form
