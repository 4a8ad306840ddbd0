"""What every argument of the command takes, whichever verb has it."""

import argparse
import re
from collections.abc import Iterator

import pytest

from bounces_cli import main, push_arguments, stacks
from bounces_cli.integration.wish import TOKEN_VARIABLE
from bounces_cli.scan_logins import PASSWORD_VARIABLE

PATHS = {"FILE", "FOLDER", "MAILBOX", "PATH"}
LATIN_1 = "caf\udce9"  # as Python has the bytes of a command line that are no UTF-8


def described(given: list[str]) -> Iterator[tuple[argparse.ArgumentParser, argparse.Action]]:
    """Yield the arguments that the command has where its line begins so, each with the parser it is of."""
    waiting: list[argparse.ArgumentParser] = [main._parser(given)]
    for parser in waiting:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                waiting += action.choices.values()
            elif action.nargs != 0:
                yield parser, action


LINES = [[verb] for verb in main._VERBS] + [["push", verb] for verb in push_arguments.OWN_VERBS]
TAKING = {
    f"{parser.prog} {action.option_strings[-1] if action.option_strings else action.dest}": (parser, action)
    for line in LINES
    for parser, action in described(line)
}


@pytest.mark.parametrize("name", TAKING)
def test_a_path_may_have_any_bytes_and_nothing_else_may(name: str) -> None:
    parser, action = TAKING[name]
    if action.metavar in PATHS:
        assert parser._get_value(action, LATIN_1) == LATIN_1
    else:
        with pytest.raises(argparse.ArgumentError):
            parser._get_value(action, LATIN_1)
            parser._check_value(action, LATIN_1)


def test_help_names_the_variables_that_are_read() -> None:
    named = {
        variable for _, action in TAKING.values() for variable in re.findall(r"BOUNCES_[A-Z_]+", action.help or "")
    }
    tables = (stacks.SUBSCRIBERS, stacks.SUPPRESSIONS, stacks.PATTERNS, stacks.REVIEW)
    assert named == {TOKEN_VARIABLE, PASSWORD_VARIABLE, *(table.variable for table in tables)}


def test_every_verb_is_among_them() -> None:
    assert {name.split()[1] for name in TAKING} == set(main._VERBS)


@pytest.mark.parametrize("line", [["inspect", LATIN_1], ["suppressions", "import", LATIN_1]])
def test_a_path_behind_a_verb_arrives_as_it_is(line: list[str]) -> None:
    arguments = main._parser(line).parse_args(line)
    assert LATIN_1 in (*getattr(arguments, "paths", ()), getattr(arguments, "source", None))
