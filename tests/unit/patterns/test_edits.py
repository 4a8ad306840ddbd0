"""Editing a set: what is not edited stays to the letter."""

import pytest

from bounces.errors import PatternError
from bounces.patterns import OperatorPatterns, export_patterns, parse_patterns
from bounces.patterns.edits import added, newly_hard, removed, set_enabled, with_refused

SET = "# ours\r\n\n  first  ==>Soft\n@a.example two==>Hard\noff: two==>Hard:bad-mailbox\n"


def _set(text: str = SET) -> OperatorPatterns:
    patterns, refused = parse_patterns(text)
    assert refused == ()
    return patterns


@pytest.mark.parametrize(
    ("text", "lines", "at", "expected"),
    [
        ("", ["x==>Soft"], None, "x==>Soft\n"),
        ("a==>Soft", ["x==>Soft"], None, "a==>Soft\nx==>Soft"),
        ("a==>Soft\n", ["x==>Soft", "# why", "y==>Soft"], None, "a==>Soft\nx==>Soft\n# why\ny==>Soft\n"),
        ("a==>Soft\n", ["x==>Soft\ny==>Soft"], None, "a==>Soft\nx==>Soft\ny==>Soft\n"),
        (SET, [" x==>Soft "], None, SET + " x==>Soft \n"),
        (SET, ["x==>Soft"], 1, SET.replace("  first", "x==>Soft\n  first")),
        (SET, ["x==>Soft"], 3, SET.replace("off:", "x==>Soft\noff:")),
    ],
)
def test_lines_are_added_at_their_place(text: str, lines: list[str], at: int | None, expected: str) -> None:
    patterns, refused = added(_set(text), lines, at)
    assert (export_patterns(patterns), refused) == (expected, ())


@pytest.mark.parametrize("at", [None, 1])
def test_a_line_that_is_refused_is_told_by_its_place_and_the_others_are_added(at: int | None) -> None:
    patterns, refused = added(_set("a==>Soft\n"), ["x==>Bad", "A==>Hard", "x==>Soft"], at)
    assert [(line.number, line.line) for line in refused] == [(1, "x==>Bad"), (2, "A==>Hard")]
    assert "the same as line 1" in refused[1].reason
    assert sorted(pattern.line for pattern in patterns) == ["a==>Soft", "x==>Soft"]


def test_no_line_is_added_before_a_pattern_that_is_not_there() -> None:
    for at in (0, 4, -1):
        with pytest.raises(PatternError, match="there are 3"):
            added(_set(), ["x==>Soft"], at)


@pytest.mark.parametrize("name", ["1", "first", "first  ==>Soft", "  first  ==>Soft"])
def test_a_pattern_is_named_by_number_text_or_line(name: str) -> None:
    patterns, gone = removed(_set(), [name])
    assert export_patterns(patterns) == SET.replace("  first  ==>Soft\n", "")
    assert [pattern.text for pattern in gone] == ["first"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("two", "2 patterns have the text"), ("three", "no pattern is"), ("0", "there is no"), ("4", "3")],
)
def test_a_name_that_means_no_pattern_or_two_is_an_error(name: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        removed(_set(), [name])


def test_patterns_are_switched_and_the_rest_stays() -> None:
    patterns, switched = set_enabled(_set(), ["2", "3"], False)
    assert [pattern.line for pattern in switched] == ["@a.example two==>Hard", "off: two==>Hard:bad-mailbox"]
    assert export_patterns(patterns) == SET.replace("@a.example", "off: @a.example")
    assert export_patterns(set_enabled(patterns, ["2"], True)[0]) == SET


def test_what_is_refused_is_left_where_it_stands() -> None:
    text = "a==>Soft\nx==>Bad\n\ny==>Worse\nb==>Soft\n"
    whole = with_refused(*parse_patterns(text))
    assert export_patterns(whole) == text
    assert export_patterns(added(whole, ["c==>Soft"], 2)[0]) == text.replace("b==>", "c==>Soft\nb==>")
    assert export_patterns(removed(whole, ["2"])[0]) == text.replace("b==>Soft\n", "")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("", "a==>Hard", ["a==>Hard"]),
        ("a==>Hard", "a==>Hard\nb==>Soft", []),
        ("a==>Soft", "a==>Hard:bad-mailbox", ["a==>Hard:bad-mailbox"]),
        ("off: a==>Hard", "a==>Hard", ["a==>Hard"]),
        ("a==>Hard", "off: a==>Hard", []),
        ("@a.example a==>Hard", "a==>Hard", ["a==>Hard"]),
        ("a==>Hard", "# first\n a ==>hard", []),
    ],
)
def test_which_hard_patterns_are_new(before: str, after: str, lines: list[str]) -> None:
    assert [pattern.line for pattern in newly_hard(_set(before), _set(after))] == lines
