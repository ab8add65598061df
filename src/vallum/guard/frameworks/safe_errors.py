"""FastAPI's and Starlette's own error answers, without an echo of the input and with the request id (CWE-209)."""

import sys
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from vallum.guard.exchange import current
from vallum.guard.verdict import refuse_raised

KEEPS: Final = ("validation-errors-safe", "generic-errors")

_POLICY_VIOLATION: Final = 1008


def use_safe_errors(app: Starlette) -> None:
    """Replace the framework's default handlers, also of apps that are mounted; one that an app has registered stays."""
    handlers: dict[Any, Any] = app.exception_handlers
    fastapi = sys.modules.get("fastapi")
    if fastapi is not None and isinstance(app, fastapi.FastAPI):
        _replace_defaults(handlers)
    else:
        handlers.setdefault(HTTPException, answer_http)
    for route in app.routes:
        mounted = getattr(route, "app", None)
        if isinstance(mounted, Starlette) and mounted is not app:
            use_safe_errors(mounted)


def _replace_defaults(handlers: dict[Any, Any]) -> None:
    from fastapi import exception_handlers as defaults  # noqa: PLC0415 - FastAPI is optional
    from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError  # noqa: PLC0415 - as above

    for kind, default, safe in (
        (HTTPException, defaults.http_exception_handler, answer_http),
        (RequestValidationError, defaults.request_validation_exception_handler, answer_validation),
        (WebSocketRequestValidationError, defaults.websocket_request_validation_exception_handler, close_validation),
    ):
        if handlers.get(kind) is default:
            handlers[kind] = safe


async def answer_http(_connection: Any, error: HTTPException) -> Response:
    """What a handler, a dependency or the router raises: its status and headers, and not its `detail`."""
    exchange, status = current(), error.status_code
    refused = refuse_raised(exchange, error, status, (error.headers or {}).items())
    return Response(status_code=status) if refused else Response(status_code=status, headers=error.headers)


async def answer_validation(_request: Any, error: Any) -> Response:
    """400 with the place and the code of each failure, never the submitted value (ASVS 2.2.1, 16.5.1)."""
    return Response(status_code=400 if refuse_raised(current(), error, 400) else 500)


async def close_validation(websocket: Any, _error: Any) -> None:
    """Close without telling what was wrong."""
    await websocket.close(code=_POLICY_VIOLATION)
