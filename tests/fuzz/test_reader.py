"""The reader on damaged and invented mails: what must hold of every mail holds of these.

Bounded here; `make fuzz` runs the same without bounds, and a longer run of these is marked `full`.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import seeds
from tests.fuzz.cases import bounded, randoms
from tests.fuzz.mutations import mutated
from tests.fuzz.properties import check, classifier
from tests.fuzz.structures import address, built, word


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    classifier()


@bounded
@given(randoms)
def test_damaged_samples_are_read_within_all_limits(source: random.Random) -> None:
    check(mutated(source, seeds.ours()))


@pytest.mark.skipif(not seeds.corpus(), reason="needs ../shared/corpus, which is not here")
@bounded
@given(randoms)
def test_damaged_real_mails_are_read_within_all_limits(source: random.Random) -> None:
    check(mutated(source, seeds.corpus()))


@bounded
@given(randoms)
def test_invented_mails_are_read_within_all_limits(source: random.Random) -> None:
    check(built(source))


@bounded
@given(st.binary(max_size=2000))
def test_bytes_are_read_within_all_limits(raw: bytes) -> None:
    check(raw)


@bounded
@given(randoms)
def test_addresses_of_any_characters_stay_within_all_limits(source: random.Random) -> None:
    who, other = address(source), word(source)
    raw = (
        f"From: MAILER-DAEMON@mx.example\nTo: {other}\nSubject: failure notice\nX-Failed-Recipients: {who}\n\n"
        f"could not be delivered:\n\n<{who}>: 550 5.1.1 {other}\n\n--- Below this line is a copy of the message.\n\n"
        f"To: {who}\nList-Id: <{other}>\n"
    )
    check(raw.encode("utf-8", "surrogatepass"))
