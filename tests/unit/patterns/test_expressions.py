"""An expression says the same of a text in ASCII, compiled for that, as compiled for any text."""

import pytest

from bounces.knowledge import starts_of
from bounces.patterns.expressions import Expression
from bounces.patterns.normal import text_of
from bounces.patterns.rules import Rule, built_in_rules

RULES = [rule for rule in built_in_rules() if rule.is_expression]
SAMPLES = [text for text in (text_of(sample) for rule in RULES for sample in rule.samples) if text.folded.isascii()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_built_in_expression_matches_in_ascii_where_it_does_in_any_text(rule: Rule) -> None:
    expression = Expression(rule.text, is_folded=True, starts=starts_of(rule.text))
    own = [text for text in map(text_of, rule.samples) if text.folded.isascii()]
    for text in (*own, *SAMPLES[::40]):
        any_text = expression._compile().finditer(text.folded)
        assert list(expression.places(text)) == [m.span() for m in any_text]


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("USER unknown", "550 user Unknown", (4, 16)),
        (r"stra(ß|ss)e\b", "550 strasse", (4, 11)),
        (r"stra(ß|ss)e\b", "550 STRASSE", (4, 11)),
        (r"straße", "550 straße voll", (4, 10)),
        (r"(?i)quota", "boîte: QUOTA", (7, 12)),
        (r"[^x]full", "é full", (1, 6)),
        (r"full", "empty", None),
        (r"voll", "leér", None),
    ],
)
def test_an_operators_expression_is_found_whatever_the_case_and_the_letters(
    expression: str, text: str, found: tuple[int, int] | None
) -> None:
    assert Expression(expression).search(text) == found
