"""CSV cells that no spreadsheet runs, and that come back to the letter."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces import cells

FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXTS = st.none() | st.text(st.sampled_from(FORMULA + "'\";, ax") | st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("ann@example.com", "ann@example.com"),
        ("=1+1@example.com", "'=1+1@example.com"),
        ("+sales@example.com", "'+sales@example.com"),
        ("-x@example.com", "'-x@example.com"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1dcmd", "'\uff1dcmd"),  # the wide equals sign
        ("'quoted'@example.com", "''quoted'@example.com"),
        ("left; =HYPERLINK(1)", "left; =HYPERLINK(1)"),  # a space is no formula
        ("left;=HYPERLINK(1)", "left;'=HYPERLINK(1)"),
        ("two\n=lines", "two\n'=lines"),
        (None, ""),
        ("", "'"),
        ("'", "''"),
    ],
)
def test_a_cell_that_begins_as_a_formula_is_marked_and_read_back(text: str | None, cell: str) -> None:
    assert cells.written(text) == cell
    assert cells.read(cell) == text


@pytest.mark.parametrize("cell", ["'ann'@example.com", "o'brien@example.com", "x;'y"])
def test_an_apostrophe_that_marks_nothing_stays(cell: str) -> None:
    assert cells.read(cell) == cell


@given(TEXTS)
def test_every_text_comes_back(text: str | None) -> None:
    assert cells.read(cells.written(text)) == text


@given(st.lists(TEXTS, min_size=2, max_size=5))
def test_it_comes_back_through_csv(texts: list[str | None]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([cells.written(text) for text in texts])
    (row,) = csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)
    assert [cells.read(cell) for cell in row] == texts


@given(TEXTS, st.sampled_from([";", "\t"]))
def test_nothing_that_a_spreadsheet_may_take_for_a_cell_begins_as_a_formula(text: str | None, separator: str) -> None:
    for part in re.split(f"[{separator}\r\n]", cells.written(text)):
        assert part[:1] not in tuple(FORMULA), part
