"""Work that is done after the answer, so that its time tells nothing: looking up an address, writing to its owner.

An app that has a queue of its own hands the work to that: anything with `add` will do.
"""

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import Full, Queue
from typing import Final, Protocol

from vallum.base.errors import ConfigError

Work = Callable[[], None]
_LOG: Final = logging.getLogger("vallum.jobs")
MOST_WAITING: Final = 1000


class Jobs(Protocol):
    """Takes work and never makes the caller wait for it."""

    def add(self, work: Work) -> None:
        """Have `work` done soon, or once the caller is done."""


class BackgroundJobs:
    """One thread of this process. What waits is lost when the process ends: `close` waits for it.

    When `most` jobs wait, further ones are dropped and the log `vallum.jobs` says so: a full queue must neither make
    the caller wait nor tell her that it is full.
    """

    def __init__(self, *, most: int = MOST_WAITING) -> None:
        """Start with the first job. Raises `ConfigError` for a queue without places."""
        if most < 1:
            raise ConfigError(f"a queue of jobs needs a place or more, not {most}.", code="jobs-queue")
        self._queue: Queue[Work | None] = Queue(most)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, work: Work) -> None:
        """Have `work` done by the thread, with the caller's context; an error in it goes to the log."""
        self._begin()
        context = copy_context()
        try:
            self._queue.put_nowait(lambda: context.run(work))
        except Full:
            _LOG.error("a job was dropped: %d are waiting", self._queue.maxsize)

    def close(self, timeout: float = 10) -> None:
        """Wait until what was added is done, at most `timeout` seconds."""
        thread, self._thread = self._thread, None
        if thread is not None and thread.is_alive():
            self._queue.put(None)
            thread.join(timeout)

    def _begin(self) -> None:
        # A forked child has the attribute, but no thread.
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="vallum-jobs", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            run_logged(work)


class ImmediateJobs:
    """Does the work at once: for tests, and where a job runs in a queue already."""

    def add(self, work: Work) -> None:
        """Do `work` now; an error in it goes to the log, as it would in the background."""
        run_logged(work)


def run_logged(work: Work) -> None:
    """Do `work`; whoever added it is gone, so an error in it can only be logged."""
    try:
        work()
    except Exception:  # noqa: BLE001 - the next job must run
        _LOG.exception("a job failed")
