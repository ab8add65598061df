"""How long an ASGI app may take until its answer begins."""

import asyncio
from collections.abc import Callable
from typing import Any

from vallum.guard.asgi.types import App, Receive, Scope, Send
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import UNAVAILABLE
from vallum.guard.exchange import current
from vallum.guard.logging.events import Level


class HandlerLateError(PublicError):
    """The app has not answered in time and was cancelled (503)."""

    refusal = UNAVAILABLE
    level = Level.ERROR
    event = "handler-late"


def limit_time(app: App, seconds: float) -> App:
    """Cancel `app` when its answer to an HTTP request has not begun after `seconds`; a stream may go on for ever."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        exchange, loop, limit = current(), asyncio.get_running_loop(), asyncio.timeout(None)

        def expire() -> None:
            if not (exchange.begun or exchange.answered):
                limit.reschedule(loop.time())

        timer = loop.call_later(seconds, expire)
        try:
            async with limit:
                await app(scope, receive, send)
        except TimeoutError:
            if limit.expired():
                raise HandlerLateError(f"no answer after {seconds} s") from None
            raise
        finally:
            timer.cancel()

    return timed


def limit_call(call: Callable[[Any], Any], seconds: float) -> Callable[[Any], Any]:
    """The same for a function whose result is the beginning of the answer."""

    async def timed(request: Any) -> Any:
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await call(request)
        except TimeoutError:
            if limit.expired():
                raise HandlerLateError(f"no answer after {seconds} s") from None
            raise

    return timed
