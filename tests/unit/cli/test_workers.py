"""Work over processes: in order, all of it, and no process left whatever happens."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest

from bounces_cli.workers import WINDOW, PassOn, WorkerEnded, in_order


def _square(number: int) -> int:
    return number * number


def _children() -> set[str]:
    """Return this process's children: other tests may have left some."""
    with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
        return set(file.read().split())


def test_results_come_in_the_order_of_the_tasks() -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.1 if number == 0 else 0)
        return number

    assert list(in_order(slow_at_first, range(300), 3)) == list(range(300))


def test_results_may_be_larger_than_a_pipe_holds() -> None:
    sent = [bytes([n]) * 300_000 for n in range(20)]
    assert list(in_order(lambda raw: raw, sent, 2)) == sent


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken = 0
    before = _children()

    def tasks() -> Iterator[int]:
        nonlocal taken
        for number in count():
            taken += 1
            yield number

    assert list(islice(in_order(_square, tasks(), 2), 5)) == [0, 1, 4, 9, 16]
    assert taken <= 5 + WINDOW + 2
    assert _children() <= before


def test_what_is_passed_on_is_done_by_one_process_and_stands_in_its_place() -> None:
    def work(task: int | tuple[int, str]) -> tuple[int, int]:
        if isinstance(task, tuple):
            return task[0], os.getpid()
        time.sleep(0.001)
        if task % 3 == 0:
            raise PassOn((task, "left"))
        return task, 0

    results = list(in_order(work, range(300), 3))
    assert [number for number, _ in results] == list(range(300))
    assert all((process == 0) == (number % 3 > 0) for number, process in results)
    assert len({process for number, process in results if number % 3 == 0}) == 1


def test_no_tasks_give_no_results() -> None:
    assert list(in_order(_square, [], 2)) == []


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL"),
        (lambda: os._exit(7), "exit code 7"),
        (lambda: 1 / 0, "exit code 1"),
    ],
)
def test_a_worker_that_ends_is_told_in_its_tasks_place(end: object, how: str) -> None:
    def work(number: int) -> int:
        if number == 20:
            end()  # type: ignore[operator]
        return number

    before = _children()
    results = in_order(work, range(100), 2)
    assert list(islice(results, 20)) == list(range(20))
    with pytest.raises(WorkerEnded, match=how) as ended:
        next(results)
    assert ended.value.task == 20
    assert _children() <= before


def test_what_was_passed_on_is_done_though_the_first_worker_has_ended() -> None:
    def work(task: int | tuple[int, str]) -> int | tuple[int, str]:
        if task == 0:  # at the last worker
            time.sleep(0.2)
            raise PassOn((0, "left"))
        if task == 1:  # at the first one
            os._exit(7)
        return task

    results = in_order(work, range(10), 2)
    assert next(results) == (0, "left")
    with pytest.raises(WorkerEnded) as ended:
        next(results)
    assert ended.value.task == 1


def test_what_was_passed_on_is_told_when_all_workers_have_ended() -> None:
    def work(task: int) -> int:
        if task == 0:
            raise PassOn((0, "left"))
        time.sleep(0.2)
        os._exit(7)

    with pytest.raises(WorkerEnded, match="exit code 7") as ended:
        list(in_order(work, range(10), 2))
    assert ended.value.task == (0, "left")


def test_workers_end_with_a_parent_that_was_killed() -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        os.close(reader)
        for _ in in_order(lambda _: os.getpid(), count(), 2):
            time.sleep(0.05)
        os._exit(0)
    os.close(writer)
    time.sleep(0.3)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    # The pipe's other end closes when the last of them is gone.
    assert os.read(reader, 1) == b""
    os.close(reader)
