"""Reading and writing an operator's patterns, as text and as JSON.

    [off:] [@SCOPE] TEXT==>Hard | Soft | Ignore [:CATEGORY]
    [off:] [@SCOPE] regex:EXPRESSION==>...

One pattern a line, the first that matches wins. `#` starts a comment line. A TEXT that begins with `#`, `@`, `off:`,
`regex:` or a backslash is written with a backslash in front. What is read is exported again to the letter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import re2

from bounces.errors import PatternError, shown
from bounces.patterns.normal import folded
from bounces.patterns.operator_patterns import (
    MAX_CHARACTERS,
    MAX_EXPRESSIONS,
    MAX_PATTERNS,
    MAX_TEXT,
    OperatorPattern,
    OperatorPatterns,
    Outcome,
    Refused,
    Remark,
    version_of,
)
from bounces.patterns.policy import categories
from bounces.patterns.scopes import is_scope

ARROW: Final = "==>"
OFF: Final = "off:"
REGEX: Final = "regex:"
ESCAPE: Final = "\\"
JSON_VERSION: Final = 1
MAX_EXPRESSION_MEMORY: Final = 1 << 20  # bytes of one compiled expression; RE2 refuses what needs more
_OUTCOMES: Final = {outcome.value.lower(): outcome for outcome in Outcome}


def parse_patterns(text: str, version: str | None = None) -> tuple[OperatorPatterns, tuple[Refused, ...]]:
    """Return the patterns that `text` holds, and the lines that are refused, each with its number and the reason.

    A line that cannot be used does not keep the others from being read. Without a `version`, one is made of `text`.
    """
    return _read(text.split("\n"), version or version_of(text))


def export_patterns(patterns: OperatorPatterns) -> str:
    """Return `patterns` as text; `parse_patterns` gives the same set from it, and the text it came from is the same."""
    return "\n".join(entry.line for entry in patterns.entries)


def export_json(patterns: OperatorPatterns) -> str:
    """Return `patterns` as JSON: every line to the letter, and beside it what it says."""
    return json.dumps({"version": JSON_VERSION, "patterns": [_as_json(entry) for entry in patterns.entries]}, indent=1)


def import_json(text: str, version: str | None = None) -> tuple[OperatorPatterns, tuple[Refused, ...]]:
    """Return what `export_json` wrote. `line` is what counts. Raises `PatternError` where it is no such JSON."""
    try:
        table = json.loads(text)
        if table["version"] != JSON_VERSION:
            raise PatternError(f"patterns in JSON of version {shown(table['version'])}; known is {JSON_VERSION}")
        lines = [entry["line"] for entry in table["patterns"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PatternError('patterns in JSON are {"version": 1, "patterns": [{"line": "..."}]}') from error
    if not all(isinstance(line, str) and "\n" not in line for line in lines):
        raise PatternError("a pattern in JSON has its one line, a text, as `line`")
    return _read(lines, version or version_of("\n".join(lines)))


def switched(pattern: OperatorPattern, enabled: bool) -> OperatorPattern:
    """Return `pattern` on or off, its line changed to say so."""
    if enabled == pattern.enabled:
        return pattern
    line = pattern.line.strip().removeprefix(OFF).strip() if enabled else f"{OFF} {pattern.line.strip()}"
    return pattern._replace(line=line, enabled=enabled)


def parse_line(line: str) -> OperatorPattern | Remark:
    """Return what one line says. Raises `PatternError` with the reason where it is no pattern."""
    if not line.isascii() and any(0xD800 <= ord(character) <= 0xDFFF for character in line):
        raise PatternError("it holds half a character (a lone surrogate), which no text in UTF-8 can")
    rest = line.strip().removeprefix("\ufeff").lstrip()
    if not rest or rest.startswith("#"):
        return Remark(line)
    enabled = not rest.startswith(OFF)
    rest = rest.removeprefix(OFF).lstrip()
    scope, rest = _scope(rest)
    text, arrow, decision = rest.rpartition(ARROW)
    if not arrow:
        raise PatternError(f"no {ARROW} in it; a pattern is TEXT{ARROW}Hard, {ARROW}Soft or {ARROW}Ignore")
    outcome, category = _decision(decision.strip())
    is_expression = text.startswith(REGEX)
    text = text.removeprefix(REGEX).strip() if is_expression else text.strip().removeprefix(ESCAPE)
    _check_text(text, is_expression)
    return OperatorPattern(line, text, outcome, category, scope, is_expression, enabled)


def expression_options(memory: int = MAX_EXPRESSION_MEMORY) -> Any:
    """Return how RE2 reads an expression: case ignored, nothing written to the error output."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    return options


