"""The operator's own syntax: what is read, what is refused and why, what decides, and the way back to text."""

import json

import pytest

from bounces.errors import PatternError
from bounces.patterns import (
    NO_PATTERNS,
    Classifier,
    OperatorPattern,
    export_json,
    export_patterns,
    import_json,
    parse_patterns,
)
from bounces.patterns.operator_patterns import MAX_EXPRESSIONS, MAX_TEXT
from bounces.patterns.operator_syntax import switched
from bounces.records import BounceType
from tests.unit.patterns.reports import report_of

ALL_FORMS = """# the operator's patterns
550 5.7.1 Unfortunately, messages from==>Hard

  over quota ==> soft
out of office==>IGNORE
no such person==>Hard:bad-mailbox
closed for good==>Hard: inactive-mailbox
@example.com try again==>Soft:policy-related
@*.example.org   gone==>Hard
@mx:*.outlook.com mailbox unavailable==>Soft
regex:user [0-9]+ (is )?unknown==>Hard:bad-mailbox
@mx:mx1.example.net regex:rate.{0,20}exceeded==>Soft
off: never mind==>Hard
off: @example.com regex:^550 x==>Hard
\\# not a comment==>Soft
\\regex:not an expression==>Soft
a==>b==>Soft
"""


def _only(line: str) -> OperatorPattern:
    patterns, refused = parse_patterns(line)
    assert refused == ()
    return next(iter(patterns))


def _decides(text: str, diagnostic: str, **fields: object) -> str | None:
    patterns, refused = parse_patterns(text)
    assert refused == ()
    verdict = Classifier(patterns).classify(report_of(diagnostic, **fields))
    return verdict.rule if verdict.layer == "operator" else None


@pytest.mark.parametrize(
    ("line", "text", "outcome", "category", "scope", "is_expression", "enabled"),
    [
        ("550 5.7.1 messages from==>Hard", "550 5.7.1 messages from", "Hard", None, None, False, True),
        ("  over  quota ==> soft", "over  quota", "Soft", None, None, False, True),
        ("x==>Ignore", "x", "Ignore", None, None, False, True),
        ("x==>Hard:bad-mailbox", "x", "Hard", "bad-mailbox", None, False, True),
        ("x==>Soft: Quota-Issues", "x", "Soft", "quota-issues", None, False, True),
        ("@Example.com x y==>Soft", "x y", "Soft", None, "@example.com", False, True),
        ("@mx:*.outlook.com x==>Soft", "x", "Soft", None, "@mx:*.outlook.com", False, True),
        ("regex:a.+b==>Soft", "a.+b", "Soft", None, None, True, True),
        ("off: @example.com regex:a==>Soft", "a", "Soft", None, "@example.com", True, False),
        ("\\@example.com==>Soft", "@example.com", "Soft", None, None, False, True),
        ("a==>b==>Soft", "a==>b", "Soft", None, None, False, True),
        ("x==>Hard\r", "x", "Hard", None, None, False, True),
    ],
)  # fmt: skip
def test_what_a_line_says(
    line: str, text: str, outcome: str, category: str | None, scope: str | None, is_expression: bool, enabled: bool
) -> None:
    pattern = _only(line)
    assert (pattern.text, pattern.outcome, pattern.category) == (text, outcome, category)
    assert (pattern.scope, pattern.is_expression, pattern.enabled) == (scope, is_expression, enabled)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no arrow here", "no ==> in it"),
        ("==>Hard", "empty"),
        ("   ==>Hard", "empty"),
        ("regex:==>Hard", "empty"),
        ("x==>Harder", "no decision"),
        ("x==>", "no decision"),
        ("x==>Hard:worse", "no category"),
        ("x==>Hard:", "no category"),
        ("regex:(a==>Hard", "RE2"),
        ("regex:(?=a)b==>Hard", "RE2"),
        ("regex:(a)\\1==>Hard", "RE2"),
        ("regex:((a{500}){500}){500}==>Hard", "RE2"),
        ("regex:a*==>Hard", "empty text"),
        ("x" * (MAX_TEXT + 1) + "==>Hard", f"at most {MAX_TEXT}"),
        ("@ x==>Hard", "no scope"),
        ("@exa mple x==>Hard", None),
        ("@mx:*outlook.com x==>Hard", "no scope"),
        ("@example.com==>Hard", "no scope"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_with_its_number_and_reason(line: str, reason: str | None) -> None:
    patterns, refused = parse_patterns(f"# first\n{line}\nkept==>Soft\n")
    if reason is None:
        assert refused == ()
        return
    assert [(line_refused.number, line_refused.line) for line_refused in refused] == [(2, line)]
    assert reason in refused[0].reason
    assert [pattern.text for pattern in patterns] == ["kept"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Over Quota==>Soft", "over   quota==>Hard", True),
        ("550-5.1.1 gone==>Soft", "550 5.1.1 gone==>Hard", True),
        ("gone==>Soft", "off: gone==>Soft", True),
        ("gone==>Soft", "@example.com gone==>Soft", False),
        ("gone==>Soft", "regex:gone==>Soft", False),
    ],
)
def test_the_same_pattern_twice_is_refused(first: str, second: str, same: bool) -> None:
    _, refused = parse_patterns(f"{first}\n{second}")
    assert [r.number for r in refused] == ([2] if same else [])
    assert all("the same as line 1" in r.reason for r in refused)


