"""A bounded pool for slow hashes, so that a flood of logins never stalls the other routes (CWE-400)."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from itertools import count
from threading import BoundedSemaphore
from typing import Final, ParamSpec, TypeVar

from vallum.base.errors import ConfigError, RefusedError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
_GOLDEN: Final = 0.6180339887


class HashingBusyError(RefusedError):
    """More logins at once than the pool takes. Answer 503 with `Retry-After`."""

    code = "hashing-busy"
    status = 503
    retry_after = 1


class HashingPool:
    """Runs work in a few threads with a bounded queue; both bounds hold across event loops and after a fork."""

    def __init__(self, *, workers: int, queue: int, refusal_delay: float) -> None:
        """Take at most `workers` jobs at once and `queue` waiting; refuse more after about `refusal_delay` seconds.

        Late refusals, spread around that time, keep a flood from coming back at once. The threads have the priority of
        all others: one with less would hold the interpreter's lock while it waits for a core. Raises `ConfigError` for
        bounds that cannot work.
        """
        if workers < 1 or queue < 0 or refusal_delay < 0:
            raise ConfigError("a hashing pool needs 1 worker or more, and no negative queue or delay.")
        self._bounds = (workers, queue)
        self._refusal_delay = refusal_delay
        self._refused = count()
        self._start()

    async def run(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Return what `work` returns, run in the caller's context. Raises `HashingBusyError` when the queue is full."""
        future = self._submit(partial(work, *args, **kwargs))
        if future is None:
            await asyncio.sleep(self._find_delay())
            raise _refuse()
        return await asyncio.wrap_future(future)

    def run_now(
        self, work: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """The same for threads: the caller's waits."""
        future = self._submit(partial(work, *args, **kwargs))
        if future is None:
            time.sleep(self._find_delay())
            raise _refuse()
        return future.result()

    def close(self) -> None:
        """Wait for the running jobs and drop the rest."""
        self._threads.shutdown(cancel_futures=True)

    def _submit(self, work: Callable[[], Result]) -> Future[Result] | None:
        """Hand `work` to the threads; None when no place is free."""
        if self._process != os.getpid():
            self._start()
        places = self._places
        if not places.acquire(blocking=False):
            return None
        try:
            future = self._threads.submit(copy_context().run, work)
        except BaseException:
            places.release()
            raise
        future.add_done_callback(lambda _: places.release())
        return future

    def _find_delay(self) -> float:
        # Spread evenly, by the golden ratio: refusals of one moment must not all come back in one other.
        return self._refusal_delay * (0.5 + next(self._refused) * _GOLDEN % 1)

    def _start(self) -> None:
        # A forked child has the parent's bookkeeping but none of its threads.
        workers, queue = self._bounds
        self._process = os.getpid()
        self._places = BoundedSemaphore(workers + queue)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="vallum-hashing")


def _refuse() -> HashingBusyError:
    return HashingBusyError("the queue for password hashing is full.", hint="Try again in a moment.")


def count_workers() -> int:
    """How many cores hashing may take: all but one, so that the event loop keeps one."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable - 1)
