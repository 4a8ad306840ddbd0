"""Compiles what runs for each mail by mypyc, for this machine and this Python: see `bounces.compiled`.

Does nothing where that was done from the same sources. Needs a C compiler and Python's headers; prints what it did to
standard error, and ends with code 1 where it could not.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from mypyc.build import mypycify
from setuptools import Distribution  # type: ignore[import-untyped]

from bounces import compiled

PROJECT: Final = Path(__file__).resolve().parents[1]
ROOT: Final = PROJECT / "layers" / "patterns"
PACKAGE: Final = ROOT / "bounces"
FOLDER: Final = PACKAGE / compiled.FOLDER
BUILD: Final = PROJECT / ".cache" / "compile"
GROUP: Final = "bounces"
# The functions of one module call one another, and Python's, at once and not by way of a table of stubs.
FLAGS: Final = ("-fno-semantic-interposition", "-fno-plt") if sys.platform == "linux" else ()
MYPY: Final = ("--explicit-package-bases", "--namespace-packages", "--ignore-missing-imports")

COMPILED: Final = (
    "reading/*.py",
    "patterns/*.py",
    "addresses.py",
    "automata.py",
    "identity.py",
    "lengths.py",
    "octets.py",
    "verp.py",
)
# Packages only import, and mail-parser's class is an interpreted one, so what is made of it has to be.
INTERPRETED: Final = frozenset({"__init__.py", "structure.py"})
# What a compiled module takes over from others, such as the values of their constants, is out of date with them.
SOURCES: Final = ("*.py", "reading/*.py", "patterns/*.py")


def main() -> int:
    """Compile, unless what is there is of these sources, and write the manifest that says so."""
    sources = sorted({str(path.relative_to(PACKAGE)) for pattern in SOURCES for path in PACKAGE.glob(pattern)})
    manifest: dict[str, Any] = {
        "digest": _digest(sources),
        "python": compiled.python(),
        "sources": {source: compiled.stamp(source) for source in sources},
    }
    known = _written()
    if known.get("digest") == manifest["digest"]:
        _write(manifest | {"modules": known["modules"]})
        return 0
    print("compile: compiling what reads mails", file=sys.stderr)
    shutil.rmtree(FOLDER, ignore_errors=True)
    modules = _compile()
    if modules is None:
        print("compile: failed, so mails are read by the sources, at two thirds of the speed", file=sys.stderr)
        return 1
    _write(manifest | {"modules": modules})
    return 0


def _compile() -> dict[str, str] | None:
    """Compile into `FOLDER`, and return each module's file there; None, and the compiler's words, where that failed."""
    os.chdir(ROOT)
    os.environ["MYPYPATH"] = str(ROOT)
    chosen = sorted(
        str(path.relative_to(ROOT))
        for pattern in COMPILED
        for path in PACKAGE.glob(pattern)
        if path.name not in INTERPRETED
    )
    said = io.StringIO()
    log = BUILD / "log.txt"
    BUILD.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output, contextlib.redirect_stdout(said), _descriptors_to(output.fileno()):
        try:
            extensions = mypycify([*MYPY, *chosen], group_name=GROUP, target_dir=str(BUILD), debug_level="0")
            for extension in extensions:
                extension.extra_compile_args += FLAGS
            command: Any = Distribution({"name": GROUP, "ext_modules": extensions}).get_command_obj("build_ext")
            command.build_lib, command.build_temp = str(FOLDER), str(BUILD)
            command.ensure_finalized()
            command.run()
        except (Exception, SystemExit) as error:  # noqa: BLE001  setuptools' and mypyc's are of many kinds
            said.write(f"{error}\n")
            command = None
    if command is None:
        print(said.getvalue(), log.read_text(errors="replace"), sep="", file=sys.stderr)
        return None
    return {e.name: os.path.relpath(command.get_ext_fullpath(e.name), FOLDER) for e in extensions}


@contextlib.contextmanager
def _descriptors_to(descriptor: int) -> Any:
    """Have this process' output and its children's written to `descriptor`: the compiler is one of those."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    try:
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        yield
    finally:
        sys.stderr.flush()
        for number, old in enumerate(kept, start=1):
            os.dup2(old, number)
            os.close(old)


def _digest(sources: list[str]) -> str:
    """Return a digest of all that the compiled modules are made of."""
    digest = hashlib.sha256(compiled.python().encode())
    for source in (*sources, __file__):
        digest.update(b"\0" + (PACKAGE / source).read_bytes())
    return digest.hexdigest()


def _written() -> dict[str, Any]:
    try:
        content = json.loads((FOLDER / compiled.MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(manifest: dict[str, Any]) -> None:
    beside = FOLDER / f"{compiled.MANIFEST}.new"
    beside.write_text(json.dumps(manifest), "utf-8")
    beside.replace(FOLDER / compiled.MANIFEST)


if __name__ == "__main__":
    sys.exit(main())
