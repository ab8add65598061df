"""Work dealt to processes that are forks of this one: they see all that it knows, and only answers come back.

Nothing is copied on the way there, so a fork pays where much is known and little is answered. Where forking is not safe
(other threads run, or the system has no fork) everything is done here, in order, with the same results.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

Result = TypeVar("Result")
Told = Callable[[int], None]


def count_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a fork is safe here: it would take along the locks that other threads hold."""
    return sys.platform == "linux" and threading.active_count() == 1


def deal(tasks: Sequence[Callable[[], Result]], jobs: int, told: Told) -> list[Result]:
    """The results of all tasks, in their order, by up to `jobs` processes; `told` hears how many are done.

    A task that fails in a process, or with it, is done again here, so that its error is raised here.
    """
    jobs = min(jobs, len(tasks))
    found: dict[int, Result] = {}
    if jobs > 1 and can_fork():
        _share(tasks, jobs, found, told)
    for number, task in enumerate(tasks):
        if number not in found:
            told(len(found))
            found[number] = task()
    return [found[number] for number in range(len(tasks))]


def _share(tasks: Sequence[Callable[[], Result]], jobs: int, found: dict[int, Result], told: Told) -> None:
    """Let processes take task after task; what one of them could not do is missing in what was found."""
    context = multiprocessing.get_context("fork")
    crew: dict[Any, Any] = {}
    gc.freeze()  # so that a collection in a process does not touch, and so copy, all that is known
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, tasks), daemon=True)
            process.start()
            theirs.close()
            crew[ours] = process
        _gather(list(crew), len(tasks), found, told)
    finally:
        gc.unfreeze()
        for line, process in crew.items():
            line.close()
            process.kill()
            process.join()


def _gather(lines: list[Any], count: int, found: dict[int, Any], told: Told) -> None:
    waiting = iter(range(count))
    busy: dict[Any, int] = {line: number for line, number in zip(lines, waiting, strict=False) if _send(line, number)}
    while busy:
        ready = wait(list(busy))
        for line in [line for line in busy if line in ready]:
            number = busy.pop(line)
            try:
                done, result = line.recv()
            except (EOFError, OSError):
                continue
            if done:
                found[number] = result
                told(len(found))
            following = next(waiting, None)
            if following is not None and _send(line, following):
                busy[line] = following


def _send(line: Any, number: int) -> bool:
    try:
        line.send(number)
    except OSError:
        return False
    return True


def _work(line: "Connection[Any, Any]", tasks: Sequence[Callable[[], Any]]) -> None:
    """What a process does: answer each number with the result of that task, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the one who asks
    with suppress(EOFError, OSError):
        while True:
            number = line.recv()
            try:
                answer = (True, tasks[number]())
            except Exception:  # noqa: BLE001 - whatever it is, the asker meets it when it does the task itself
                answer = (False, None)
            line.send(answer)