def test_more_expressions_than_the_limit_are_refused_and_the_others_kept() -> None:
    lines = [f"regex:word{n}x+==>Soft" for n in range(MAX_EXPRESSIONS + 2)] + ["kept==>Soft"]
    patterns, refused = parse_patterns("\n".join(lines))
    assert [r.number for r in refused] == [MAX_EXPRESSIONS + 1, MAX_EXPRESSIONS + 2]
    assert len(patterns) == MAX_EXPRESSIONS + 1


@pytest.mark.parametrize("text", [ALL_FORMS, ALL_FORMS.strip(), ALL_FORMS.replace("\n", "\r\n"), "", "\n\n", "# x"])
def test_text_and_json_round_trip_to_the_letter(text: str) -> None:
    patterns, refused = parse_patterns(text)
    assert refused == ()
    assert export_patterns(patterns) == text
    again, refused = import_json(export_json(patterns))
    assert refused == ()
    assert export_patterns(again) == text
    assert tuple(again) == tuple(patterns)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 2, "patterns": []}', '{"version": 1, "patterns": [{}]}',
     '{"version": 1, "patterns": [{"line": 1}]}', '{"version": 1, "patterns": [{"line": "a\\nb==>Soft"}]}'],
)  # fmt: skip
def test_json_that_is_no_set_is_an_error(text: str) -> None:
    with pytest.raises(PatternError):
        import_json(text)


def test_json_says_beside_each_line_what_it_means() -> None:
    patterns, _ = parse_patterns("off: @mx:*.example.com regex:a+b==>Hard:bad-mailbox")
    assert json.loads(export_json(patterns))["patterns"] == [
        {
            "line": "off: @mx:*.example.com regex:a+b==>Hard:bad-mailbox",
            "text": "a+b", "regex": True, "scope": "@mx:*.example.com", "outcome": "Hard", "category": "bad-mailbox",
            "enabled": False,
        }
    ]  # fmt: skip


def test_a_pattern_is_switched_off_and_on_again() -> None:
    pattern = _only("  gone ==>Hard")
    off = switched(pattern, False)
    assert _only(off.line) == off
    assert not off.enabled
    assert switched(off, True).line == "gone ==>Hard"
    assert switched(off, False) is off


