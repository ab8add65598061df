"""A Django request, opened for the guard, under ASGI or WSGI."""

from typing import Any

from vallum.guard.asgi.gate import read_scope
from vallum.guard.exchange import KEY, Exchange
from vallum.guard.wsgi import environ as wsgi


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
