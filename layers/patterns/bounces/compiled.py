"""The reader's modules compiled to machine code by mypyc, where that was done from just these sources.

Like `__pycache__`: `scripts/compile` writes the folder, nothing needs it, and where any source has changed since, all
are run as they stand. The sources are plain typed Python, and say the same either way; compiled, they take about two
thirds of the time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from typing import Any, Final

FOLDER: Final = "__compiled__"
MANIFEST: Final = "manifest.json"
_PACKAGE: Final = os.path.dirname(__file__)


class CompiledModules:
    """Finds modules (PEP 451) in the files of a manifest, before Python looks for their sources."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Take the path of each module's shared library, by the module's name."""
        self.files = files

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """Return where the module `name` is, or None where it is not one of these."""
        file = self.files.get(name)
        return ModuleSpec(name, ExtensionFileLoader(name, file), origin=file) if file else None


def take() -> None:
    """Have the compiled modules imported from now on, where they were made of these sources for this Python."""
    folder = os.path.join(_PACKAGE, FOLDER)
    try:
        with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
            manifest: dict[str, Any] = json.load(file)
        if manifest["python"] != python() or any(stamp(name) != was for name, was in manifest["sources"].items()):
            return
        files = {name: os.path.join(folder, path) for name, path in manifest["modules"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # there are none, or what is there is not to be trusted
    sys.meta_path.insert(0, CompiledModules(files))


def is_taken() -> bool:
    """Say whether compiled modules are imported."""
    return any(isinstance(finder, CompiledModules) for finder in sys.meta_path)


def leave() -> None:
    """Have the sources imported from now on, compiled or not: for tests, which replace what they test."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, CompiledModules)]


def python() -> str:
    """Return what a shared library is made for: implementation, version, system and machine."""
    return f"{EXTENSION_SUFFIXES[0]} {sys.hexversion:x}"


def stamp(source: str) -> list[int]:
    """Return what tells whether `source`, a path below the package, has changed: size and time, as for .pyc files."""
    status = os.stat(os.path.join(_PACKAGE, source))
    return [status.st_size, status.st_mtime_ns]
