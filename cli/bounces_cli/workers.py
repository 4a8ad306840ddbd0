"""Work spread over processes, its results in the order of its tasks.

The standard pools do not fit: `multiprocessing.Pool` waits for ever for a worker that was killed, the workers of
`ProcessPoolExecutor` outlive a parent that was, and both take 25 ms to import, of a run of half a second. Here each
worker has one task at a time and a pipe each way, so neither side can wait for the other at once, and the end of either
is the end of a pipe. Tasks and results are of the types that `marshal` knows (tuples, lists, text, bytes, numbers):
`pickle` would take another 2 ms to import.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count as numbers
from typing import IO, Any, Final, NoReturn, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks begun beyond the one whose result is waited for: what is held in memory while one mail takes long.
WINDOW: Final = 64
LENGTH: Final = 8  # bytes before a message that say how long it is


class WorkerEnded(Exception):
    """A worker process ended without an answer. `task` is what it was at."""

    def __init__(self, how: str, task: Any) -> None:
        """Take `how` it ended, in words, and its `task`."""
        super().__init__(how)
        self.task = task


class PassOn(Exception):
    """What a worker raises that leaves `task` to the one worker that is given all such: it pays for what that takes."""

    def __init__(self, task: Any) -> None:
        """Take the `task` whose result stands in the place of the one that the worker was given."""
        super().__init__()
        self.task = task


class _Worker:
    """A process, the pipes to it and from it, and the task that it is at."""

    def __init__(self, pid: int, tasks: IO[bytes], results: IO[bytes]) -> None:
        self.pid = pid
        self.tasks = tasks
        self.results = results
        self.number = -1
        self.task: Any = None

    def give(self, number: int, task: Any) -> None:
        self.number, self.task = number, task
        with suppress(BrokenPipeError):  # the worker has ended, which the end of its results tells
            _send(task, self.tasks)

    def result(self) -> tuple[bool, Any]:
        """Return whether the task is done, and its result, else what is left of it."""
        try:
            is_done, result = _received(self.results)
            return is_done, result
        except EOFError:
            raise self.ended() from None

    def ended(self) -> WorkerEnded:
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return WorkerEnded(how, self.task)

    def close(self) -> None:
        self.results.close()
        with suppress(BrokenPipeError):
            self.tasks.close()

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        if self.pid:
            os.waitpid(self.pid, 0)


def _send(message: Any, pipe: IO[bytes]) -> None:
    packed = marshal.dumps(message)
    pipe.write(len(packed).to_bytes(LENGTH, "big") + packed)
    pipe.flush()


def _received(pipe: IO[bytes]) -> Any:
    """Return the next message in `pipe`. Raises `EOFError` where whoever sends has ended, also in its midst."""
    length = pipe.read(LENGTH)
    packed = pipe.read(int.from_bytes(length, "big"))
    if len(length) < LENGTH or len(packed) < int.from_bytes(length, "big"):
        raise EOFError
    return marshal.loads(packed)  # noqa: S302  from our own process


def can_fork() -> bool:
    """Say whether this system has what `in_order` needs."""
    return hasattr(os, "fork")


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], count: int) -> Iterator[Result]:
    """Yield `work`'s result for each of `tasks` in their order, found by `count` processes forked from this one.

    What is compiled before, they have. Tasks are taken as they are needed. What `work` passes on (`PassOn`) is done by
    one of the processes. Raises `WorkerEnded` in the place of the result of a worker that ended without one. However
    this ends, no worker goes on: after the last result each ends by itself, and is not waited for, since the system
    takes as long to put away its memory as it takes to read ten mails; when this is broken off they are killed.
    """
    workers: list[_Worker] = []
    is_done = False
    try:
        for _ in range(count):
            workers.append(_started(work, workers))
        yield from _shared(workers, zip(numbers(), tasks))
        is_done = True
    finally:
        for worker in workers:
            worker.close()
            if not is_done:
                worker.kill()
        if not is_done:
            for worker in workers:
                worker.wait()


def _shared(workers: list[_Worker], tasks: Iterator[tuple[int, Any]]) -> Iterator[Any]:
    done: dict[int, Any] = {}
    lost: dict[int, WorkerEnded] = {}
    passed: list[tuple[int, Any]] = []
    alive = list(workers)
    idle = list(workers)
    awaited = 0
    begun = -1
    ready = select.poll()
    busy: dict[int, _Worker] = {}

    def give(worker: _Worker, number: int, task: Any) -> None:
        idle.remove(worker)
        worker.give(number, task)
        busy[worker.results.fileno()] = worker
        ready.register(worker.results, select.POLLIN)

    while True:
        if passed and alive and alive[0] in idle:
            give(alive[0], *passed.pop(0))
        while idle and begun < awaited + WINDOW and not lost and (following := next(tasks, None)):
            begun = following[0]
            give(idle[-1], *following)
        if awaited > begun:
            return
        if not busy:  # all have ended, and one had passed on what is waited for
            raise WorkerEnded(str(lost[min(lost)]), dict(passed)[awaited])
        for descriptor, _ in ready.poll():
            ready.unregister(descriptor)
            worker = busy.pop(descriptor)
            try:
                is_done, result = worker.result()
            except WorkerEnded as ended:
                lost[worker.number] = ended
                alive.remove(worker)
                continue
            idle.append(worker)
            if is_done:
                done[worker.number] = result
            else:
                passed.append((worker.number, result))
        while awaited in done:
            yield done.pop(awaited)
            awaited += 1
        if awaited in lost:
            raise lost[awaited]


def _started(work: Callable[[Task], Result], others: list[_Worker]) -> _Worker:
    task_reader, task_writer = os.pipe()
    result_reader, result_writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        # A copy of another worker's pipe would keep that worker from seeing the parent's end.
        for descriptor in (task_writer, result_reader, *(o.tasks.fileno() for o in others)):
            os.close(descriptor)
        _serve(work, task_reader, result_writer)
    os.close(task_reader)
    os.close(result_writer)
    return _Worker(pid, os.fdopen(task_writer, "wb"), os.fdopen(result_reader, "rb"))


def _serve(work: Callable[[Any], Any], task_reader: int, result_writer: int) -> NoReturn:
    """Answer tasks until the parent closes the pipe or is gone. Leaves at once: what is open is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent has it too, and ends its workers
    code = 0
    try:
        with os.fdopen(task_reader, "rb") as tasks, os.fdopen(result_writer, "wb") as results:
            while True:
                task = _received(tasks)
                try:
                    answer = True, work(task)
                except PassOn as passed:
                    answer = False, passed.task
                _send(answer, results)
    except (EOFError, BrokenPipeError):
        pass  # the parent has all it wants, or is gone
    except BaseException:  # noqa: BLE001  nothing may return to the parent's frames
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        code = 1
    os._exit(code)
