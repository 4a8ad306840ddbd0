"""Reading the token in a return path."""

import pytest

from bounces import verp
from bounces.verp import Token

MAC = "abcdefghijklmn27"

TOKENS = [
    (f"bounces+news.c7.17.{MAC}@return.example.com", Token("news", "c7", "17", MAC)),
    (f"<BOUNCES+News.C7.17.{MAC.upper()}@Return.Example.com>", Token("news", "c7", "17", MAC)),
    (f"bounces+news..17.{MAC}@return.example.com", Token("news", None, "17", MAC)),
    (f"bounces+..17.{MAC}@return.example.com", Token(None, None, "17", MAC)),
    ("bounces+news.c7.17@return.example.com", Token("news", "c7", "17", None)),
    ("bounces+news.c7.17.@return.example.com", Token("news", "c7", "17", None)),
    (f"bounces+my_list.a-b.0.{MAC}@x", Token("my_list", "a-b", "0", MAC)),
]

NO_TOKENS = [
    "",
    "user@example.com",
    "bounces@return.example.com",
    "bounces+@return.example.com",
    "bounces+news@return.example.com",
    "bounces+news.c7@return.example.com",
    "bounces-news.c7.17.abc@return.example.com",
    f"bounces+news.c7.17.{MAC}",  # no domain: this is no address
    f"bounces+news.c7.17.{MAC}.more@return.example.com",
    "bounces+news.c7.17.mac018@return.example.com",  # 0, 1 and 8 are no base32
    "bounces+ne ws.c7.17@return.example.com",
    "bounces+nëws.c7.17@return.example.com",
    "bounces+" + "l" * 38 + ".c.s@return.example.com",
    "bounces+" + ".".join(("l" * 20, "c" * 20, "s" * 20)) + "@return.example.com",  # 65 octets and more
]


@pytest.mark.parametrize(("address", "token"), TOKENS)
def test_ids_are_read_from_a_return_path(address: str, token: Token) -> None:
    assert verp.read(address) == token


@pytest.mark.parametrize("address", NO_TOKENS)
def test_other_return_paths_hold_no_token(address: str) -> None:
    assert verp.read(address) is None


def test_a_feedback_id_holds_the_same_token() -> None:
    assert verp.read_ids(f" News.C7.17.{MAC} ") == Token("news", "c7", "17", MAC)
    assert verp.read_ids("17:news:shop:example") is None


def test_a_local_part_of_64_octets_is_read() -> None:
    local = "bounces+" + ".".join(("l" * 12, "c" * 12, "s" * 13, MAC))
    assert len(local) == 64
    assert verp.read(f"{local}@return.example.com") == Token("l" * 12, "c" * 12, "s" * 13, MAC)


FEEDBACK_IDS = [
    (f"news.c7.17.{MAC}", "17", None),
    (f" News.C7.17.{MAC.upper()} ", "17", None),
    (f"news.c7.17.{MAC} user@example.com", "17", "user@example.com"),
    (f"news.c7.17.{MAC}:User+tag@Example.com", "17", "User+tag@Example.com"),
    (f"news.c7.17.{MAC}; <user@example.com>", "17", "user@example.com"),
    (f"news.c7.17.{MAC}<user@example.com>", "17", "user@example.com"),
    (f"news.c7.17.{MAC}, nobody at all", "17", None),
]


@pytest.mark.parametrize(("text", "subscriber", "address"), FEEDBACK_IDS)
def test_a_feedback_id_has_the_ids_and_may_have_the_address(text: str, subscriber: str, address: str | None) -> None:
    said = verp.read_feedback_id(text)
    assert said is not None
    assert (said.token, said.address) == (Token("news", "c7", subscriber, MAC), address)


@pytest.mark.parametrize("text", ["", "news.c7.17", "7:campaign:customer:sender", "user@example.com", f"{MAC} a@b.c"])
def test_a_feedback_id_of_another_platform_says_nothing(text: str) -> None:
    assert verp.read_feedback_id(text) is None
