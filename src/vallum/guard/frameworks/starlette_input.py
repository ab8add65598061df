"""Starlette handlers that get typed input in the place of the request (FastAPI and Litestar take models themselves).

@public
@checked(RequestShape(body=NewNote))
async def create(data: CheckedRequest) -> Response: ...
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from vallum.guard.input.checked_request import CheckedRequest, RequestShape
from vallum.guard.input.models import InputRefusedError

Handler = Callable[[CheckedRequest], Awaitable[Any]]


def checked(shape: RequestShape) -> Callable[[Handler], Callable[[Request], Awaitable[Any]]]:
    """Decorate a handler: it runs with the typed request, or the guard answers 400, 413 or 415 and it does not run."""

    def decorate(handler: Handler) -> Callable[[Request], Awaitable[Any]]:
        @functools.wraps(handler)
        async def endpoint(request: Request) -> Any:
            data = shape.read(
                body=await _read_body(request, shape.limits.size),
                content_type=request.headers.get("content-type", ""),
                query=request.scope["query_string"],
                path=request.path_params,
                headers=request.headers.items(),
            )
            return await handler(data)

        return endpoint

    return decorate


async def _read_body(request: Request, most: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            refusal = InputRefusedError(f"the body has more than {most} bytes.", code="input-too-large")
            refusal.status = 413
            raise refusal
    return bytes(body)
