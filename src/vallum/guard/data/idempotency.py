"""A request that comes twice is done once: the first result, under the key that the client chose.

    @idempotent(CELLS, key=lambda request: request.headers.get("Idempotency-Key", ""))
    def pay(request): ...                  # returns what JSON can hold

Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

import functools
import inspect
import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from vallum.guard.data.atomic import Cells, ConflictError
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.guard.logging.context import CURRENT

KEEPS: Final = ("atomic-check-then-act",)

Handler = TypeVar("Handler", bound=Callable[..., Any])
ONE_DAY: Final = 86_400
_RUNNING: Final = "running"
_KEY: Final = re.compile(r"[!-~]{16,255}")


class KeyMissingError(PublicError):
    """The request has no idempotency key of 16 to 255 visible ASCII characters (400)."""

    refusal = Refusal(400, "idempotency-key-missing", "Send an Idempotency-Key of 16 to 255 characters.")
    event = "input-refused"


def idempotent(
    cells: Cells, *, key: Callable[..., str], seconds: float = ONE_DAY, running: float = 60
) -> Callable[[Handler], Handler]:
    """Do what the handler does once for each `key` of the same account, and give the first result to all others.

    `key` gets the handler's arguments. The handler, sync or async, returns what JSON can hold; the result is kept for
    `seconds`. While the first one runs, at most `running` seconds, others get `ConflictError` (409); one that raises
    leaves the key free. Put it under @signed_in: keys of different accounts and paths do not meet.
    """

    def decorate(handler: Handler) -> Handler:
        def name_of(*args: Any, **kwargs: Any) -> str:
            given = key(*args, **kwargs)
            if not _KEY.fullmatch(given):
                raise KeyMissingError("no usable idempotency key")
            return f"{handler.__module__}.{handler.__qualname__} {_scope()} {given}"

        once = _Once(cells, name_of, handler, seconds, running)
        if inspect.iscoroutinefunction(handler):

            @functools.wraps(handler)
            async def call_later(*args: Any, **kwargs: Any) -> Any:
                return await once.run_later(*args, **kwargs)

            return cast("Handler", call_later)

        @functools.wraps(handler)
        def call(*args: Any, **kwargs: Any) -> Any:
            return once.run(*args, **kwargs)

        return cast("Handler", call)

    return decorate


class _Once:
    """One handler and the cells that hold its results."""

    def __init__(
        self, cells: Cells, name_of: Callable[..., str], handler: Callable[..., Any], seconds: float, running: float
    ) -> None:
        self._cells = cells
        self._name_of = name_of
        self._handler = handler
        self._seconds = seconds
        self._running = running

    def run(self, *args: Any, **kwargs: Any) -> Any:
        name = self._name_of(*args, **kwargs)
        known = self._begin(name)
        if known is not None:
            return json.loads(known)
        try:
            result = self._handler(*args, **kwargs)
            self._finish(name, result)
        except BaseException:
            self._give_back(name)
            raise
        return result

    async def run_later(self, *args: Any, **kwargs: Any) -> Any:
        name = self._name_of(*args, **kwargs)
        known = await self._wait(self._begin, name)
        if known is not None:
            return json.loads(known)
        try:
            result = await self._handler(*args, **kwargs)
            await self._wait(self._finish, name, result)
        except BaseException:
            await self._wait(self._give_back, name)
            raise
        return result

    def _begin(self, name: str) -> str | None:
        """The kept result, or None for the one who is to do it. Raises `ConflictError` for all who come meanwhile."""
        if self._cells.claim(name, seconds=self._running, value=_RUNNING):
            return None
        known = self._cells.read(name)
        if known is None or known == _RUNNING:
            raise ConflictError("the same request runs")
        return known

    def _finish(self, name: str, result: object) -> None:
        if not self._cells.compare_and_set(name, _RUNNING, json.dumps(result), seconds=self._seconds):
            raise ConflictError("the request took longer than its key was held")

    def _give_back(self, name: str) -> None:
        self._cells.give_back(name, _RUNNING)

    async def _wait(self, work: Callable[..., Any], *values: Any) -> Any:
        if self._cells.store.at_once:
            return work(*values)
        import asyncio  # noqa: PLC0415 - loaded already by whoever awaits this

        return await asyncio.to_thread(work, *values)


def _scope() -> str:
    exchange = CURRENT.get(None)
    return "" if exchange is None else f"{exchange.actor_id} {exchange.method} {exchange.path}"
