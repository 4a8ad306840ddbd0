"""Fuzz the reader by hand: `python -m tests.fuzz --minutes 15`. What it finds is made small and kept in .cache/fuzz."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path
from random import Random

from tests.fuzz import seeds
from tests.fuzz.mutations import mutated
from tests.fuzz.properties import check, classifier
from tests.fuzz.structures import built

FOUND = seeds.ROOT / ".cache" / "fuzz"


def main() -> int:
    """Run until the time is over, say how many cases ran, and return 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32, help="the same cases again")
    arguments = parser.parse_args()
    classifier()
    mails = seeds.ours() + seeds.corpus()
    print(f"{len(mails)} mails to damage, seed {arguments.seed}, {arguments.minutes:g} minutes", flush=True)
    end = time.monotonic() + arguments.minutes * 60
    random = Random(arguments.seed)
    found: dict[str, Path] = {}
    cases = 0
    while time.monotonic() < end:
        raw = built(random) if random.random() < 0.3 else mutated(random, mails)
        cases += 1
        wrong = _wrong(raw)
        if wrong is not None and wrong not in found:
            found[wrong] = _kept(_smaller(raw, wrong))
            print(f"case {cases}: {wrong}\n  {found[wrong]}", flush=True)
        if cases % 20_000 == 0:
            print(f"{cases} cases", flush=True)
    print(f"{cases} cases, {len(found)} defects")
    return 1 if found else 0


def _wrong(raw: bytes) -> str | None:
    """Return what is wrong with the reading of `raw`: the error and the line that raised it, or None."""
    try:
        check(raw)
    except BaseException as error:  # a panic of a library is none of Exception's
        if isinstance(error, KeyboardInterrupt):
            raise
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
            trace = trace.tb_next
        ours = [frame for frame in frames if "/bounces/" in frame[0] or "/fuzz/" in frame[0]]
        file, line = ours[-1]
        return f"{type(error).__name__} at {Path(file).name}:{line}"
    return None


def _smaller(raw: bytes, wrong: str) -> bytes:
    """Return a part of `raw` that goes wrong in the same way: halves, then smaller and smaller stretches left out."""
    end = time.monotonic() + 60
    size = len(raw) // 2
    while size and time.monotonic() < end:
        place = 0
        while place < len(raw) and time.monotonic() < end:
            without = raw[:place] + raw[place + size :]
            if _wrong(without) == wrong:
                raw = without
            else:
                place += size
        size //= 2
    return raw


def _kept(raw: bytes) -> Path:
    FOUND.mkdir(parents=True, exist_ok=True)
    path = FOUND / f"{hashlib.sha256(raw).hexdigest()[:12]}.eml"
    path.write_bytes(raw)
    return path


if __name__ == "__main__":
    sys.exit(main())
