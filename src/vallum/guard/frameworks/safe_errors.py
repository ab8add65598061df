"""FastAPI's and Starlette's own 4xx answers, without an echo of the input and with the request id (CWE-209)."""

import re
import sys
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vallum.guard.errors.refusal import Refusal, phrase_of, refusal_for, wants_page
from vallum.guard.exchange import ACCEPT, current

KEEPS: Final = ("validation-errors-safe",)

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_PROBLEM: Final = "application/problem+json"
_WRONG_FORM: Final = "The request does not have the expected form."
_CLIENTS_OWN: Final = "extra_forbidden"
"""The error whose last part of the place is a name that the client made up."""


def use_safe_errors(app: Starlette) -> None:
    """Replace the framework's default handlers; one that the app has registered stays."""
    handlers: dict[Any, Any] = app.exception_handlers
    fastapi = sys.modules.get("fastapi")
    if fastapi is None or not isinstance(app, fastapi.FastAPI):
        handlers.setdefault(HTTPException, answer_http)
        return
    from fastapi import exception_handlers as defaults  # noqa: PLC0415 - FastAPI is optional
    from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError  # noqa: PLC0415 - as above

    for kind, default, safe in (
        (HTTPException, defaults.http_exception_handler, answer_http),
        (RequestValidationError, defaults.request_validation_exception_handler, answer_validation),
        (WebSocketRequestValidationError, defaults.websocket_request_validation_exception_handler, close_validation),
    ):
        if handlers.get(kind) is default:
            handlers[kind] = safe


async def answer_http(_request: Request, error: HTTPException) -> Response:
    """The error that the handler raised, with its own `detail`, as problem+json or an error page."""
    if error.status_code in {204, 304}:
        return Response(status_code=error.status_code, headers=error.headers)
    if _shows_pages():
        return _page(error.status_code, error.detail, headers=error.headers)
    return _problem(error.status_code, error.detail or phrase_of(error.status_code), headers=error.headers)


async def answer_validation(_request: Request, error: Any) -> Response:
    """400 with the place and the code of each failure, never the submitted value (ASVS 2.2.1, 16.5.1)."""
    fields = sorted({_place(failure).partition(".")[2] for failure in error.errors()} - {""})
    if _shows_pages():
        return _page(400, f"{_WRONG_FORM} Look at: {', '.join(fields)}." if fields else _WRONG_FORM)
    failures = [{"field": _place(failure), "code": str(failure["type"])} for failure in error.errors()]
    return _problem(400, _WRONG_FORM, errors=failures)


async def close_validation(websocket: Any, _error: Any) -> None:
    """Close without telling what was wrong."""
    await websocket.close(code=1008)


def _shows_pages() -> bool:
    return wants_page(current().found[ACCEPT])


def _page(status: int, text: object, *, headers: Any = None) -> Response:
    """An error page, the app's own if it has one; a `detail` that is no sentence is for programs."""
    refusal = Refusal(status, refusal_for(status).code, text if isinstance(text, str) else "")
    exchange = current()
    kind, body = exchange.core.render(exchange, refusal)
    return Response(body, status, headers=headers, media_type=kind.decode())


def _problem(status: int, detail: object, *, headers: Any = None, **members: object) -> Response:
    content = {"type": "about:blank", "title": phrase_of(status), "status": status, "detail": detail}
    content |= {"request_id": current().request_id, **members}
    return JSONResponse(content, status, headers=headers, media_type=_PROBLEM)


def _place(failure: Any) -> str:
    parts = failure["loc"][:-1] if failure["type"] == _CLIENTS_OWN else failure["loc"]
    return ".".join(str(part) if isinstance(part, int) or _NAME.fullmatch(part) else "?" for part in parts)
