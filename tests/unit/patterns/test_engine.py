"""The matcher: that nothing is missed for speed, and that no pattern or text makes it slow."""

import time

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from bounces.atoms import possible_starts, required_words
from bounces.patterns import Classifier, parse_patterns
from bounces.patterns.expressions import Expression, ExpressionSet
from bounces.patterns.normal import is_in_address, normal, text_of
from bounces.patterns.operator_syntax import expression_options
from bounces.patterns.rules import built_in_rules
from bounces.patterns.words import Words
from tests.unit.patterns.reports import report_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550-5.1.1 one\r\n550-5.1.1 two\r\n550 5.1.1 three", "550 5.1.1 one two three"),
        ("550-one\r\n550-two\r\n550 three", "550 one two three"),
        ("said: 550-5.1.1 one 550 5.1.1 two (in reply)", "said: 550 5.1.1 one two (in reply)"),
        ("554 554 5.7.1 one", "554 554 5.7.1 one"),
        ("ref 201-14 and 555-1234", "ref 201-14 and 555-1234"),
        ("550 5.1.1 a 552 5.2.2 b", "550 5.1.1 a 552 5.2.2 b"),
        (" a\t b\u00a0\u3000c\n", "a b c"),
        ("doesn\u2019t \u201cexist\u201d", 'doesn\'t "exist"'),
        ("zero\u200bwidth soft\u00adhyphen", "zerowidth softhyphen"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
    ],
)
def test_one_form_for_what_reads_the_same(text: str, shown: str) -> None:
    assert normal(text) == shown
    assert normal(shown) == shown


@pytest.mark.parametrize(
    ("text", "is_within"),
    [
        ("to <spam@b.c> and more", True),
        ("to a@spam.example;", True),
        ("a@spam@c", True),
        ("(x+spam=z@example.com)", True),
        ("a@b.c:spam", False),
        ("spam <a@b.c>", False),
        ("a@b.c spam", False),
        ("spam @", False),
        ("antispam", False),
        ("spam", False),
        ("a@b.c, spam, d@e.f", False),
        ("a@b.c、spam。d@e.f", False),
        ("「a@b.c」spam", False),
    ],
)
def test_words_within_an_address_are_told_from_others(text: str, is_within: bool) -> None:
    start = text.find("spam")
    assert is_in_address(text, start, start + len("spam")) is is_within


def test_words_of_any_letters_are_seen_by_their_numbers() -> None:
    words = Words(["unknown", "неизвест", "know"])
    assert [words.number_of(word) for word in ("不存在", "know", "full", "不存在")] == [3, 2, 4, 3]
    words.seal()
    assert words.seen_in("unknown") == {0, 2}
    assert words.seen_in("mailbox full: адрес неизвестен, 不存在") == {1, 3, 4}
    assert words.seen_in("адрес") == set()
    of_one_kind = Words(["不存在"])
    of_one_kind.seal()
    assert of_one_kind.seen_in("unknown") == set()
    assert of_one_kind.seen_in("不存在") == {0}


def test_words_across_the_end_of_an_address_are_not_within_it() -> None:
    assert not is_in_address("no@user unknown", 3, 15)
    assert not is_in_address("<a@b>user", 3, 9)


