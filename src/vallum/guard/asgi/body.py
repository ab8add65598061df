"""The request body under ASGI: watched while it comes in, and waited for no longer than the policy says."""

from collections.abc import Generator, Iterator
from time import monotonic
from types import coroutine
from typing import TYPE_CHECKING, Any, Final

from vallum.guard.asgi.types import Message, Receive
from vallum.guard.exchange import ENCODING, Exchange
from vallum.guard.http.limits import BODY_LATE, LimitPolicy

if TYPE_CHECKING:
    from vallum.guard.input.body_watch import BodyWatch

_GONE: Final = "http.disconnect"


class Inlet:
    """The `receive` of a request that has a body. What spoils it disconnects the app, and is the answer."""

    __slots__ = ("_exchange", "_policy", "_receive", "_watch", "_whole")

    def __init__(self, exchange: Exchange, receive: Receive, policy: LimitPolicy) -> None:
        """Nothing has come yet."""
        self._exchange = exchange
        self._receive = receive
        self._policy = policy
        self._watch: BodyWatch | None = None
        self._whole = False

    async def __call__(self) -> Message:
        """The next message, at once where it is there: only waiting sets a timer."""
        exchange = self._exchange
        if exchange.spoiled is not None:
            return {"type": _GONE}
        if self._whole:
            return await self._receive()
        steps = iter(self._receive().__await__())
        try:
            pending = next(steps)
        except StopIteration as ready:
            message: Message = ready.value
        else:
            arrived = await self._wait(steps, pending)
            if arrived is None:
                return {"type": _GONE}
            message = arrived
        if message["type"] != "http.request":
            return message
        self._whole = not message.get("more_body")
        return message if self._passes(message.get("body", b"")) else {"type": _GONE}

    def _passes(self, part: bytes) -> bool:
        if self._whole and self._watch is None and self._is_slight(part):
            return True
        return self._find_watch().feed(part, monotonic()) is None

    def _is_slight(self, part: bytes) -> bool:
        """Tell whether a body that came in one small part can exceed no limit, which needs no counting."""
        exchange = self._exchange
        shape = exchange.body_shape or self._policy.shape
        return (
            len(part) <= min(shape.slight, exchange.body_limit)
            and part.count(b"[") + part.count(b"{") <= shape.depth
            and b"\0" not in part
            and exchange.found[ENCODING] is None
        )

    async def _wait(self, steps: Iterator[Any], pending: Any) -> Message | None:
        """Go on with a `receive` that has begun to wait; None, and the body is spoiled, after the deadline."""
        import asyncio  # noqa: PLC0415 - loaded already by whoever runs this

        watch = self._find_watch()
        limit = asyncio.timeout(watch.deadline - monotonic())
        try:
            async with limit:
                return await _go_on(steps, pending)
        except TimeoutError:
            if not limit.expired():
                raise
            watch.refuse(BODY_LATE)
            return None

    def _find_watch(self) -> "BodyWatch":
        if self._watch is None:
            from vallum.guard.input.body_watch import BodyWatch  # noqa: PLC0415 - with the first body that is counted

            self._watch = BodyWatch(self._exchange, self._policy, monotonic())
        return self._watch


@coroutine
def _go_on(steps: Any, pending: Any) -> Generator[Any, Any, Message]:
    """Drive an awaitable from where it waits for `pending` to its end (PEP 380)."""
    while True:
        try:
            sent = yield pending
        except BaseException as error:  # noqa: BLE001 - a cancellation belongs to who waits
            step = steps.throw, error
        else:
            step = steps.send, sent
        try:
            pending = step[0](step[1])
        except StopIteration as done:
            message: Message = done.value
            return message
