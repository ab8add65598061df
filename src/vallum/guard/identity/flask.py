"""The endpoints of the accounts in a Flask app, and `current_user` as a proxy, as Flask's own `request` is one.

    from vallum.guard.identity.flask import current_user

    @app.get("/me")
    @signed_in
    def me():
        return {"email": current_user.email}

In templates `current_user` is the same, and false for a visitor.
"""

from collections.abc import Callable
from typing import Any, Final, cast

from flask import Flask, Response, request
from werkzeug.local import LocalProxy

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import accepts_body, grant_access
from vallum.guard.identity.endpoint import MOST_BYTES, Endpoint, Page
from vallum.guard.identity.endpoints import list_endpoints, path_of
from vallum.guard.identity.parts import IdentityParts
from vallum.guard.identity.serving import Answer, serve_ask, show_page
from vallum.guard.identity.users import User, maybe_user
from vallum.guard.identity.users import current_user as find_current

View = Callable[[], Response]

current_user: Final = cast("User", LocalProxy(find_current))
"""The account that is signed in; its first use raises `SignInRequiredError` (401) for a visitor."""


def mount_endpoints(app: Flask, parts: IdentityParts) -> None:
    """Add the rules to `app`. Raises `ConfigError` for an app that has served already."""
    try:
        for endpoint in list_endpoints(parts):
            _add_rules(app, parts, endpoint)
        app.context_processor(_template_values)
    except AssertionError:
        raise ConfigError("this Flask app has served already.", hint="Call Guard(app) first.", code="late") from None


def _add_rules(app: Flask, parts: IdentityParts, endpoint: Endpoint) -> None:
    path = path_of(parts, endpoint)
    serve = _declare(endpoint, _serve(parts, endpoint))
    app.add_url_rule(path, endpoint.name, serve, methods=[endpoint.method])
    if endpoint.page is not None:
        show = _declare(endpoint, _show(parts, endpoint.page))
        app.add_url_rule(path, f"{endpoint.name}-page", show, methods=["GET"])


def _declare(endpoint: Endpoint, view: View) -> View:
    return accepts_body(MOST_BYTES)(grant_access(endpoint.access)(view))


def _serve(parts: IdentityParts, endpoint: Endpoint) -> View:
    def view() -> Response:
        body = request.stream.read(MOST_BYTES + 1)
        return _write(serve_ask(parts, endpoint, request.content_type or "", body))

    return view


def _show(parts: IdentityParts, page: Page) -> View:
    return lambda: _write(show_page(parts, page))


def _write(answer: Answer) -> Response:
    return Response(answer.body, answer.status, headers=list(answer.headers))


def _template_values() -> dict[str, Any]:
    return {"current_user": LocalProxy(maybe_user)}