@pytest.mark.parametrize(
    ("text", "diagnostic", "fields", "decides"),
    [
        ("Unfortunately, MESSAGES   from==>Hard", "550 5.7.1 unfortunately,\tmessages\u00a0from x", {}, "operator.1"),
        ("550 5.1.1 gone away==>Hard", "550-5.1.1 gone\r\n550 5.1.1 away", {}, "operator.1"),
        ("550-5.1.1 gone==>Hard", "550 5.1.1 gone", {}, "operator.1"),
        ("doesn't exist==>Hard", "it doesn\u2019t exist", {}, "operator.1"),
        ("straße==>Soft", "STRASSE", {}, "operator.1"),
        ("ban==>Soft", "urban", {}, "operator.1"),
        ("ban==>Soft", "<ban@example.com>", {}, "operator.1"),
        ("off: gone==>Hard", "gone", {}, None),
        ("first one==>Soft\none==>Hard", "the first one", {}, "operator.1"),
        ("one==>Hard\nfirst one==>Soft", "the first one", {}, "operator.1"),
        ("absent==>Hard\nregex:fir.t one==>Soft\nfirst==>Hard", "the first one", {}, "operator.2"),
        ("first==>Hard\nregex:fir.t one==>Soft", "the first one", {}, "operator.1"),
        ("# c\n\nregex:^550 .* one$==>Soft", "550 the First one", {}, "operator.1"),
        ("regex:[0-9]{3}-[a-f]==>Soft", "see 123-c", {}, "operator.1"),
        ("regex:(foo|bar) ?baz==>Soft", "FOOBAZ", {}, "operator.1"),
        ("@example.com gone==>Hard", "gone", {"recipient": "a@EXAMPLE.com"}, "operator.1"),
        ("@example.com gone==>Hard", "gone", {"recipient": "a@mail.example.com"}, None),
        ("@*.example.com gone==>Hard", "gone", {"recipient": "a@mail.example.com"}, "operator.1"),
        ("@*.example.com gone==>Hard", "gone", {"recipient": "a@example.com"}, None),
        ("@example.com gone==>Hard", "gone", {"recipient": "b@x.example", "addressee": "a@example.com"}, "operator.1"),
        ("@example.com gone==>Hard", "gone", {"recipient": None}, None),
        ("@mx:*.outlook.com gone==>Hard", "gone", {"remote_mta": "a-b.mail.protection.Outlook.com"}, "operator.1"),
        ("@mx:*.outlook.com gone==>Hard", "gone", {"remote_mta": "dns; x.outlook.com (192.0.2.1)"}, "operator.1"),
        ("@mx:*.outlook.com gone==>Hard", "gone", {"remote_mta": "outlook.com.example.net"}, None),
        ("@mx:mx.example.com gone==>Hard", "gone", {"remote_mta": "mx.example.com"}, "operator.1"),
        ("@a.example x==>Hard\n@b.example x==>Soft\nx==>Ignore", "x", {"recipient": "x@b.example"}, "operator.2"),
        ("@a.example x==>Hard\n@b.example x==>Soft\nx==>Ignore", "x", {"recipient": "x@c.example"}, "operator.3"),
        ("@a.example regex:go+ne==>Hard", "gone", {"recipient": "x@b.example"}, None),
        ("@a.example regex:go+ne==>Hard\nregex:gon+e==>Soft", "gone", {"recipient": "x@b.example"}, "operator.2"),
    ],
)  # fmt: skip
def test_which_pattern_decides(text: str, diagnostic: str, fields: dict[str, object], decides: str | None) -> None:
    assert _decides(text, diagnostic, **fields) == decides


@pytest.mark.parametrize(
    ("line", "category", "bounce_type", "ignore"),
    [
        ("user unknown==>Soft", "bad-mailbox", BounceType.SOFT, False),
        ("user unknown==>Soft:policy-related", "policy-related", BounceType.SOFT, False),
        ("user unknown==>Ignore", "bad-mailbox", BounceType.HARD, True),
        ("450 4.1.1==>Hard", "bad-mailbox", BounceType.HARD, False),
        ("450==>Hard:bad-domain", "bad-domain", BounceType.HARD, False),
    ],
)
def test_the_operator_wins_over_everything(line: str, category: str, bounce_type: BounceType, ignore: bool) -> None:
    transient = line.startswith("450")
    patterns, _ = parse_patterns(line)
    said = "450 4.1.1 <a@example.com>: user unknown" if transient else "550 5.1.1 <a@example.com>: user unknown"
    verdict = Classifier(patterns).classify(report_of(said))
    assert (verdict.category, verdict.bounce_type, verdict.ignore) == (category, bounce_type, ignore)


@pytest.mark.parametrize(
    "line", ["\ud800 x==>Hard", "regex:\ud800+==>Hard", "\x00==>Hard", "ﷺ==>Soft", "\u200b==>Hard"]
)
def test_no_line_raises(line: str) -> None:
    patterns, _ = parse_patterns(line)
    assert Classifier(patterns).classify(report_of("550 5.1.1 x")).reason


def test_the_same_text_makes_the_same_version_and_none_is_needed() -> None:
    assert parse_patterns("a==>Soft")[0].version == parse_patterns("a==>Soft")[0].version
    assert parse_patterns("a==>Soft")[0].version != parse_patterns("a==>Hard")[0].version
    assert parse_patterns("a==>Soft", version="17")[0].version == "17"
    assert NO_PATTERNS.version is None
    assert len(NO_PATTERNS) == 0
