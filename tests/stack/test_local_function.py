"""A function on this machine answers, fails, runs out of time and dies as one in Lambda does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.deploy import Deployed, deploy
from local.function import Configuration, Function, FunctionError

SMALL = Path(__file__).with_name("small_stack") / "template.yaml"


@pytest.fixture(scope="module")
def deployed(aws: int) -> Deployed:
    return deploy(SMALL, stack="small")


@pytest.fixture
def odd(deployed: Deployed) -> Iterator[Function]:
    function = Function(Configuration.of(deployed, "OddFunction"))
    yield function
    function.stop()


@pytest.fixture
def echo(deployed: Deployed, tmp_path: Path) -> Iterator[Function]:
    with (tmp_path / "log").open("wb") as log:
        function = Function(Configuration.of(deployed, "EchoFunction"), log)
        yield function
        function.stop()


def test_a_function_is_given_the_event_and_a_context(echo: Function, deployed: Deployed) -> None:
    answer = echo.invoke({"Records": [1]})
    assert answer["event"] == {"Records": [1]}
    assert answer["function"] == deployed.resources["EchoFunction"]
    assert answer["memory"] == "128"
    assert 0 < answer["left"] <= 2000
    assert answer["queue_url"] == deployed.resources["Queue"]


def test_a_process_is_kept_between_invocations_and_each_has_its_own_request(echo: Function) -> None:
    first, second = echo.invoke({}), echo.invoke({})
    assert first["process"] == second["process"]
    assert first["request"] != second["request"]


def test_functions_do_not_see_each_others_environment(echo: Function, odd: Function) -> None:
    assert echo.invoke({})["same_name"] == "hello from echo"
    assert odd.invoke({}) == "other"
    assert echo.invoke({})["same_name"] == "hello from echo"


def test_what_a_function_prints_is_its_log(echo: Function, tmp_path: Path) -> None:
    echo.invoke({})
    assert "a line on standard output" in (tmp_path / "log").read_text()


def test_an_event_larger_than_a_pipe_arrives(echo: Function) -> None:
    event = {"text": "x" * 1_000_000}
    assert echo.invoke(event)["event"] == event


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("raise", "ValueError: no good"),
        ("sleep", "Task timed out after 2.00 seconds"),
        ("exit", "exit code 7"),
        ("answer what JSON does not know", "not JSON serializable"),
    ],
)
def test_a_failed_invocation_says_why_and_the_next_one_succeeds(odd: Function, what: str, said: str) -> None:
    with pytest.raises(FunctionError, match=said):
        odd.invoke({"do": what})
    assert odd.invoke({}) == "other"


def test_stopping_leaves_no_process(deployed: Deployed) -> None:
    function = Function(Configuration.of(deployed, "EchoFunction"))
    process = function.invoke({})["process"]
    function.stop()
    assert subprocess.run(["ps", "-p", str(process)], capture_output=True, check=False).returncode == 1
