"""`bounces classify`: diagnostics, one a line on standard input, and what each means."""

from __future__ import annotations

import json
import sys
from typing import Any

from bounces.patterns import NO_PATTERNS, Classifier
from bounces.records import BounceType, Verdict
from bounces_cli.diagnostics import Origin, report_of
from bounces_cli.errors import DONE, INCOMPLETE
from bounces_cli.lines import lines_of
from bounces_cli.pattern_files import read_set, tell_refused
from bounces_cli.plain import plain


def classify(patterns_path: str | None, origin: Origin, *, as_json: bool) -> int:
    """Judge each line of standard input, by the patterns in the file at `patterns_path` first; return the exit code.

    A line in is a line out, also where it is blank.
    """
    patterns, refused = read_set(patterns_path) if patterns_path else (NO_PATTERNS, ())
    tell_refused(refused)
    classifier = Classifier(patterns)
    for place, line in enumerate(lines_of(), start=1):
        verdict = classifier.classify(report_of(line, origin, place))
        sys.stdout.write(json.dumps(_row(line, verdict)) + "\n" if as_json else _words(line, verdict))
        if sys.stdout.isatty():
            sys.stdout.flush()
    return INCOMPLETE if refused else DONE


def outcome(verdict: Verdict) -> str:
    """Return what is done by `verdict`, in a word."""
    return "ignore" if verdict.ignore else verdict.bounce_type.value


def _row(line: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "diagnostic": line,
        "category": verdict.category,
        "bounce_type": None if verdict.bounce_type is BounceType.NONE else verdict.bounce_type,
        "ignore": verdict.ignore,
        "rule": verdict.rule,
        "layer": verdict.layer,
        "matched": verdict.matched,
        "reason": verdict.reason,
    }


def _words(line: str, verdict: Verdict) -> str:
    first = f"{outcome(verdict):<7} {verdict.category or '-':<20} {plain(verdict.rule or '-')}"
    return f"{first}\n        {plain(line)}\n        {plain(verdict.reason or '')}\n"
