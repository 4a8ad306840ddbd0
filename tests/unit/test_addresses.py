"""Telling addresses from other text, and the key of one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounces import addresses

ADDRESSES = [
    "user@example.com",
    "user@localhost",
    "user@example.com.",
    "USER+tag@Example.COM",
    "o'neil@example.com",
    ".dots.@example.com",
    "two..dots@example.com",
    "user=example.com@relay.example",
    "user@[192.0.2.1]",
    "user@[IPv6:2001:db8::1]",
    '"john doe"@example.com',
    '"a\\"b"@example.com',
    "θσερ@example.com",
    "user@bücher.example",
    "user@under_score.example",
    "a" * 64 + "@" + "b" * 63 + ".example",
]

OTHER_TEXT = [
    "",
    "@",
    "user",
    "user@",
    "@example.com",
    "us er@example.com",
    "user@exam ple.com",
    "user@example..com",
    "user@.example.com",
    "user@a@example.com",
    "<user@example.com>",
    "user@example.com,",
    "user@example.com;",
    "user@example.com\n",
    "user\x00@example.com",
    "user\u00a0name@example.com",
    "user\u2028@example.com",
    "user\x85@example.com",
    '"unclosed@example.com',
    '""@example.com',
    "user@[300 Main St]",
    "user@{example}",
    "user@example.com/path",
    "rfc822;user@example.com",
    "a" * 245 + "@example.com",
    "ü" * 130 + "@example.com",
    "5.1.1",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_what_smtp_could_deliver_to_is_an_address(text: str) -> None:
    assert addresses.is_address(text)


@pytest.mark.parametrize("text", OTHER_TEXT)
def test_other_text_is_no_address(text: str) -> None:
    assert not addresses.is_address(text)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("user@example.com", "user@example.com"),
        (" <user@example.com>\r\n", "user@example.com"),
        ("< user@example.com >", "user@example.com"),
        ("mailto:user@example.com", "user@example.com"),
        ("<MAILTO:user@example.com>", "user@example.com"),
        ("<@relay.example:user@example.com>", "user@example.com"),
        ("<@a.example,@b.example:user@example.com>", "user@example.com"),
        ("<>", ""),
        ("", ""),
    ],
)
def test_what_stands_around_an_address_is_taken_off(text: str, bare: str) -> None:
    assert addresses.bare(text) == bare


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("User@Example.COM", "user@example.com"),
        (" <User@Example.com> ", "user@example.com"),
        ("user@example.com.", "user@example.com"),
        ("user@BÜCHER.example", "user@xn--bcher-kva.example"),
        ("user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("ΘΣΕΡ@example.com", "θσερ@example.com"),
        ('"John Doe"@Example.com', '"john doe"@example.com'),
        ("user@[IPv6:2001:DB8::1]", "user@[ipv6:2001:db8::1]"),
    ],
)
def test_one_person_has_one_key(text: str, key: str) -> None:
    assert addresses.key(text) == key


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("user@Example.COM.", "example.com"),
        ("user@bücher.example", "xn--bcher-kva.example"),
        ("user", ""),
        ("", ""),
        ("user@", ""),
    ],
)
def test_domain_is_in_lower_case_and_ascii(address: str, domain: str) -> None:
    assert addresses.domain_of(address) == domain


@given(st.from_regex(addresses._ADDRESS, fullmatch=True))
def test_the_key_of_a_key_is_itself(address: str) -> None:
    key = addresses.key(address)
    assert addresses.key(key) == key


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    addresses.is_address(text)
    addresses.key(text)
    addresses.domain_of(text)
