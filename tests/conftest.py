"""What tests of every room share."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from bounces import compiled

COMPILED = "--compiled"

# Before any test imports what could be compiled. The sources are what tests replace parts of, and measure.
if COMPILED not in sys.argv:
    compiled.leave()
elif not compiled.is_taken():
    pytest.exit("nothing is compiled of the sources as they stand: run scripts/compile", returncode=2)

from local import endpoint  # noqa: E402

# No example fails for the time that it took: on a machine with other work one takes as long as it likes.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the option by which the compiled modules are tested."""
    parser.addoption(
        COMPILED, action="store_true", help="test the compiled modules (bounces.compiled), not the sources"
    )


@pytest.fixture
def sources() -> None:
    """Skip a test that replaces a part of a module, which its compiled form would not see."""
    if compiled.is_taken():
        pytest.skip("replaces a part of a module that is compiled")


@pytest.fixture(scope="module")
def aws() -> Iterator[int]:
    """Serve an empty AWS on a free port of 127.0.0.1, and yield the port; the environment leads to it."""
    with endpoint.serving(0) as port:
        yield port
