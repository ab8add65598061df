"""The body of a Django request, looked at before Django parses it."""

from io import BytesIO
from typing import Any, Final

from django.core.handlers.wsgi import WSGIRequest

from vallum.guard.core import Core
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import CODING, LENGTH, TYPE, Exchange
from vallum.guard.frameworks.declared import refuse_version
from vallum.guard.http.limits import SAFE_METHODS
from vallum.guard.sessions.form_token import FIELDS
from vallum.guard.wsgi.body import Body, BodySpoiledError, judge_parts, open_body, search_form

_STREAM: Final = "_stream"
_PART: Final = 65_536
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
    if hasattr(request, "scope"):
        if (refusal := _judge_whole(exchange, stream)) is not None:
            return refusal
    elif exchange.spoiled is None and not getattr(request, _STARTED) and _has_body(exchange):
        stream = open_body(Body(stream, watch=judge_parts(exchange)))
        setattr(request, _STREAM, stream)
    if not exchange.owes_token:
        return None
    if getattr(request, _STARTED):  # another middleware was here
        fields = [value for name in FIELDS for value in request.POST.getlist(name.decode())]
        return core.prove(exchange, fields[0].encode() if len(fields) == 1 else None)
    try:
        token, first = search_form(stream.read, exchange.found[TYPE] or b"", None)
    except BodySpoiledError:
        return exchange.spoiled
    setattr(request, _STREAM, open_body(Body(stream, first=first)))
    return core.prove(exchange, token)


def _has_body(exchange: Exchange) -> bool:
    found = exchange.found
    return exchange.method not in SAFE_METHODS or found[LENGTH] is not None or found[CODING] is not None


def _judge_whole(exchange: Exchange, stream: Any) -> Refusal | None:
    """Judge a body that Django has read under ASGI, before it parses it."""
    judge = judge_parts(exchange)
    while (part := stream.read(_PART)) and judge(part):
        pass
    stream.seek(0)
    return exchange.spoiled
