"""A thread of its own in which an app in process lives, so that a blocked app cannot block the probe."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as Late
from typing import Any, Final, TypeVar

from vallum.base.errors import VallumError

_Result = TypeVar("_Result")
_GRACE: Final = 2.0


class StuckError(VallumError):
    """The app has blocked its own thread: nothing more can be asked of it."""

    code = "app-stuck"


class Engine:
    """Runs an event loop in a daemon thread."""

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vallum-app", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _Result], timeout: float | None = None) -> _Result:
        """Run a coroutine to its end. Raises `StuckError` when even cancelling it does not help."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(None if timeout is None else timeout + _GRACE)
        except Late:
            if future.done():
                raise
            future.cancel()
            raise StuckError("the app does not return from a request.", hint="A handler blocks without end.") from None

    def call(self, work: Callable[[], _Result], timeout: float | None = None) -> _Result:
        """Run a plain function in the app's thread."""

        async def inner() -> _Result:
            return work()

        return self.run(inner(), timeout)

    def close(self) -> None:
        """Cancel what is left and stop the thread; one that is stuck dies with the process."""
        self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(_GRACE)
        if not self._thread.is_alive():
            self._loop.close()

    def _cancel(self) -> None:
        async def finish() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._loop.shutdown_asyncgens()
            await self._loop.shutdown_default_executor()
            self._loop.stop()

        self._finish = self._loop.create_task(finish())
