"""What people see when something goes wrong: fixed sentences and the request's id; everything else is in the log."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from vallum.base.errors import RefusedError
from vallum.guard import PublicError, current
from vallum.guard.errors.refusal import phrase_of
from vallum.guard.logging.events import Level

from . import logbook
from .pages import render

WRONG_INPUT: Final = "Something is missing, or has another form than was asked for."
EXTRA: Final = "extra_forbidden"


def answer(request: Request, status: int, text: str, **more: object) -> Response:
    """A page, or JSON below /api/."""
    request_id = current().request_id
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text, "request_id": request_id, **more}, status)
    values = {"title": phrase_of(status), "detail": text, "fields": more.get("fields", [])}
    return render(request, "error.html", values, status=status)


def answer_public(request: Request, error: PublicError) -> Response:
    """A refusal whose sentence is fixed by its class."""
    exchange = current()
    exchange.core.report(exchange, error.event, error.level, cause=error.cause)
    response = answer(request, error.refusal.status, error.refusal.text)
    for name, value in error.refusal.headers:
        response.headers[name.decode()] = value.decode()
    return response


def answer_refused(request: Request, error: RefusedError) -> Response:
    """Input that a block of the guard did not accept."""
    logbook.note("input-refused", Level.WARNING, code=error.code, cause=error.message)
    return answer(request, error.status, phrase_of(error.status) if error.status != 400 else WRONG_INPUT)


def answer_http(request: Request, error: HTTPException) -> Response:
    """What the framework itself refuses: an unknown page, a method that is not used."""
    response = answer(request, error.status_code, phrase_of(error.status_code))
    for name in ("allow", "retry-after"):
        if error.headers and name in {key.lower() for key in error.headers}:
            response.headers[name] = {key.lower(): value for key, value in error.headers.items()}[name]
    return response


def answer_validation(request: Request, error: RequestValidationError) -> Response:
    """400 with the names of the fields, never with what was sent."""
    return answer(request, 400, WRONG_INPUT, fields=sorted({place_of(one) for one in error.errors()} - {""}))


def place_of(failure: Any) -> str:
    """The field's name, unless the client has made it up."""
    return "" if failure["type"] == EXTRA else ".".join(str(part) for part in failure["loc"][1:])


def add_handlers(app: FastAPI) -> None:
    """Put the answers in place of the framework's."""
    handlers: dict[type[Exception], Any] = {
        PublicError: answer_public,
        RefusedError: answer_refused,
        HTTPException: answer_http,
        RequestValidationError: answer_validation,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
