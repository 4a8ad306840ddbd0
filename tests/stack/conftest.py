"""What tests of the stack share: the two DynamoDBs that the store's tests run on."""

from collections.abc import Iterator

import pytest

from tests.stack import dynalite


@pytest.fixture(scope="module")
def second_dynamodb() -> Iterator[str]:
    """Run dynalite, and yield its address; skip where it is not installed.

    One a module, which takes a tenth of a second: tests of other rooms count this process's children.
    """
    why_not = dynalite.why_not()
    if why_not is not None:
        pytest.skip(why_not)
    with dynalite.running() as address:
        yield address


@pytest.fixture(scope="module", params=["moto", "dynalite"])
def dynamodb(request: pytest.FixtureRequest) -> str | None:
    """Have a test run on each DynamoDB: the address for `in_memory.tables`, None for moto."""
    if request.param == "moto":
        return None
    address: str = request.getfixturevalue("second_dynamodb")
    return address
