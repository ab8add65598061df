"""A streamed answer of Django: it is sent after the middleware has returned."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from vallum.guard.exchange import Exchange, enter, leave
from vallum.guard.verdict import report_failure


def follow_stream(exchange: Exchange, response: Any) -> Any:
    """The content of `response`, watched while it is sent."""
    return (_follow_async if response.is_async else _follow)(exchange, response.streaming_content)


def _follow(exchange: Exchange, parts: Iterable[bytes]) -> Iterator[bytes]:
    """A streamed template still asks for its nonce; what fails in it is logged, and cuts the connection."""
    context = enter(exchange)
    try:
        yield from parts
    except Exception as error:
        report_failure(exchange.core, exchange, error)
        raise
    finally:
        leave(context)


async def _follow_async(exchange: Exchange, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same under ASGI."""
    context = enter(exchange)
    try:
        async for part in parts:
            yield part
    except Exception as error:
        report_failure(exchange.core, exchange, error)
        raise
    finally:
        leave(context)