def _read(lines: Iterable[str], version: str) -> tuple[OperatorPatterns, tuple[Refused, ...]]:
    entries: list[OperatorPattern | Remark] = []
    refused: list[Refused] = []
    seen: dict[tuple[object, ...], int] = {}
    patterns = expressions = characters = 0
    for number, line in enumerate(lines, start=1):
        try:
            entry = parse_line(line)
            if isinstance(entry, OperatorPattern):
                _check_new(entry, seen, number)
                _check_room(patterns, expressions + entry.is_expression, characters + len(entry.text))
                seen[_sameness(entry)] = number
                patterns += 1
                expressions += entry.is_expression
                characters += len(entry.text)
            entries.append(entry)
        except PatternError as error:
            refused.append(Refused(number, line, str(error)))
    return OperatorPatterns(tuple(entries), version), tuple(refused)


def _scope(rest: str) -> tuple[str | None, str]:
    if not rest.startswith("@"):
        return None, rest
    scope, _, rest = rest.partition(" ")
    scope = scope.lower()
    if not is_scope(scope):
        raise PatternError(f"{shown(scope)} is no scope; one is @example.com, @*.example.com or @mx:*.example.com")
    return scope, rest.lstrip()


def _decision(decision: str) -> tuple[Outcome, str | None]:
    word, colon, category = decision.partition(":")
    outcome = _OUTCOMES.get(word.strip().lower())
    category = category.strip().lower()
    if outcome is None:
        raise PatternError(f"{shown(decision)} is no decision; one is Hard, Soft or Ignore")
    if colon and (category not in categories()):
        raise PatternError(f"{shown(category)} is no category; one is {', '.join(categories())}")
    return outcome, category or None


def _check_text(text: str, is_expression: bool) -> None:
    if len(text) > MAX_TEXT:
        raise PatternError(f"{len(text)} characters; a pattern has at most {MAX_TEXT}")
    if not is_expression:
        if not folded(text):
            raise PatternError("its text is empty, so every diagnostic would match")
        return
    if not text:
        raise PatternError("its expression is empty, so every diagnostic would match")
    try:
        compiled = re2.compile(text, expression_options())
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else error
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"no expression in RE2's syntax: {shown(said)}") from error
    if compiled.search("") is not None:
        raise PatternError("its expression matches an empty text, so every diagnostic would match")


def _sameness(pattern: OperatorPattern) -> tuple[object, ...]:
    text = pattern.text if pattern.is_expression else folded(pattern.text)
    return pattern.scope, pattern.is_expression, text


def _check_new(pattern: OperatorPattern, seen: dict[tuple[object, ...], int], number: int) -> None:
    first = seen.get(_sameness(pattern))
    if first is not None:
        raise PatternError(f"the same as line {first}, which wins; remove one of the two (this is line {number})")


def _check_room(patterns: int, expressions: int, characters: int) -> None:
    if patterns >= MAX_PATTERNS:
        raise PatternError(f"a set has at most {MAX_PATTERNS} patterns")
    if expressions > MAX_EXPRESSIONS:
        raise PatternError(f"a set has at most {MAX_EXPRESSIONS} expressions (regex:); write others as plain text")
    if characters > MAX_CHARACTERS:
        raise PatternError(f"a set has at most {MAX_CHARACTERS} characters")


def _as_json(entry: OperatorPattern | Remark) -> dict[str, Any]:
    if isinstance(entry, Remark):
        return {"line": entry.line}
    said = {
        "line": entry.line,
        "text": entry.text,
        "regex": entry.is_expression,
        "scope": entry.scope,
        "outcome": entry.outcome.value,
        "category": entry.category,
        "enabled": entry.enabled,
    }
    return {name: value for name, value in said.items() if value is not None}