@pytest.mark.parametrize(
    ("expression", "ways"),
    [
        ("user unknown", [["user unknown"]]),
        (r"code \d+ at HOST\.example", [[" at host.example", "code "]]),
        ("abcd?efgh", [["abcdefgh|abcefgh"]]),
        ("abcde*", [["abcd"]]),
        ("abcd+efgh", [["efgh", "abc"]]),
        ("abc{2}defg", [["defg"]]),
        ("ab{cd|ef}gh", [["ab{cd|ef}gh"]]),  # a brace that counts nothing is a brace
        ("(abcd)?efgh", [["efgh"]]),
        ("abcd|efgh", [["abcd|efgh"]]),
        ("mail ?box (full|closed)", [["mail box full|mail box closed|mailbox full|mailbox closed"]]),
        ("(user.*unknown|no.*(mailbox|account))", [["unknown", "user"], ["account|mailbox"]]),
        ("virus|viruses", [["virus"]]),
        ("[abcde]efgh[^]x]ijkl", [["ijkl", "efgh"]]),
        ("recogni[sz]ed", [["recognised|recognized"]]),
        (r"\bword\b.{0,9}\x41\x{42}more", [["word", "more"]]),
        (r"\p{Greek}word\pLnext", [["word", "next"]]),
        ("(?i:x)(a(b)c)tail[[:alpha:]]end!", [["xabctail", "end!"]]),
        ("straße", [["stra"]]),
        ("(?P<name>called) this", [["called this"]]),
        ("(?i)flags", [["flags"]]),
        ("<>", [["<>"]]),
        ("已满", [["已满"]]),
        ("abcd.*|x", []),
        ("(abcd|.)", []),
        (r"\Qliteral\E", []),
        ("ab", []),
        ("(" * 60 + "deep" + ")" * 60, []),
    ],
)  # fmt: skip
def test_the_words_that_an_expression_needs(expression: str, ways: list[list[str]]) -> None:
    expected = {tuple(frozenset(clause.split("|")) for clause in way) for way in ways}
    assert set(required_words(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "starts"),
    [
        ("user unknown", {"user"}),
        (r"\b(User|mail ?box)es\b|no\b.*such", {"user", "mail", "no"}),
        ("(un)?known( user)?", {"unkn", "know"}),
        ("(not )?(available|here.*)", {"not ", "avai", "here"}),
        ("(ab|abandoned)+", {"ab"}),
        ("ab{2,}c|no{1}t", {"ab", "no"}),
        ("abc|d{2}", set()),  # one letter is too short
        ("[abc][def][ghi]x", set()),  # too many
        (r"(^|[^n] )from|found", set()),
        ("x*yes", set()),
        (".full", set()),
        ("(over)?", set()),
        ("", set()),
        (r"\Qliteral\E", set()),
        ("over(", set()),
    ],
)
def test_what_an_expressions_matches_can_begin_with(expression: str, starts: set[str]) -> None:
    assert possible_starts(expression) == starts


_PIECES = st.sampled_from(
    ["user", "Mail", "550", ".", "\\.", "\\d", "\\w+", ".{0,3}", "[a-z]", "[^x]", "(un)?", "(a|known)", "x*", "y+",
     "e?", "é", "|", "?", "(?:un|not )known", "[sz]", "{",
     "}", "K", "ſ", " ", "\\b", "^", "$", "(?i)", "(?:ab)", "z{2}", "\\x41", "q{1,2}", "-", "\\-", "\\s"]
)  # fmt: skip


@given(st.lists(_PIECES, min_size=1, max_size=8), st.lists(_PIECES, max_size=8))
def test_every_expression_is_found_by_its_words_and_starts_where_it_is_without_them(
    pieces: list[str], more: list[str]
) -> None:
    expression = "".join(pieces)
    try:
        compiled = re2.compile(expression, expression_options())
    except re2.error:
        return
    plain = "".join(pieces).replace("\\", "").replace("{2}", "z").replace("?", "").replace("|", "") + "".join(more)
    text = text_of(plain)
    if compiled.search(text.shown):
        ways = required_words(expression)
        assert not ways or any(all(any(word in text.folded for word in c) for c in way) for way in ways)
    starts = sorted(possible_starts(expression))
    places = [found.span() for found in compiled.finditer(text.folded)]
    assert list(Expression(expression, starts=starts).places(text)) == places
    assert Expression(expression, starts=starts).search(text.folded) == (places[0] if places else None)


def test_no_rule_that_stands_in_a_text_is_left_aside_for_its_words() -> None:
    classifier, rules = Classifier(), built_in_rules()
    expressions = {
        n: re2.compile(rule.text, expression_options()) for n, rule in enumerate(rules) if rule.is_expression
    }
    texts = [text for rule in rules for text in (*rule.samples, rule.near_miss) if text]
    for sample in texts:
        text, seen = classifier.read(report_of(sample))
        met = {found.number for found in classifier.rules_met(seen, text)}
        for number, expression in expressions.items():
            if rules[number].provider is None and not rules[number].weak:
                spans = [found.span() for found in expression.finditer(text.folded)]
                assert (number in met) == any(not is_in_address(text.folded, *span) for span in spans), sample


