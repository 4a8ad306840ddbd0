"""The mails that the fuzz tests start from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OURS: Final = (ROOT / "events" / "mails", ROOT / "tests" / "unit" / "reading" / "mails")
# Real mails of many systems, which are not part of the project.
CORPUS: Final = ROOT.parent / "shared" / "corpus"
_NO_MAILS: Final = {".md", ".toml", ".json", ".jsonl", ".py"}
# Larger ones make a case slow and find nothing more.
MAX_SEED: Final = 64 * 1024


@cache
def ours() -> tuple[bytes, ...]:
    """Return the project's sample mails."""
    return tuple(path.read_bytes() for folder in OURS for path in sorted(folder.glob("*.eml")))


@cache
def corpus(largest: int | None = MAX_SEED) -> tuple[bytes, ...]:
    """Return the mails of the corpus beside the project, up to `largest` bytes (None: all); none where it is not
    there.
    """
    if not CORPUS.is_dir():
        return ()
    paths = (path for path in sorted(CORPUS.rglob("*")) if path.is_file() and path.suffix not in _NO_MAILS)
    mails = (path.read_bytes() for path in paths if "licenses" not in path.parts)
    return tuple(raw for raw in mails if largest is None or len(raw) <= largest)
