"""The `bounces` command and its verbs.

Each verb's module is imported, and its arguments are described, when it is asked for; they are read by argparse. Over
a few thousand mails the time to start counts.
"""

from __future__ import annotations

import argparse
import codecs
import errno
import gc
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final, NoReturn

from bounces_cli.errors import BROKEN, DONE, INTERRUPTED, PIPE_CLOSED, CommandError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # where output goes that no more can be written of
COLUMNS = 80  # where there is no terminal


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's own) and return its exit code."""
    return _run(_arguments(argv))


def command() -> NoReturn:
    """Run the command as a process of its own, and end that."""
    arguments = _arguments()
    code = _run(arguments)
    if not arguments.leaves_nothing_open:
        sys.exit(code)
    # Putting away its tables takes as long as reading twenty mails.
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


def _arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    given = sys.argv[1:] if argv is None else list(argv)
    _settle_encoding()
    return _parser(given).parse_args(given)


def _run(arguments: argparse.Namespace) -> int:
    """Run the verb that `arguments` are of, and return the exit code."""
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except CommandError as error:
        print(f"bounces: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return PIPE_CLOSED
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            raise
        _drop_output()
        print(f"bounces: the output is not whole: {error.strerror}", file=sys.stderr)
        return BROKEN
    return code


def _settle_encoding() -> None:
    """Have files and pipes get UTF-8, as which addresses are read, whatever the locale; a terminal what it can show."""
    out = sys.stdout
    if not isinstance(out, io.TextIOWrapper) or codecs.lookup(out.encoding).name == "utf-8":
        return
    if out.isatty():
        out.reconfigure(errors="backslashreplace")
    else:
        out.reconfigure(encoding="utf-8")


def _drop_output() -> None:
    """Have nobody get what is still to be written: the interpreter flushes once more at its end, and would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for the command line `given`."""
    parser = _Parser(prog="bounces", description="Read bounces, decide hard or soft, and say why.")
    parser.set_defaults(leaves_nothing_open=False)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, prog="bounces")
    for verb, (shown, description, add_arguments) in _VERBS.items():
        own = verbs.add_parser(verb, help=shown, description=description)
        if given[:1] == [verb]:  # describing all verbs' arguments takes longer than reading ten mails
            add_arguments(own, given[1:])
    return parser


def _add_inspect(inspect: argparse.ArgumentParser, _: Sequence[str]) -> None:
    inspect.add_argument(
        "paths", nargs="+", type=os.fspath, metavar="PATH", help="a mail, a folder of mails, an mbox or a Maildir"
    )
    inspect.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON a mail, in order")
    inspect.add_argument("-j", "--jobs", type=_jobs, metavar="N", help="processes that read (default: one a core)")
    inspect.set_defaults(run=_inspect, leaves_nothing_open=True)


