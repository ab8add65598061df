"""Flask: secured in place; the gate is the first `before_request` function, ahead of the app's and its blueprints'."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from flask import Flask, Response, request
from flask.signals import got_request_exception
from werkzeug.exceptions import HTTPException

from vallum.base.errors import ConfigError, RefusedError
from vallum.guard.authorization.access import FoundRoute
from vallum.guard.configuration.startup import check_startup
from vallum.guard.core import Core
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.validation import schema_errors
from vallum.guard.exchange import current
from vallum.guard.frameworks.declared import (
    check_declared,
    declaration_of_view,
    find_declaration,
    is_declared,
    refuse_version,
)
from vallum.guard.frameworks.jinja import NONCE, TOKEN
from vallum.guard.verdict import publish, refuse_raised
from vallum.guard.wsgi.body import prove_form
from vallum.guard.wsgi.environ import KEY, decode_path
from vallum.guard.wsgi.gate import pass_gate
from vallum.guard.wsgi.wrapper import WsgiGuard

KEEPS: Final = ("authorize-every-endpoint",)


def secure_app(app: Flask, core: Core) -> Flask:
    """Put the guard around `app.wsgi_app` and its gate before everything that the app runs for a request."""
    if not isinstance(getattr(app, "before_request_funcs", None), dict):
        raise refuse_version("Flask", "Flask.before_request_funcs")
    try:
        app.context_processor(_template_values)
        app.register_error_handler(PublicError, _answer_publicly)
        app.register_error_handler(RefusedError, _answer_publicly)
        if HTTPException not in app.error_handler_spec[None][None]:
            app.register_error_handler(HTTPException, _answer_http)
    except AssertionError:
        raise ConfigError("this Flask app has served already.", hint="Call Guard(app) first.", code="late") from None
    app.before_request_funcs.setdefault(None, []).insert(0, partial(_gate, app))
    got_request_exception.connect(_note_failure, app)

    def prepare() -> None:
        for kind in schema_errors():  # their values are not for Flask's log either
            app.error_handler_spec[None][None].setdefault(kind, _answer_publicly)
        check_startup(core.policy, debug=app.debug)
        check_declared(undeclared_routes(app, core), find_routes(app), core)

    app.wsgi_app = WsgiGuard(app.wsgi_app, core, gated=True, prepare=prepare)  # type: ignore[method-assign]  # as Flask's documentation does
    return app


def is_debug(app: Flask) -> bool:
    """Whether the app shows tracebacks."""
    return bool(app.debug)


def undeclared_routes(app: Flask, core: Core) -> list[str]:
    """The routes that are closed because nothing says who may come in, as "METHODS path"."""
    return [
        f"{'|'.join(sorted((rule.methods or set()) - {'HEAD', 'OPTIONS'}))} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if not is_declared(app.view_functions.get(rule.endpoint), rule.rule, core)
    ]


def find_routes(app: Flask) -> Iterator[FoundRoute]:
    """All routes with what tells their declaration by method."""
    for rule in app.url_map.iter_rules():
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        yield methods, rule.rule, partial(declaration_of_view, app.view_functions.get(rule.endpoint))


def _gate(app: Flask) -> Response | None:
    rule = request.url_rule
    if rule is None:  # 404, 405 or a redirect to the path with its slash
        return None
    exchange, view, environ = current(), app.view_functions[rule.endpoint], request.environ
    exchange.route = rule.rule
    declared = declaration_of_view(view, exchange.method)
    declaration = find_declaration(exchange, view, declared, decode_path(environ.get("PATH_INFO", "")))
    if declaration is None:
        return None
    refusal = pass_gate(exchange, declaration, partial(prove_form, environ=environ))
    return None if refusal is None else Response(status=refusal.status)


def _answer_publicly(error: Exception) -> Response:
    exchange = current()
    exchange.refusal = publish(exchange.core, exchange, error)
    return Response(status=400 if exchange.refusal is None else exchange.refusal.status)


def _answer_http(error: HTTPException) -> Response | HTTPException:
    """What a handler aborts with, or Werkzeug raises: its status, and not its description."""
    raised: Exception = getattr(error, "original_exception", None) or error
    headers = error.get_headers(request.environ)
    if refuse_raised(current(), raised, error.code or 500, headers):
        return Response(status=error.code)
    return error


def _note_failure(_: Flask, exception: Exception, **_extra: Any) -> None:
    exchange = request.environ.get(KEY)
    if exchange is not None:
        exchange.failure = exception


def _template_values() -> dict[str, Any]:
    return {"csp_nonce": NONCE, "csrf_token": TOKEN, "current": current}
