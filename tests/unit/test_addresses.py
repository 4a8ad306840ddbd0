"""Telling addresses from other text, and the key of one."""

import subprocess
import sys

import pytest
from hypothesis import example, given
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
    "user@نامه\u200cای.example",
    "user@ශ්\u200dරී.example",
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
    "jos\ufffd@example.com",  # bytes that were no text
    "jos\udce9@example.com",
    "b\u200bob@example.com",  # what nobody sees
    "b\u200dob@example.com",
    "b\u2060ob@example.com",
    "user@\ufeffexample.com",
    "user@exam\u200dple.com",  # a joiner where no script has it
    '"b\u200bob"@example.com',
    '"b\x9bob"@example.com',
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
        ("\ufeffuser@example.com", "user@example.com"),
        ("\u200b\u00a0user@example.com\u2060 ", "user@example.com"),
        ("<\u200euser@example.com\u200f>", "user@example.com"),
        ("\ufffduser@example.com", "\ufffduser@example.com"),
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
        ("jose\u0301@example.com", "jos\u00e9@example.com"),  # RFC 6532 3.1
        ("JOSE\u0301@example.com", "jos\u00e9@example.com"),
        ('"Bob"@example.com', "bob@example.com"),  # RFC 5321 4.1.2
        ('"b\\ob"@example.com', "bob@example.com"),
        ('"john\\ doe"@example.com', '"john doe"@example.com'),
        ('"a\\"b\\\\c"@example.com', '"a\\"b\\\\c"@example.com'),
        ('"a@b"@example.com', '"a@b"@example.com'),
        ("\ufeffuser@example.com", "user@example.com"),
    ],
)
def test_one_person_has_one_key(text: str, key: str) -> None:
    assert addresses.key(text) == key


# By UTS #46 without what was for the transition from IDNA2003, where `ß` was `ss`: another domain, and another person.
@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("straße.de", "xn--strae-oqa.de"),
        ("STRASSE.de", "strasse.de"),
        ("Fußball.de", "xn--fuball-cta.de"),
        ("ς.gr", "xn--3xa.gr"),
        ("σ.gr", "xn--4xa.gr"),
        ("ΦΩΣ.gr", "xn--4xafj.gr"),  # not the ς that a word ends with
        ("BÜCHER.Example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("ｅｘａｍｐｌｅ．com", "example.com"),
        ("example。com", "example.com"),
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),  # the samples of UTS #46 and RFC 5892
        ("نامهای.com", "xn--mgba3gch31f.com"),
        ("ශ්\u200dරී.com", "xn--10cl1a0b660p.com"),
        ("☃.com", "xn--n3h.com"),
        ("❤\ufe0f.com", "xn--qei.com"),
        ("bü_cher.example", "xn--b_cher-3ya.example"),
        ("under_score.bücher.example", "under_score.xn--bcher-kva.example"),
    ],
)
def test_a_domain_and_its_a_label_are_one(domain: str, label: str) -> None:
    assert addresses.key(f"user@{domain}") == f"user@{label}"
    assert addresses.key(f"user@{label.upper()}") == f"user@{label}"
    assert addresses.is_address(addresses.key(f"user@{domain}"))


@pytest.mark.parametrize(
    "domain", ["xn--a.example", "xn--strasse-.de", "xn--\uff41.de", "\ud800.de", "ü" * 60, "a.⒈.ü"]
)
def test_what_is_no_domain_has_a_key_of_its_own(domain: str) -> None:
    key = addresses.key(f"user@{domain}")
    assert addresses.key(key) == key
    assert key.startswith("user@")


def test_two_domains_have_one_key_only_where_they_are_one() -> None:
    domains = ("strasse.de", "straße.de", "σ.gr", "ς.gr", "نامه\u200cای.com", "نامهای.com", "ü.example", "u.example")
    assert len({addresses.key(f"user@{domain}") for domain in domains}) == len(domains)


def test_what_most_addresses_need_is_all_that_is_imported() -> None:
    code = "import sys; from bounces import addresses; addresses.key('User@Example.COM'); print('idna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


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
@example("a@\U000191d3.\xad.")  # a character that no domain has, and behind a dot one that nobody sees
def test_the_key_of_a_key_is_itself(address: str) -> None:
    key = addresses.key(address)
    assert addresses.key(key) == key


@given(st.text(max_size=300) | st.text(st.characters(codec=None), max_size=300).map("user@{}".format))
def test_no_text_raises(text: str) -> None:
    addresses.is_address(text)
    addresses.key(text)
    addresses.domain_of(text)