def test_expressions_found_together_are_those_found_alone() -> None:
    expressions = [f"word{n}.{{0,30}}(end|stop) {n % 7}" for n in range(300)]
    together = ExpressionSet(expressions)
    text = "word17 and then end 3 word18 stop 4 word19 end 0"
    alone = [n for n, e in enumerate(expressions) if re2.search(e, text)]
    assert sorted(together.matching(text)) == alone == [17, 18]


def test_a_set_too_large_for_its_memory_is_split_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bounces.patterns.expressions.MAX_SET_MEMORY", 40_000)
    expressions = [f"a{n}[a-z]{{2,9}}b" for n in range(120)]
    together = ExpressionSet(expressions)
    assert len(together._sets) > 1
    assert [together.matching(f"a{n}xyzb") for n in range(120)] == [
        [m for m in range(120) if re2.search(expressions[m], f"a{n}xyzb")] for n in range(120)
    ]


def test_many_expressions_with_the_same_words_are_all_tried_in_their_order() -> None:
    lines = [f"regex:same words [0-9]+ number {n} end==>Soft" for n in range(60)]
    classifier = Classifier(parse_patterns("\n".join(lines))[0])
    assert classifier.classify(report_of("same words 5 number 59 end")).rule == "operator.60"
    assert classifier.classify(report_of("same words 5 number 7 end, same words 6 number 3 end")).rule == "operator.4"


def test_expressions_whose_words_many_share_are_found_where_others_are_too() -> None:
    lines = [f"regex:user [0-9]{{{n + 1}}} unknown==>Soft" for n in range(60)] + [
        "regex:user [a-z]{3} rare words==>Soft"
    ]
    classifier = Classifier(parse_patterns("\n".join(lines))[0])
    assert classifier.classify(report_of(f"user {'7' * 40} unknown")).rule == "operator.40"
    assert classifier.classify(report_of("user abc rare words")).rule == "operator.61"
    assert classifier.classify(report_of(f"user abc rare words, user {'7' * 60} unknown")).rule == "operator.60"
    assert classifier.classify(report_of("user seven unknown")).layer != "operator"


def test_thousands_of_patterns_decide_as_few_do() -> None:
    lines = [f"reason {n} of many==>{'Hard' if n % 2 else 'Soft'}" for n in range(5000)]
    classifier = Classifier(parse_patterns("\n".join(lines))[0])
    for n in (0, 1, 17, 4999):
        verdict = classifier.classify(report_of(f"550 5.7.1 reason {n} of many"))
        assert (verdict.rule, verdict.bounce_type) == (f"operator.{n + 1}", "hard" if n % 2 else "soft")
    assert classifier.classify(report_of("550 5.7.1 reason 5000 of many")).layer == "status"


HOSTILE = [
    "(a+)+$",
    "(a|aa)+$",
    "(.*a){20}",
    "(x+x+)+y",
    "a{0,500}a{0,400}b",
    "([a-zA-Z]+)*$z",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
]


def _slowest(classifier: Classifier, texts: list[str]) -> float:
    times = []
    for text in texts:
        begun = time.perf_counter()
        classifier.classify(report_of(text, status=None, reply_code=None))
        times.append(time.perf_counter() - begun)
    return max(times)


def test_patterns_and_texts_made_to_explode_a_backtracking_engine_cost_little() -> None:
    patterns, refused = parse_patterns(
        "\n".join(f"regex:{expression}==>Soft" for expression in HOSTILE if "*$z" not in expression)
    )
    assert refused == ()
    classifier = Classifier(patterns)
    texts = ["a" * 1999 + "!", "x" * 2000, "aA" * 1000, "a" * 1000 + "b" * 1000]
    classifier.classify(report_of("a"))
    # A backtracking engine takes longer than the age of the world for any of them.
    assert _slowest(classifier, texts) < 0.5


def test_texts_that_repeat_what_rules_look_for_cost_little() -> None:
    texts = [
        "mailbox is over the " * 100,
        "550-5.1.1 " * 200,
        "a@" * 1000,
        "user unknown " * 150,
        "1.1.1.1 " * 250,
        "(<" * 1000,
    ]
    assert _slowest(Classifier(), texts) < 0.5
