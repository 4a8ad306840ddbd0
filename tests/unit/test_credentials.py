"""Tokens in Authorization headers."""

import base64

import pytest

from bounces.credentials import MAX_HEADER, is_one_of, presented


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer   abc  ", "abc"),
        ("BEARER a b", "a b"),
        (basic(b"any:abc"), "abc"),
        (basic(b":abc"), "abc"),
        (basic(b"any:a:b"), "a:b"),
        (basic("any:pässwort".encode()), "pässwort"),
        (None, None),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("abc", None),
        ("Digest abc", None),
        (basic(b"any:"), None),
        (basic(b"any"), None),
        (basic(b"any:\xff"), None),
        ("Basic abc:def", None),
        ("Basic !", None),
        ("Bearer " + "x" * MAX_HEADER, None),
    ],
)
def test_what_a_header_presents(header: str | None, token: str | None) -> None:
    assert presented(header) == token


def test_a_token_is_one_of_those_that_are_valid() -> None:
    assert is_one_of("b", ("a", "b"))
    assert is_one_of("pässwort", ("pässwort",))
    assert not is_one_of("c", ("a", "b"))
    assert not is_one_of("", ("a", ""))
    assert not is_one_of("a", ())
    assert not is_one_of("\ud800", ("a",))
