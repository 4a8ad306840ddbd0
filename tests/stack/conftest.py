"""What tests of the stack share: the two DynamoDBs that the store's tests run on, the tables, and a deployed stack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import deployed, dynalite, in_memory
from tests.stack.deployed import Stack
from tests.stack.in_memory import Tables
from tests.stack.said import Said
from tests.stack.suppression_commands import Bounces, bounces_on


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


@pytest.fixture(scope="module")
def deployed_stack() -> Iterator[Stack]:
    """Deploy template.yaml, once a module: it takes seconds."""
    with deployed.stack() as made:
        yield made


@pytest.fixture
def stack(deployed_stack: Stack) -> Stack:
    """Return the stack, empty."""
    deployed_stack.clear()
    return deployed_stack


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    """Listen to what the functions say."""
    heard = Said(capsys)
    with heard.listening():
        yield heard


@pytest.fixture(scope="module")
def made() -> Iterator[Tables]:
    """Make the tables in moto, once a module."""
    with in_memory.tables() as tables:
        yield tables


@pytest.fixture
def tables(made: Tables) -> Tables:
    """Return the tables, empty."""
    made.clear()
    return made


@pytest.fixture
def bounces(tables: Tables, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bounces:
    """Return what runs `bounces` on the tables."""
    return bounces_on(tables, monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def empty_tables(dynamodb: str | None) -> Iterator[Tables]:
    """Make the tables in each DynamoDB, once a module."""
    with in_memory.tables(dynamodb) as made:
        yield made
