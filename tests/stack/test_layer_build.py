"""The layer as its makefile builds it, on either architecture, whatever machine and Python build it."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bounces import knowledge
from tests.stack.expanded import ROOT, WRITTEN

SOURCE: Final = ROOT / "layers" / "patterns"
MACHINES: Final = {"x86_64": (0x3E, "x86_64"), "arm64": (0xB7, "aarch64")}  # ELF's e_machine, and the wheels' name
RUNTIME: Final = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}
MOST_BYTES: Final = 50_000_000
LAMBDA: Final = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}


@pytest.fixture(scope="module", params=MACHINES)
def layer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An architecture and the layer built for it, from another folder, as `sam build` does it."""
    folder = tmp_path_factory.mktemp(request.param)
    makefile = SOURCE / "architectures" / request.param / "Makefile"
    command = ["make", "--makefile", str(makefile), "build-PatternsLayer"]
    made = subprocess.run(
        [*command, f"ARTIFACTS_DIR={folder}", f"PYTHON={sys.executable}"], cwd=folder, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    yield request.param, folder


def built(folder: Path) -> dict[str, Distribution]:
    """Return the libraries in the layer by their canonical names."""
    return {canonicalize_name(its.metadata["Name"]): its for its in distributions(path=[str(folder / "python")])}


def test_the_template_builds_what_is_tested_here() -> None:
    metadata = WRITTEN["Resources"]["PatternsLayer"]["Metadata"]
    assert metadata["BuildMethod"] == "makefile"
    assert metadata["ContextPath"] == {"Fn::Sub": "layers/patterns/architectures/${Architecture}"}
    assert set(WRITTEN["Parameters"]["Architecture"]["AllowedValues"]) == set(MACHINES)


def test_layer_has_the_package_whole_and_nothing_that_python_left_behind(layer: tuple[str, Path]) -> None:
    _, folder = layer
    there = {path.relative_to(folder / "python") for path in (folder / "python" / "bounces").rglob("*")}
    ours = {path.relative_to(SOURCE) for path in (SOURCE / "bounces").rglob("*") if not is_cache(path)}
    assert there == ours | {Path("bounces", knowledge.COMPILED)}
    assert not [path for path in folder.rglob("*") if is_cache(path)]


def test_the_rules_are_compiled_in_the_layer(layer: tuple[str, Path]) -> None:
    _, folder = layer
    assert not knowledge.compile_tables(str(folder / "python" / "bounces")), "it was not there or out of date"


def is_cache(path: Path) -> bool:
    """Whether `path` is Python's bytecode, which depends on who imported what."""
    return "__pycache__" in path.parts or "__compiled__" in path.parts


def test_compiled_code_is_for_the_architecture_and_its_python(layer: tuple[str, Path]) -> None:
    architecture, folder = layer
    machine, name = MACHINES[architecture]
    libraries = list(folder.rglob("*.so*"))
    assert libraries
    for library in libraries:
        assert int.from_bytes(library.read_bytes()[18:20], "little") == machine, library
        assert f".cpython-313-{name}-" in library.name or ".abi3." in library.name


def test_layer_leaves_out_what_the_runtime_ships(layer: tuple[str, Path]) -> None:
    assert {"boto3", "botocore", "s3transfer", "python-dateutil", "six", "urllib3"}.isdisjoint(built(layer[1]))


def test_every_library_finds_what_it_requires(layer: tuple[str, Path]) -> None:
    libraries = built(layer[1])
    assert {"aws-lambda-powertools", "mail-parser", "pynamodb"} <= libraries.keys()
    for library in libraries.values():
        for requirement in map(Requirement, library.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate(dict(LAMBDA)):
                assert canonicalize_name(requirement.name) in libraries.keys() | RUNTIME, library.metadata["Name"]


def test_libraries_are_those_of_the_lock(layer: tuple[str, Path]) -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    lock = dict(line.split(" ")[0].split("==") for line in lines if "==" in line)
    versions = {name: library.version for name, library in built(layer[1]).items()}
    assert versions == {name: version for name, version in lock.items() if name in versions}
    # pip judges a marker by the Python that it runs on, not by the one that it fetches for.
    assert ";" not in (layer[1] / "requirements.txt").read_text("utf-8")


def test_layer_is_small(layer: tuple[str, Path]) -> None:
    architecture, folder = layer
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"the layer for {architecture} has {size / 1e6:.1f} MB")
    assert size < MOST_BYTES
