"""What tests of every room share."""

from collections.abc import Iterator

import pytest

from local import endpoint


@pytest.fixture(scope="module")
def aws() -> Iterator[int]:
    """Serve an empty AWS on a free port of 127.0.0.1, and yield the port; the environment leads to it."""
    with endpoint.serving(0) as port:
        yield port
