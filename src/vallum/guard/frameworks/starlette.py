"""Starlette and FastAPI: secured in place; the gate stands at `handle` of every kind of route, before dependencies."""

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final

from starlette import routing
from starlette.applications import Starlette

from vallum.base.errors import ConfigError
from vallum.guard.asgi.gate import pass_gate
from vallum.guard.asgi.types import Receive, Scope, Send
from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.authorization.access import Declaration, declaration_of
from vallum.guard.configuration.startup import check_startup
from vallum.guard.core import Core
from vallum.guard.exchange import KEY, Exchange
from vallum.guard.frameworks.safe_errors import use_safe_errors
from vallum.guard.logging.events import Event, Level

KEEPS: Final = ("authorize-every-endpoint",)

_GATED: Final = "__vallum_gated__"
_CORE: Final = "vallum.core"


def secure_starlette(app: Starlette, core: Core) -> None:
    """Put the guard around `app`, outside of its error page and middleware; decorators and servers keep working."""
    _place_gates()
    build = app.build_middleware_stack

    def build_guarded() -> AsgiGuard:
        _place_gates()  # again, for FastAPI may have been imported since, to be mounted here
        check_startup(core.policy, debug=app.debug)
        _check_routes(app, core)
        use_safe_errors(app)
        return AsgiGuard(build(), core, gated=True)

    app.middleware_stack = None  # an app that has served already is built anew, now with its guard
    app.build_middleware_stack = build_guarded  # type: ignore[method-assign]  # the one place all requests pass


def undeclared_routes(app: Starlette, core: Core) -> list[str]:
    """The routes that are closed because nothing says who may come in, as "METHODS path"."""
    return [_name(route, path) for route, path in _walk(app.routes, "") if not _is_declared(route, path, core)]


def _check_routes(app: Starlette, core: Core) -> None:
    missing = undeclared_routes(app, core)
    if not missing:
        return
    if core.policy.is_production:
        raise ConfigError(
            f"{len(missing)} routes declare nothing: {', '.join(missing)}.",
            hint="Add @public, @signed_in or @requires(...), or an entry in paths; openapi_url=None ends the docs.",
            code="routes-undeclared",
        )
    detail = {"routes": ", ".join(missing)}
    core.policy.sink(Event(name="routes-undeclared", level=Level.WARNING, at=core.policy.clock(), detail=detail))


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
    original: Callable[..., Any] = kind.__dict__.get("handle") or _refuse_version(kind)
    if hasattr(original, _GATED):
        return

    @wraps(original)
    async def handle(route: routing.BaseRoute, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: Exchange | None = scope.get("state", {}).get(KEY)
        declaration = None if exchange is None or _has_routes(route) else _find_declaration(route, exchange, scope)
        if exchange is not None and declaration is not None:
            passed = await pass_gate(exchange, declaration, (scope, receive, send))
            if passed is None:
                return
            receive = passed
        await original(route, scope, receive, send)

    setattr(handle, _GATED, True)
    kind.handle = handle  # type: ignore[attr-defined]  # checked above


def _find_declaration(route: routing.BaseRoute, exchange: Exchange, scope: Scope) -> Declaration | None:
    """What the route declares, or the table says; None when the request has been judged for it already."""
    endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
    declaration = declaration_of(endpoint, exchange.method)
    if exchange.judged and (declaration.access is None or exchange.endpoint is endpoint):
        return None
    exchange.endpoint = endpoint
    if declaration.access is not None:
        return declaration
    path = scope["path"].removeprefix(scope.get("app_root_path", scope.get("root_path", "")))
    core: Core = exchange.core
    return Declaration(access=core.paths.find(path), body_limit=declaration.body_limit, csp=declaration.csp)


def _has_routes(route: object) -> bool:
    return isinstance(route, (routing.Mount, routing.Host)) and bool(route.routes)


def _refuse_version(kind: type) -> Callable[..., Any]:
    raise ConfigError(
        f"{kind.__qualname__} has no `handle` of its own, where the guard puts its gate.",
        hint="This version of Starlette or FastAPI is not supported; install one named in docs/guard.md.",
        code="framework-version",
    )


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


def _is_declared(route: Any, path: str, core: Core) -> bool:
    endpoint = getattr(route, "endpoint", None) or getattr(route, "app", None)
    methods = [name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(endpoint, name)]
    if isinstance(endpoint, type) and methods:
        return all(declaration_of(endpoint, method).access is not None for method in methods) or _in_table(path, core)
    return declaration_of(endpoint).access is not None or _in_table(path, core)


def _in_table(path: str, core: Core) -> bool:
    return core.paths.find(path) is not None or core.paths.find(f"{path}/x") is not None


def _name(route: Any, path: str) -> str:
    methods = sorted(set(getattr(route, "methods", None) or ()) - {"HEAD"})
    return f"{'|'.join(methods) or type(route).__name__} {path}"
