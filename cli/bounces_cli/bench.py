"""`bounces bench`: how fast mails are read and judged, beside only splitting them with Python's own parser."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Final

from bounces_cli import bench_patterns
from bounces_cli.bench_measures import Figures, measure
from bounces_cli.errors import DONE, INCOMPLETE, CommandError
from bounces_cli.problems import Problems
from bounces_cli.sources import check, mails, places

# Mails beyond so many bytes together are left out, and said to be.
MAX_BYTES: Final = 512 << 20
_PROJECT: Final = Path(__file__).parents[2]
_SAMPLES: Final = (_PROJECT / "events" / "mails", _PROJECT / "tests" / "unit" / "reading" / "mails")
_NO_MAIL: Final = ".toml"


def bench(paths: list[str], *, as_json: bool, rounds: int) -> int:
    """Measure over the mails in `paths` (none: the project's samples), print the figures, return the exit code.

    Raises `CommandError` where there are no mails.
    """
    chosen = paths or [os.path.relpath(folder) for folder in _SAMPLES if folder.is_dir()]
    if not chosen:
        raise CommandError("the project's sample mails are not installed with the command; name a folder of mails")
    check(chosen)
    problems = Problems()
    raws = _raws(chosen, problems)
    if not raws:
        raise CommandError(f"no mails in {', '.join(chosen)}")
    figures = measure(raws, rounds)
    patterns = bench_patterns.measure_patterns(
        rounds, bench_patterns.FEW, bench_patterns.MANY, bench_patterns.DIAGNOSTICS
    )
    if as_json:
        print(json.dumps(figures.to_json() | {"patterns": patterns.to_json()}))
    else:
        print(_table(figures, chosen), "", *patterns.rows(), sep="\n")
    return INCOMPLETE if problems.count else DONE


def _raws(paths: list[str], problems: Problems) -> list[bytes]:
    raws: list[bytes] = []
    left = MAX_BYTES
    for place in places(paths, problems):
        if place.path.endswith(_NO_MAIL):
            continue
        try:
            found = [raw for _, raw in mails(place)]
        except OSError as error:
            problems.add(str(error))
            continue
        raws += found
        left -= sum(map(len, found))
        if left < 0:
            problems.note(f"{place.source}: measured up to here, {MAX_BYTES >> 20} MiB of mail")
            break
    return raws


def _table(figures: Figures, paths: list[str]) -> str:
    rows = [
        ("email.message_from_bytes alone", figures.parse_seconds, ""),
        ("bytes to reports", figures.read_seconds, f"{figures.ratio:6.2f} times as fast"),
        ("bytes to verdicts", figures.read_seconds + figures.classify_seconds, f"{figures.whole_ratio:6.2f}"),
    ]
    lines = [
        f"{figures.mails:,} mails, {figures.reports:,} reports, {figures.bytes / 1e6:,.1f} MB: {', '.join(paths)}",
        f"{platform.python_implementation()} {platform.python_version()} on one core, processor time, "
        f"median of {figures.rounds} (each measured in turn)",
        "",
        f"{'':34}{'mails/s':>10}{'µs/mail':>10}{'MB/s':>8}",
    ]
    for name, seconds, ratio in rows:
        rate = figures.mails / seconds
        lines.append(
            f"  {name:32}{rate:10,.0f}{1e6 / rate:10,.0f}{figures.bytes / seconds / 1e6:8,.1f}  {ratio}".rstrip()
        )
    verdicts = figures.reports / figures.classify_seconds if figures.reports else 0
    lines += [
        "",
        f"  {'verdicts a second':32}{verdicts:10,.0f}",
        f"  {'to compile the rules, once':32}{figures.compile_seconds * 1000:10,.0f} ms",
        "",
        f"memory for the largest mail ({figures.largest / 1e3:,.1f} kB), beyond its bytes, in Python's own heap",
        f"  {'email.message_from_bytes alone':32}{figures.parse_peak / 1e3:10,.1f} kB",
        f"  {'bytes to reports':32}{figures.read_peak / 1e3:10,.1f} kB",
        f"  {'largest size of this process':32}{figures.process_peak / 1e6:10,.1f} MB",
    ]
    return "\n".join(lines)
