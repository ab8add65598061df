"""A Django request, opened for the guard, under ASGI or WSGI."""

from typing import Any

from vallum.guard.asgi.gate import read_scope
from vallum.guard.exchange import KEY, Exchange
from vallum.guard.wsgi import environ as wsgi


def open_exchange(request: Any) -> Exchange:
    """Read the request and leave the exchange where gate and handlers of failures find it."""
    scope = getattr(request, "scope", None)
    exchange = wsgi.read_environ(request.META) if scope is None else read_scope(scope)
    if scope is None:
        request.META[wsgi.KEY] = exchange
    else:
        scope.setdefault("state", {})[KEY] = exchange
    return exchange
