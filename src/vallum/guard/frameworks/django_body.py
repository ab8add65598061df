"""The body of a Django request, looked at before Django parses it."""

from io import BytesIO
from typing import Any, Final

from django.core.handlers.wsgi import WSGIRequest

from vallum.guard.core import Core
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import LENGTH, TYPE, Exchange
from vallum.guard.frameworks.declared import refuse_version
from vallum.guard.http.limits import SAFE_METHODS, TOO_LARGE
from vallum.guard.sessions.form_token import FIELDS
from vallum.guard.wsgi.body import Body, open_body, search_form

_STREAM: Final = "_stream"
_STARTED: Final = "_read_started"
"""Private to Django, so `check_version` looks for them before the guard starts."""


def check_version() -> None:
    """Raise `ConfigError` unless Django keeps the body where the guard looks for it."""
    request = WSGIRequest({"REQUEST_METHOD": "GET", "wsgi.input": BytesIO()})
    for name in (_STREAM, _STARTED):
        if not hasattr(request, name):
            raise refuse_version("Django", f"HttpRequest.{name}")


def check_body(core: Core, exchange: Exchange, request: Any) -> Refusal | None:
    """Measure a body that came without a length, which only ASGI lets pass; find the CSRF token of a form."""
    stream = getattr(request, _STREAM)
    if exchange.found[LENGTH] is None and exchange.method not in SAFE_METHODS and hasattr(request, "scope"):
        size = stream.seek(0, 2)
        stream.seek(0)
        if size > exchange.body_limit:
            return TOO_LARGE
    if not exchange.owes_token:
        return None
    if getattr(request, _STARTED):  # another middleware was here
        fields = [value for name in FIELDS for value in request.POST.getlist(name.decode())]
        return core.prove(exchange, fields[0].encode() if len(fields) == 1 else None)
    token, first = search_form(stream.read, exchange.found[TYPE] or b"", None)
    setattr(request, _STREAM, open_body(Body(stream, first=first, counted=None)))
    return core.prove(exchange, token)
