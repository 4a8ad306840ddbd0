"""`bounces inspect`: what each mail says, and what would be done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from bounces.patterns import Classifier
from bounces.reading import read_mail
from bounces.records import Verdict
from bounces_cli.sources import files, mails


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON a mail, in order.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def inspect(paths: tuple[str, ...], as_json: bool) -> None:
    """Show what each mail in PATH says and what would be done.

    PATH is a file, a folder, an mbox or a Maildir. Nothing is changed.
    """
    try:
        found = list(files(paths))
    except OSError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        for source, verdicts, _ in _progress(_inspected(found), len(found)):
            sys.stdout.write(json.dumps({"source": source, "reports": [_row(v) for v in verdicts]}) + "\n")
        return
    from bounces_cli.inspect_report import show

    show(_progress(_inspected(found), len(found)))


def _inspected(found: list[Any]) -> Iterator[tuple[str, list[Verdict], str]]:
    """Yield each mail's source, the verdicts on its reports, and how it was read."""
    classifier = Classifier()
    for path in found:
        for mail in mails(path):
            reading = read_mail(mail.raw)
            yield mail.source, [classifier.classify(report) for report in reading.reports], reading.reason


def _progress(rows: Iterator[Any], total: int) -> Iterator[Any]:
    """Show a progress bar on a terminal while `rows` pass, and none in a pipe."""
    if not sys.stderr.isatty() or total < 100:
        yield from rows
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(rows, total=total, description="Reading", console=Console(stderr=True), transient=True)


def _row(verdict: Verdict) -> dict[str, Any]:
    report = verdict.report
    return {
        "event": report.event,
        "recipient": report.recipient,
        "original_recipient": report.original_recipient,
        "action": report.action,
        "status": report.status,
        "reply_code": report.reply_code,
        "diagnostic": report.diagnostic,
        "remote_mta": report.remote_mta,
        "category": verdict.category,
        "bounce_type": None if verdict.bounce_type == "none" else verdict.bounce_type,
        "rule": verdict.rule,
        "list": report.list_id,
        "campaign": report.campaign,
    }
