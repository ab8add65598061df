"""A Django request, opened for the guard, under ASGI or WSGI."""

from typing import Any

from vallum.guard.asgi.gate import read_scope
from vallum.guard.asgi.redirect import aim_scope
from vallum.guard.exchange import KEY, Exchange
from vallum.guard.wsgi import environ as wsgi
from vallum.guard.wsgi.redirect import aim_environ


def find_exchange(request: Any) -> Exchange | None:
    """The exchange of a request that a guard has opened."""
    scope = getattr(request, "scope", None)
    place, key = (getattr(request, "META", {}), wsgi.KEY) if scope is None else (scope.get("state", {}), KEY)
    found: Exchange | None = place.get(key)
    return found


def open_exchange(request: Any) -> Exchange:
    """Read the request and leave the exchange where gate and handlers of failures find it."""
    scope = getattr(request, "scope", None)
    exchange = wsgi.read_environ(request.META) if scope is None else read_scope(scope)
    if scope is None:
        request.META[wsgi.KEY] = exchange
    else:
        scope.setdefault("state", {})[KEY] = exchange
    return exchange


def aim_request(exchange: Exchange, request: Any) -> None:
    """Note where a request that came without TLS is sent: to itself, over https."""
    scope = getattr(request, "scope", None)
    if scope is None:
        aim_environ(exchange, request.META, request.path.encode("utf-8", "replace"))
    else:
        aim_scope(exchange, scope)
