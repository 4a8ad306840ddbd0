"""Mails made to be slow: reading costs in proportion to their size, wherever the run stands and whatever it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fuzz import hostile
from tests.fuzz.hostile import COUNTED, PLACES, RUNS, Hostile, everything
from tests.fuzz.properties import TooSlow, allowed, classifier, timed

SIZE = 256 * 1024
LARGE = 4 << 20
# The places whose text the reader looks at beyond `SIZE`.
DEEP = ("text", "html", "status part", "final-recipient", "returned body", "parts that do not end", "boundary")
# What was found slow once, or has an expression that could be.

KNOWN = (
    ("text", "different addresses on lines"),
    ("text", "different recipients"),
    ("text", "different addresses with replies"),
    ("text", "different sentences"),
    ("text", "different reasons"),
    ("text", "different headings"),
    ("text", "different accounts"),
    ("text", "different originals"),
    ("text", "550"),
    ("text", "550-"),
    ("text", "lines of -"),
    ("text", "original"),
    ("after the separator", "dashes"),
    ("reason", "generated"),
    ("session", "a@"),
    ("feedback report", "different recipients"),
    ("feedback report", "lines"),
    ("recipient type", "spaces"),
    ("final-recipient", "a"),
    ("returned to", "a@"),
    ("from", "=?"),
    ("from", "words"),
    ("returned message-id", "=?"),
    ("html", "<p"),
    ("html", "<!--"),
    ("status part", "lines"),
    ("parts that do not end", "lines"),
    ("parts that do not end", "cr"),
    ("failed-recipients", "different failed"),
    ("content-type", "a"),
)
KNOWN_WHOLE = (
    hostile.typed_spaces,
    hostile.recipients_without_at,
    hostile.diagnostics_of_one_word,
    hostile.returned_to_without_at,
    hostile.replies_beside_addresses,
    hostile.recipients_beside_long_headers,
    hostile.recipients_with_originals,
    hostile.levels_around_lines,
)


def _check(raw: bytes) -> None:
    classifier()
    try:
        reading, spent = timed(raw)
    except TooSlow as error:
        pytest.fail(str(error))
    assert spent <= allowed(raw, reading), f"{spent:.2f} s of {allowed(raw, reading):.2f} s"


@pytest.mark.parametrize(("place", "run"), KNOWN)
def test_reading_costs_in_proportion_to_the_size(place: str, run: str) -> None:
    _check(Hostile(place, run).mail(SIZE))


@pytest.mark.parametrize("mail", KNOWN_WHOLE, ids=lambda mail: mail.__name__)
def test_whole_mails_cost_in_proportion_to_the_size(mail: Callable[[int], bytes]) -> None:
    _check(mail(SIZE))


@pytest.mark.full
@pytest.mark.parametrize("mail", [*everything()], ids=lambda mail: f"{mail.place}, {mail.run}")
def test_every_run_in_every_place_costs_in_proportion(mail: Hostile) -> None:
    _check(mail.mail(SIZE))


@pytest.mark.full
@pytest.mark.parametrize("run", [*RUNS, *COUNTED])
@pytest.mark.parametrize("place", DEEP)
def test_large_mails_cost_in_proportion_too(place: str, run: str) -> None:
    assert place in PLACES
    _check(Hostile(place, run).mail(LARGE))
