"""Litestar: secured in place; the gate stands around what the router finds, before middleware, guards and handlers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Final

from litestar import Litestar, Response
from litestar.exceptions import HTTPException

from vallum.guard.asgi.gate import judge_now, settle
from vallum.guard.asgi.types import App, Receive, Scope, Send
from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.authorization.access import PUBLIC, Access, Declaration, FoundRoute, declaration_of
from vallum.guard.core import Core
from vallum.guard.exchange import KEY, Exchange
from vallum.guard.frameworks.declared import check_declared, find_declaration, is_in_table, refuse_version
from vallum.guard.frameworks.jinja import add_globals
from vallum.guard.verdict import refuse_raised

KEEPS: Final = ("authorize-every-endpoint",)

OPT: Final = "vallum"
"""The key under which `opt` of a handler, controller, router or app holds an `Access`, such as `SIGNED_IN`."""
_REMEMBERED: Final = 1024
_ASKED: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
Found = tuple[Any, Any, str, dict[str, Any], str]
Route = Callable[[str, str | None], Found]


def secure_app(app: Litestar, core: Core) -> Litestar:
    """Put the guard outside of the app's error page and middleware, and its gate where the router answers."""
    router: Any = app.asgi_router
    find: Route | None = getattr(router, "_handle_routing", None)
    if find is None or not callable(getattr(router, "handle_routing", None)):
        raise refuse_version("Litestar", "ASGIRouter.handle_routing")
    router.handle_routing = lru_cache(_REMEMBERED)(_gate_routes(find))
    app.asgi_handler = AsgiGuard(app.asgi_handler, core, gated=True)  # type: ignore[arg-type,assignment]  # the same shape under other names
    app.after_exception.append(_note_failure)
    app.exception_handlers.setdefault(HTTPException, _answer_http)
    environment = getattr(app.template_engine, "engine", None)
    if hasattr(environment, "globals"):
        add_globals(environment)
    check_declared(undeclared_routes(app, core), find_routes(app), core)
    return app


def is_debug(app: Litestar) -> bool:
    """Whether the app shows tracebacks."""
    return bool(app.debug)


def undeclared_routes(app: Litestar, core: Core) -> list[str]:
    """The routes that are closed because nothing says who may come in, as "METHODS path"."""
    return [
        f"{'|'.join(methods)} {path}"
        for methods, path, declare in find_routes(app)
        if declare("").access is None and not is_in_table(path, core)
    ]


def find_routes(app: Litestar) -> Iterator[FoundRoute]:
    """All routes with what tells their declaration; not those that Litestar makes to answer OPTIONS."""
    for route in app.routes:
        handlers: list[Any] = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[union-attr]  # one or the other
        for handler in handlers:
            if not _answers_options(handler):
                methods = sorted(getattr(handler, "http_methods", ())) or [type(handler).__name__]
                yield methods, route.path, partial(_declaring, handler)


def _gate_routes(find: Route) -> Route:
    """The router's own search, with a gate around each app that it finds; the router calls it by keywords."""

    def find_gated(path: str, method: str | None) -> Found:
        app, handler, rest, parameters, template = find(path, method)
        declared = _declared(handler)
        if declared.access is None and _answers_options(handler):
            declared = replace(declared, access=_strictest(find, path))
        return _gate(app, handler, declared, path, template), handler, rest, parameters, template

    return find_gated


def _gate(app: App, handler: object, declared: Declaration, path: str, template: str) -> App:
    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange = scope["state"][KEY]
        exchange.route = template
        declaration = find_declaration(exchange, handler, declared, path)
        refusal = judge_now(exchange, declaration)
        if refusal is None:
            await app(scope, receive, send)
        else:
            await settle(exchange, refusal, declaration, app, (scope, receive, send))

    return gated


def _declaring(handler: Any, _method: str) -> Declaration:
    return _declared(handler)


def _declared(handler: Any) -> Declaration:
    """What stands on the handler or its function, else what its `opt` says, which comes down from the layers above."""
    declared = declaration_of(handler)
    if declared.access is None:
        declared = declaration_of(handler.fn)
    said = handler.opt.get(OPT)
    return replace(declared, access=said) if declared.access is None and isinstance(said, Access) else declared


def _answers_options(handler: Any) -> bool:
    """Tell whether Litestar has made this handler itself, to answer OPTIONS."""
    return "OPTIONS" in getattr(handler, "http_methods", ()) and handler.fn.__module__ == "litestar.routes.http"


def _strictest(find: Route, path: str) -> Access | None:
    """OPTIONS tells which methods a path has: to those who may use every one of them."""
    found: list[Access | None] = []
    for method in _ASKED:
        try:
            found.append(_declared(find(path, method)[1]).access)
        except HTTPException:
            continue
    return next((access for access in found if access is None or not access.open), PUBLIC if found else None)


async def _note_failure(error: Exception, scope: Any) -> None:
    """Keep what becomes a 500, and all that ends a socket: Litestar would close it with the error's own words."""
    exchange: Exchange | None = scope["state"].get(KEY)
    if exchange is None:
        return
    if getattr(error, "status_code", 500) == 500 or exchange.begun:
        exchange.failure = error
    elif scope["type"] == "websocket":
        refuse_raised(exchange, error, getattr(error, "status_code", 500))


def _answer_http(request: Any, error: HTTPException) -> Response[bytes]:
    """What a handler, a guard, a dependency or Litestar itself raises, without its `detail` and `extra`."""
    exchange: Exchange | None = request.scope["state"].get(KEY)
    headers, status = error.headers or {}, error.status_code
    if exchange is not None and refuse_raised(exchange, error, status, headers.items()):
        return Response(b"", status_code=status)
    return Response(b"", status_code=status, headers=headers)