def _add_classify(classify: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli.pattern_arguments import add_origin

    classify.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON a diagnostic, in order")
    classify.add_argument(
        "--patterns", type=os.fspath, metavar="FILE", help="a set of the operator's patterns, as text or JSON"
    )
    add_origin(classify)
    classify.set_defaults(run=_classify)


def _add_patterns(patterns: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import pattern_arguments

    pattern_arguments.add_to(patterns)


def _add_push(push: argparse.ArgumentParser, rest: Sequence[str]) -> None:
    from bounces_cli import push_arguments

    push_arguments.add_to(push, rest)


def _add_scan(scan: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import scan_arguments

    scan_arguments.add_to(scan)


def _add_suppressions(suppressions: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import address_arguments

    address_arguments.add_suppressions(suppressions)


def _add_subscribers(subscribers: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import address_arguments

    address_arguments.add_subscribers(subscribers)


def _add_why(why: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import address_arguments

    address_arguments.add_why(why)


def _add_undo(undo: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import address_arguments

    address_arguments.add_undo(undo)


def _add_review(review: argparse.ArgumentParser, _: Sequence[str]) -> None:
    from bounces_cli import review_arguments

    review_arguments.add_to(review)


def _add_bench(bench: argparse.ArgumentParser, _: Sequence[str]) -> None:
    bench.add_argument(
        "paths", nargs="*", type=os.fspath, metavar="PATH", help="mails, as of inspect (default: the project's samples)"
    )
    bench.add_argument("--json", action="store_true", dest="as_json", help="the figures as JSON")
    bench.add_argument("--rounds", type=_jobs, default=5, metavar="N", help="how often each is measured (default: 5)")
    bench.set_defaults(run=_bench)


_VERBS: Final[Mapping[str, tuple[str, str, Callable[[argparse.ArgumentParser, Sequence[str]], None]]]] = {
    "inspect": (
        "show what each mail says and what would be done",
        "Show what each mail in PATH says and what would be done. Nothing is changed.",
        _add_inspect,
    ),
    "classify": (
        "judge diagnostics, one a line on standard input",
        "Judge diagnostics, one a line on standard input: hard or soft, why, and by which rule.",
        _add_classify,
    ),
    "patterns": (
        "show, try and edit the operator's patterns",
        "Show, try and edit the operator's patterns, in a file or in the table of a deployed stack.",
        _add_patterns,
    ),
    "push": (
        "send an MTA's log files to a stack, or have them sent",
        "Send log files of PowerMTA or KumoMTA to a stack. What was sent before is not sent again.",
        _add_push,
    ),
    "scan": (
        "take the bounces in a mailbox: IMAP, POP3, mbox, Maildir",
        "Take the bounces in a mailbox into a stack, or list who bounced hard. What was taken before is not taken "
        "again, and the same command goes on where it stopped.",
        _add_scan,
    ),
    "review": (
        "judge what the stack did not act on for doubt",
        "Show what waits for a person, and have it count after all or dismiss it, singly or by groups.",
        _add_review,
    ),
    "suppressions": (
        "check, add, lift, import and export what is not to be mailed",
        "Check, change, import and export the addresses that are not to be mailed.",
        _add_suppressions,
    ),
    "subscribers": (
        "import who is on which list, and show where an address stands",
        "Import who is on which list, and show where an address stands.",
        _add_subscribers,
    ),
    "why": (
        "say what happened to an address, and why",
        "Say where an address stands, what happened to it, and why.",
        _add_why,
    ),
    "undo": (
        "take reports back, one or all of a rule or provider",
        "Take reports back: what they changed becomes what it is without them.",
        _add_undo,
    ),
    "bench": (
        "measure how fast mails are read",
        "Measure how fast the mails in PATH are read, from bytes to reports, beside email.message_from_bytes alone "
        "on the same mails.",
        _add_bench,
    ),
}
"""What help says of each verb in a line and in full, and what adds the arguments of its line to its parser."""


def _inspect(arguments: argparse.Namespace) -> int:
    gc.disable()  # all that starting makes is kept: `inspect` has it looked through no more, and collects from then on
    from bounces_cli.inspect import inspect

    return inspect(arguments.paths, as_json=arguments.as_json, jobs=arguments.jobs)


def _classify(arguments: argparse.Namespace) -> int:
    from bounces_cli.classify import classify
    from bounces_cli.diagnostics import Origin

    origin = Origin(arguments.recipient, arguments.remote_mta)
    return classify(arguments.patterns, origin, as_json=arguments.as_json)


def _bench(arguments: argparse.Namespace) -> int:
    from bounces_cli.bench import bench

    return bench(arguments.paths, as_json=arguments.as_json, rounds=arguments.rounds)


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _text(given: str) -> str:
    """Return `given`, which is kept in a table or sought there; no table takes what a script in Latin-1 gives."""
    if not given.isascii() and any("\ud800" <= letter <= "\udfff" for letter in given):
        raise argparse.ArgumentTypeError(f"{given!a} is not UTF-8; write it so, and in a terminal that does")
    return given


class _Parser(argparse.ArgumentParser):
    """Takes an argument that has no `type` as a text in UTF-8, and so do the parsers of its verbs.

    A path may have any bytes: it is of the type os.fspath, which hands it on as it is.
    """

    def __init__(self, **named: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter} | named)
        self.register("type", None, _text)

    def add_subparsers(self, **named: Any) -> Any:
        verbs = super().add_subparsers(**named)
        verbs.type = os.fspath  # what stands behind a verb is for that one's parser to judge
        return verbs


class _Formatter(argparse.HelpFormatter):
    """Formats help as argparse does, which makes a formatter for each argument and asks `shutil` for the width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


@cache
def _columns() -> int:
    """Return the terminal's width, as `shutil.get_terminal_size` does; importing that takes 2 ms."""
    try:
        return int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns or COLUMNS
    except (ValueError, OSError):
        return COLUMNS


class _Version(argparse.Action):
    """Shows the version of what is installed, which takes 30 ms to look up and is therefore not looked up before."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"bounces {version('bounce-processing')}")
        parser.exit(DONE)


if __name__ == "__main__":
    command()
