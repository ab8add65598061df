"""What people see when something goes wrong."""

from urllib.parse import unquote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Notes: {status}</title>
<link rel="stylesheet" href="/static/notes.css"></head><body><main class="narrow"><h1>{status}</h1>{text}
<p><a href="/">Back to the start</a></p></main></body></html>"""


def page_for(request: Request, error: HTTPException):
    """A page that says which address failed, and why."""
    text = f"<p>{unquote(request.url.path)}: {error.detail}</p>"
    return HTMLResponse(FRAME.format(status=error.status_code, text=text), error.status_code)


def http_problem(request: Request, error: HTTPException):
    location = (error.headers or {}).get("Location")
    if location:
        return RedirectResponse(location, error.status_code)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": error.detail}, error.status_code)
    return page_for(request, error)


def validation_problem(request: Request, error: RequestValidationError):
    """Every field with what was sent, so that the front end can show it."""
    return JSONResponse({"error": "Invalid input", "fields": str(error.errors())}, 400)


def add_handlers(app: FastAPI):
    app.add_exception_handler(HTTPException, http_problem)
    app.add_exception_handler(RequestValidationError, validation_problem)
