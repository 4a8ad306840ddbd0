"""`python -m local`: runs the stack on this machine; `make run` sets it up and calls this."""

import argparse
import logging
import sys
from pathlib import Path

from local import endpoint, http_door, runner, smtp_door
from local.template import TemplateError


def main() -> int:
    """Read the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=runner.__doc__)
    parser.add_argument("--once", action="store_true", help="end when the sample mails have been handled")
    parser.add_argument("--smtp-port", type=int, default=smtp_door.PORT, help="0: a free one (default: %(default)s)")
    parser.add_argument("--aws-port", type=int, default=endpoint.PORT, help="0: a free one (default: %(default)s)")
    parser.add_argument("--http-port", type=int, default=http_door.PORT, help="0: a free one (default: %(default)s)")
    parser.add_argument(
        "--domains", default="", help="return-path domains to take mail for, with commas between (default: every one)"
    )
    parser.add_argument(
        "--mailbox",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a mailbox to read on its schedule, as docs/mailbox.md has its secret (may be given several times)",
    )
    parser.add_argument("--log", type=Path, default=runner.LOG, help="the functions' log (default: %(default)s)")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        return runner.run(
            once=given.once,
            aws_port=given.aws_port,
            smtp_port=given.smtp_port,
            http_port=given.http_port,
            log=given.log,
            parameters={"ReturnPathDomains": given.domains} if given.domains else {},
            mailboxes=[path.read_text("utf-8") for path in given.mailbox],
        )
    except (endpoint.PortTaken, TemplateError, OSError, UnicodeDecodeError) as error:
        print(f"local: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
