"""What people see when something goes wrong: fixed sentences and the request's id; everything else is in the log."""

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from vallum.base.errors import RefusedError
from vallum.guard import PublicError
from vallum.guard.errors.refusal import phrase_of
from vallum.guard.frameworks import safe_errors
from vallum.guard.logging.events import Level

from . import logbook
from .pages import render

WRONG_INPUT: Final = "Something is missing, or has another form than was asked for."
EXTRA: Final = "extra_forbidden"


def is_api(request: Request) -> bool:
    """Tell whether a program asks: it gets the guard's own answers, problem documents (RFC 9457)."""
    return request.url.path.startswith("/api/")


def show(request: Request, status: int, text: str, fields: list[str] | None = None) -> Response:
    """A page with a fixed sentence."""
    values = {"title": phrase_of(status), "detail": text, "fields": fields or []}
    return render(request, "error.html", values, status=status)


def answer_public(request: Request, error: PublicError) -> Response:
    """A refusal whose sentence is fixed by its class."""
    if is_api(request):
        raise error
    logbook.note(error.event, error.level, cause=error.cause)
    return show(request, error.refusal.status, error.refusal.text)


def answer_refused(request: Request, error: RefusedError) -> Response:
    """Input that a block of the guard did not accept."""
    if is_api(request) or error.status != 400:
        raise error
    logbook.note("input-refused", Level.WARNING, code=error.code, cause=error.message)
    return show(request, 400, WRONG_INPUT)


async def answer_http(request: Request, error: HTTPException) -> Response:
    """What the framework itself refuses: a method that is not used, a body that cannot be read."""
    if is_api(request):
        return await safe_errors.answer_http(request, error)
    response = show(request, error.status_code, phrase_of(error.status_code))
    response.headers.update(error.headers or {})
    return response


async def answer_validation(request: Request, error: RequestValidationError) -> Response:
    """400 with the names of the fields, never with what was sent."""
    if is_api(request):
        return await safe_errors.answer_validation(request, error)
    return show(request, 400, WRONG_INPUT, sorted({place_of(one) for one in error.errors()} - {""}))


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
