"""The `bounces` command and its verbs.

Each verb's module is imported when it is asked for, and the arguments are read by argparse, since over a few thousand
mails the time to start counts.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from bounces_cli import pattern_arguments, push_arguments, review_arguments
from bounces_cli.errors import DONE, INTERRUPTED, PIPE_CLOSED, CommandError
from bounces_cli.pattern_arguments import add_origin


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: the process's own) and return its exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    arguments = _parser(given).parse_args(given)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except CommandError as error:
        print(f"bounces: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return code


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser for the command line `given`."""
    verb = given[0] if given else ""
    parser = argparse.ArgumentParser(prog="bounces", description="Read bounces, decide hard or soft, and say why.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, prog="bounces")

    inspect = verbs.add_parser(
        "inspect",
        help="show what each mail says and what would be done",
        description="Show what each mail in PATH says and what would be done. Nothing is changed.",
    )
    inspect.add_argument("paths", nargs="+", metavar="PATH", help="a mail, a folder of mails, an mbox or a Maildir")
    inspect.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON a mail, in order")
    inspect.add_argument("-j", "--jobs", type=_jobs, metavar="N", help="processes that read (default: one a core)")
    inspect.set_defaults(run=_inspect)

    classify = verbs.add_parser(
        "classify",
        help="judge diagnostics, one a line on standard input",
        description="Judge diagnostics, one a line on standard input: hard or soft, why, and by which rule.",
    )
    classify.add_argument("--json", action="store_true", dest="as_json", help="one line of JSON a diagnostic, in order")
    classify.add_argument("--patterns", metavar="FILE", help="a set of the operator's patterns, as text or JSON")
    add_origin(classify)
    classify.set_defaults(run=_classify)

    patterns = verbs.add_parser(
        "patterns",
        help="show, try and edit the operator's patterns",
        description="Show, try and edit the operator's patterns, in a file or in the table of a deployed stack.",
    )
    if verb == "patterns":  # its own verbs take 2 ms to describe
        pattern_arguments.add_to(patterns)

    push = verbs.add_parser(
        "push",
        help="send an MTA's log files to a stack, or have them sent",
        description="Send log files of PowerMTA or KumoMTA to a stack. What was sent before is not sent again.",
    )
    if verb == "push":
        push_arguments.add_to(push, given[1:])

    review = verbs.add_parser(
        "review",
        help="judge what the stack did not act on for doubt",
        description="Show what waits for a person, and have it count after all or dismiss it, singly or by groups.",
    )
    if verb == "review":
        review_arguments.add_to(review)

    bench = verbs.add_parser(
        "bench",
        help="measure how fast mails are read",
        description="Measure how fast the mails in PATH are read, from bytes to reports, beside "
        "email.message_from_bytes alone on the same mails.",
    )
    bench.add_argument("paths", nargs="*", metavar="PATH", help="mails, as of inspect (default: the project's samples)")
    bench.add_argument("--json", action="store_true", dest="as_json", help="the figures as JSON")
    bench.add_argument("--rounds", type=_jobs, default=5, metavar="N", help="how often each is measured (default: 5)")
    bench.set_defaults(run=_bench)
    return parser


def _inspect(arguments: argparse.Namespace) -> int:
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


class _Version(argparse.Action):
    """Shows the version of what is installed, which takes 30 ms to look up and is therefore not looked up before."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"bounces {version('bounce-processing')}")
        parser.exit(DONE)


if __name__ == "__main__":
    sys.exit(main())
