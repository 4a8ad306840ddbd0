"""`bounces patterns`: a set of the operator's patterns, shown, tried, edited, and taken back."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from bounces.errors import PatternError
from bounces.patterns import OperatorPattern, Refused, default_policy, export_json, export_patterns
from bounces.patterns.edits import added, removed, set_enabled
from bounces.records import Report
from bounces_cli.diagnostics import Origin, reports_of_lines, reports_of_mails
from bounces_cli.errors import DONE, INCOMPLETE, CommandError
from bounces_cli.lines import STANDARD_INPUT
from bounces_cli.pattern_checks import change_row, change_words, confirm, summary, trial
from bounces_cli.pattern_files import read_set, read_text, tell_refused
from bounces_cli.pattern_places import NOTHING, Loaded, SetPlace, TablePlace, Wish, place_of
from bounces_cli.people import agree
from bounces_cli.plain import plain
from bounces_cli.problems import Problems
from bounces_cli.stacks import PATTERNS

Arguments = argparse.Namespace


def run(arguments: Arguments) -> int:
    """Do what the verb of `arguments` says, and return the exit code. Raises `CommandError`."""
    try:
        code: int = _VERBS[arguments.verb](arguments)
    except PatternError as error:
        raise CommandError(str(error)) from error
    return code


def _list(arguments: Arguments) -> int:
    loaded = _place(arguments).load()
    if arguments.as_json:
        rows = [{"number": n, "line": p.line, "enabled": p.enabled} for n, p in enumerate(loaded.patterns, start=1)]
        print(json.dumps({"version": loaded.version.number if loaded.version else None, "patterns": rows}, indent=1))
        return DONE
    if loaded.version is not None:
        print(f"version {loaded.version.name}, {loaded.version.at:%Y-%m-%d %H:%M} UTC, {plain(loaded.version.author)}")
    for number, pattern in enumerate(loaded.patterns, start=1):
        print(f"{number:>6}  {plain(pattern.line.strip())}")
    tell_refused(loaded.refused)
    return INCOMPLETE if loaded.refused else DONE


def _add(arguments: Arguments) -> int:
    place, loaded = _opened(arguments)
    patterns, refused = added(loaded.patterns, arguments.lines, arguments.at)
    what = f"added {len(patterns) - len(loaded.patterns)}"
    return _save(arguments, place, loaded, replace(loaded, patterns=patterns), what, refused)


def _remove(arguments: Arguments) -> int:
    place, loaded = _opened(arguments)
    patterns, gone = removed(loaded.patterns, arguments.which)
    after = replace(loaded, patterns=patterns)
    return _save(arguments, place, loaded, after, f"removed {len(gone)}", touched=gone)


def _switch(arguments: Arguments) -> int:
    place, loaded = _opened(arguments)
    patterns, switched = set_enabled(loaded.patterns, arguments.which, arguments.verb == "enable")
    after = replace(loaded, patterns=patterns)
    return _save(arguments, place, loaded, after, f"{arguments.verb}d {len(switched)}", touched=switched)


def _import(arguments: Arguments) -> int:
    place, loaded = _opened(arguments, to_replace=True)
    patterns, refused = read_set(arguments.source, as_json=arguments.as_json or None)
    if refused and not len(patterns):
        tell_refused(refused)
        raise CommandError("nothing was saved: every line is refused")
    if len(loaded.patterns) and not len(patterns) and not arguments.yes:
        name = "standard input" if arguments.source == STANDARD_INPUT else arguments.source
        print(f"bounces: {name}: there is no pattern in it", file=sys.stderr)
        agree(f"Take away the {len(loaded.patterns)} that are there?", "saved")
    after = replace(loaded, patterns=patterns, refused=())
    return _save(arguments, place, loaded, after, f"imported {len(patterns)}", refused)


def _export(arguments: Arguments) -> int:
    place = _place(arguments)
    if arguments.version is None:
        loaded = place.load()
    else:
        table = _table(place, "export --version")
        loaded = table.loaded(table.numbered(arguments.version))
    text = export_json(loaded.patterns) + "\n" if arguments.as_json else export_patterns(loaded.patterns)
    sys.stdout.buffer.write(text.encode())
    if loaded.version is not None:
        print(f"bounces: version {loaded.version.name} of {arguments.table or 'the table'}", file=sys.stderr)
    return DONE


def _test(arguments: Arguments) -> int:
    named = arguments.file or arguments.table or arguments.stack or os.environ.get(PATTERNS.variable)
    before = _place(arguments).load() if named else NOTHING
    if bool(arguments.lines) == bool(arguments.set) and not arguments.policy:
        raise CommandError("test takes either patterns or --set FILE, and --policy FILE")
    if arguments.set:
        patterns, refused = read_set(arguments.set)
    else:
        patterns, refused = added(before.patterns, arguments.lines, arguments.at)
    policy = before.policy_text if arguments.policy is None else read_text(arguments.policy)
    default_policy().overridden(policy or "")
    tell_refused(refused)
    if refused and len(refused) == len(arguments.lines):
        raise CommandError("there is nothing to test")
    problems = Problems()
    reports = _reports(arguments, problems, or_standard_input=True)
    after = replace(before, patterns=patterns, policy_text=policy)
    found = trial(before, after, reports)
    for change in found:
        print(json.dumps(change_row(change)) if arguments.as_json else change_words(change))
    if not arguments.as_json:
        print(summary(found, len(reports)))
    confirm(before, after, reports, yes=True)
    return INCOMPLETE if refused or problems.count else DONE


def _versions(arguments: Arguments) -> int:
    for version in _table(_place(arguments), "versions").versions():
        if arguments.as_json:
            row = {"number": version.number, "at": version.at.isoformat(), "author": version.author}
            row |= {"what": version.what, "why": version.why, "patterns": version.patterns}
            print(json.dumps(row))
        else:
            first = f"{version.number:>6}  {version.at:%Y-%m-%d %H:%M}  {plain(version.author)}"
            print(f"{first}  {plain(version.what)}, {version.patterns} patterns\n        {plain(version.why)}")
    return DONE


def _rollback(arguments: Arguments) -> int:
    place, loaded = _opened(arguments, to_replace=True)
    table = _table(place, "rollback")
    old = table.numbered(arguments.version)
    confirm(loaded, table.loaded(old), _reports(arguments, Problems()), yes=arguments.yes)
    print(table.restore(loaded, old, _wish(arguments)))
    return DONE


def _policy(arguments: Arguments) -> int:
    if arguments.source is None and not arguments.default:
        loaded = _table(_place(arguments), "policy").load()
        sys.stdout.write(loaded.policy_text or "")
        if loaded.policy_text is None:
            print("bounces: no policy is set: the built-in one holds", file=sys.stderr)
        return DONE
    place, loaded = _opened(arguments)
    _table(place, "policy")
    text = None if arguments.default else read_text(arguments.source)
    if text is not None and not text.strip():
        raise CommandError(f"{arguments.source}: there is nothing in it; --default takes the policy that is set back")
    return _save(arguments, place, loaded, replace(loaded, policy_text=text), "policy changed")


def _save(
    arguments: Arguments,
    place: SetPlace,
    before: Loaded,
    after: Loaded,
    what: str,
    refused: Iterable[Refused] = (),
    touched: Iterable[OperatorPattern] = (),
) -> int:
    """Save `after` in the place of `before`, after what has to be said and confirmed, and return the exit code.

    The patterns `touched` are shown, so that a person sees whether a number meant the right one.
    """
    told = tuple(refused)
    tell_refused(told)
    if (after.patterns.entries, after.policy_text) == (before.patterns.entries, before.policy_text):
        if told:
            raise CommandError("nothing was saved: every line is refused")
        print("nothing to change")
        return DONE
    confirm(before, after, _reports(arguments, Problems()), yes=arguments.yes)
    print(place.save(before, after.patterns, after.policy_text, _wish(arguments), what))
    for pattern in touched:
        print(f"  {plain(pattern.line.strip())}")
    return INCOMPLETE if told else DONE


def _opened(arguments: Arguments, *, to_replace: bool = False) -> tuple[SetPlace, Loaded]:
    """Return the place to be edited and what is in it, once it is known that an edit can be saved."""
    place = _place(arguments)
    loaded = place.load(to_replace=to_replace)
    place.check(loaded, _wish(arguments))
    tell_refused(loaded.refused)
    return place, loaded


def _place(arguments: Arguments) -> SetPlace:
    return place_of(arguments.file, arguments.table, arguments.stack)


def _table(place: SetPlace, verb: str) -> TablePlace:
    if not isinstance(place, TablePlace):
        raise CommandError(f"{verb} is for a table: a file has neither versions nor a policy")
    return place


def _wish(arguments: Arguments) -> Wish:
    return Wish(arguments.author, arguments.why, arguments.base)


def _reports(arguments: Arguments, problems: Problems, *, or_standard_input: bool = False) -> list[Report]:
    """Return the reports that the arguments name."""
    paths = list(arguments.diagnostics)
    if or_standard_input and not paths and not arguments.mails:
        if sys.stdin.isatty():
            raise CommandError("nothing to test on: --diagnostics FILE, --mails PATH, or diagnostics on standard input")
        paths = [STANDARD_INPUT]
    origin = Origin(arguments.recipient, arguments.remote_mta)
    lines = chain.from_iterable(reports_of_lines(path, origin) for path in paths)
    return [*lines, *reports_of_mails(arguments.mails, problems)]


_VERBS = {
    "list": _list,
    "add": _add,
    "remove": _remove,
    "enable": _switch,
    "disable": _switch,
    "import": _import,
    "export": _export,
    "test": _test,
    "versions": _versions,
    "rollback": _rollback,
    "policy": _policy,
}
