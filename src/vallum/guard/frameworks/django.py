"""Django: the gate, which runs once the view is known and before other middleware looks at it; sync and async."""

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.authorization.access import CLOSED, Declaration, FoundRoute
from vallum.guard.core import Core
from vallum.guard.exchange import Exchange, current
from vallum.guard.frameworks.declared import (
    check_declared,
    declaration_of_view,
    find_declaration,
    is_declared,
    methods_of,
    refuse_version,
)
from vallum.guard.frameworks.django_body import check_body, check_version
from vallum.guard.frameworks.django_errors import use_safe_errors
from vallum.guard.frameworks.django_exchange import find_exchange
from vallum.guard.frameworks.django_headers import check_headers
from vallum.guard.frameworks.jinja import NONCE, TOKEN
from vallum.guard.verdict import publish
from vallum.guard.wsgi.gate import pass_gate
from vallum.guard.wsgi.wrapper import WsgiGuard

KEEPS: Final = ("authorize-every-endpoint",)


def secure_app(handler: BaseHandler, core: Core) -> AsgiGuard | WsgiGuard:
    """Put the gate before the views of `handler`, and return the guard to serve in its place."""
    views: list[Any] | None = getattr(handler, "_view_middleware", None)
    exceptions: list[Any] | None = getattr(handler, "_exception_middleware", None)
    if views is None or exceptions is None:
        raise refuse_version("Django", "BaseHandler._view_middleware")
    is_async = isinstance(handler, ASGIHandler)
    views.insert(0, gate_async if is_async else gate)
    exceptions.append(answer_publicly)
    prepare_django(core)
    return AsgiGuard(handler, core, gated=True) if is_async else WsgiGuard(handler, core, gated=True)


def prepare_django(core: Core) -> None:
    """Check what the gate leans on, listen to failures, and name the views that declare nothing."""
    check_version()
    check_headers()
    use_safe_errors()
    got_request_exception.connect(note_failure, dispatch_uid="vallum")
    check_declared(undeclared_routes(None, core), find_routes(None), core)


def is_debug(_: BaseHandler) -> bool:
    """Whether Django shows tracebacks."""
    return bool(settings.DEBUG)


def undeclared_routes(_: object, core: Core) -> list[str]:
    """The paths of the views that are closed because nothing says who may come in."""
    walk = _walk(get_resolver().url_patterns, "/")
    return [path for path, view in walk if not is_declared(view, path, core)]


def find_routes(_: object) -> Iterator[FoundRoute]:
    """All views with what tells their declaration by method; Django's paths name none, so a class tells its own."""
    for path, view in _walk(get_resolver().url_patterns, "/"):
        yield methods_of(view) or ["ANY"], path, partial(declaration_of_view, view)


def gate(request: HttpRequest, view: Any, *_: object) -> HttpResponse | None:
    """Judge the request: Django's `process_view`."""
    exchange = current()
    declaration = _find(exchange, request, view)
    return None if declaration is None else _pass(exchange, declaration, request)


async def gate_async(request: HttpRequest, view: Any, *_: object) -> HttpResponse | None:
    """The same under ASGI, without a thread of its own unless the session store waits."""
    exchange = current()
    declaration = _find(exchange, request, view)
    if declaration is None:
        return None
    core: Core = exchange.core
    if not core.waits(exchange, declaration, core.want(exchange, declaration.access or CLOSED)):
        return _pass(exchange, declaration, request)
    import asyncio  # noqa: PLC0415 - loaded already by whoever runs this

    return await asyncio.to_thread(_pass, exchange, declaration, request)


def answer_publicly(_: HttpRequest, error: Exception) -> HttpResponse | None:
    """Answer what a `PublicError` says: Django's `process_exception`."""
    exchange = current()
    refusal = publish(exchange.core, exchange, error)
    if refusal is None:
        return None
    exchange.refusal = refusal
    return HttpResponse(status=refusal.status)


def note_failure(request: HttpRequest | None = None, **_: object) -> None:
    """Keep what Django makes a finished 500 of."""
    exchange, error = find_exchange(request), sys.exc_info()[1]
    if exchange is not None and isinstance(error, Exception):
        exchange.failure = error


def template_values(_: HttpRequest) -> dict[str, Any]:
    """The context processor: `{{ csp_nonce }}`, `{{ csrf_token }}`, and `{% csrf_token %}` with the guard's token."""
    return {"csp_nonce": NONCE, "csrf_token": TOKEN}


def _find(exchange: Exchange, request: HttpRequest, view: object) -> Declaration | None:
    match = request.resolver_match
    exchange.route = "" if match is None else f"/{match.route}"
    return find_declaration(exchange, view, declaration_of_view(view, exchange.method), request.path_info)


def _pass(exchange: Exchange, declaration: Declaration, request: HttpRequest) -> HttpResponse | None:
    refusal = pass_gate(exchange, declaration, partial(check_body, request=request))
    return None if refusal is None else HttpResponse(status=refusal.status)


def _walk(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback
