"""Starlette and FastAPI: secured in place; the gate stands at `handle` of every kind of route, before dependencies."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial, wraps
from typing import Any, Final

from starlette import routing
from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from vallum.guard.asgi.gate import judge_now, settle
from vallum.guard.asgi.types import Receive, Scope, Send
from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.authorization.access import Declaration, FoundRoute, declaration_of
from vallum.guard.configuration.startup import check_startup
from vallum.guard.core import Core
from vallum.guard.exchange import KEY, Exchange
from vallum.guard.frameworks.declared import check_declared, find_declaration, is_declared, refuse_version
from vallum.guard.frameworks.safe_errors import use_safe_errors

KEEPS: Final = ("authorize-every-endpoint",)

_GATED: Final = "__vallum_gated__"
_NO_STATE: Final[dict[str, Any]] = {}


def secure_app(app: Starlette, core: Core) -> Starlette:
    """Put the guard around `app`, outside of its error page and middleware; decorators and servers keep working."""
    _place_gates()
    build = app.build_middleware_stack

    def build_guarded() -> AsgiGuard:
        _place_gates()  # again, for FastAPI may have been imported since, to be mounted here
        check_startup(core.policy, debug=app.debug)
        check_declared(undeclared_routes(app, core), find_routes(app), core)
        use_safe_errors(app)
        return AsgiGuard(_inside_errors(build()), core, gated=True)

    app.middleware_stack = None  # an app that has served already is built anew, now with its guard
    app.build_middleware_stack = build_guarded  # type: ignore[method-assign]  # the one place all requests pass
    return app


def _inside_errors(stack: ASGIApp) -> ASGIApp:
    """Leave out Starlette's outermost layer, whose error page the guard would replace, unless the app has its own."""
    return stack.app if type(stack) is ServerErrorMiddleware and stack.handler is None else stack


def is_debug(app: Starlette) -> bool:
    """Whether the app shows tracebacks."""
    return bool(app.debug)


def undeclared_routes(app: Starlette, core: Core) -> list[str]:
    """The routes that are closed because nothing says who may come in, as "METHODS path"."""
    walk = [(route, path) for route, path in _walk(app.routes, "") if not is_declared(_endpoint(route), path, core)]
    return [f"{'|'.join(_methods(route))} {path}" for route, path in walk]


def find_routes(app: Starlette) -> Iterator[FoundRoute]:
    """All routes with what tells their declaration by method."""
    for route, path in _walk(app.routes, ""):
        yield _methods(route), path, partial(declaration_of, _endpoint(route))


def _place_gates() -> None:
    for kind in _route_kinds():
        _gate(kind)


def _route_kinds() -> Iterator[type]:
    yield from (routing.Route, routing.WebSocketRoute, routing.Mount, routing.Host)
    fastapi = sys.modules.get("fastapi.routing")
    if fastapi is not None:
        yield fastapi.APIRoute
        # Private, and newer than some versions that work: without it the seal still closes such files.
        group = getattr(fastapi, "_FrontendRouteGroup", None)
        if group is not None:
            yield group


def _gate(kind: type) -> None:
    """Wrap `handle` on the class, so that routes added later and copies are gated too; asleep without an exchange."""
    original: Callable[..., Awaitable[None]] | None = kind.__dict__.get("handle")
    if original is None:
        raise refuse_version("Starlette or FastAPI", f"{kind.__qualname__}.handle")
    if hasattr(original, _GATED):
        return

    @wraps(original)
    def handle(route: routing.BaseRoute, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        exchange: Exchange | None = scope.get("state", _NO_STATE).get(KEY)
        if exchange is None or exchange.passed is route or _pass_on(route, exchange):
            return original(route, scope, receive, send)
        declaration = _find_declaration(route, exchange, scope)
        refusal = judge_now(exchange, declaration)
        if refusal is None:
            exchange.passed = route
            return original(route, scope, receive, send)
        return settle(exchange, refusal, declaration, partial(original, route), (scope, receive, send))

    setattr(handle, _GATED, True)
    kind.handle = handle  # type: ignore[attr-defined]  # checked above


def _pass_on(route: routing.BaseRoute, exchange: Exchange) -> bool:
    """Keep the template for the access line; True for a route that leaves the judging to those that it holds."""
    template = exchange.route_prefix + getattr(route, "path", "")
    if _has_routes(route):
        exchange.route_prefix = template
        return True
    exchange.route = template
    return False


def _find_declaration(route: routing.BaseRoute, exchange: Exchange, scope: Scope) -> Declaration | None:
    endpoint = _endpoint(route)
    declared = declaration_of(endpoint, exchange.method)
    path = "" if declared.access else scope["path"].removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    return find_declaration(exchange, endpoint, declared, path)


def _endpoint(route: Any) -> object:
    return getattr(route, "endpoint", None) or getattr(route, "app", None)


def _has_routes(route: object) -> bool:
    return isinstance(route, (routing.Mount, routing.Host)) and bool(route.routes)


def _walk(routes: Any, prefix: str) -> Iterator[tuple[Any, str]]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        included = getattr(route, "effective_route_contexts", None)
        if included is not None:
            for context in included():
                inner = context.starlette_route or context.original_route
                yield inner, context.path_format or getattr(inner, "path", "")
        elif _has_routes(route):
            yield from _walk(route.routes, path)
        else:
            yield route, path


def _methods(route: Any) -> list[str]:
    return sorted(set(getattr(route, "methods", None) or ()) - {"HEAD"}) or [type(route).__name__]
