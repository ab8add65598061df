"""Asks the app object itself for its routes: Starlette, FastAPI, Litestar, Flask, Django. No framework is imported."""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from vallum.probe.collect.routes.handlers import read_handler
from vallum.probe.collect.routes.openapi import read_openapi
from vallum.probe.operation import In, Operation, Parameter

_CONVERTER: Final = re.compile(r"\{(\w+):(\w+)\}")
_ANGLE: Final = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_GROUP: Final = re.compile(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)")
_KINDS: Final = {"int": "integer", "float": "number", "uuid": "string", "path": "string", "str": "string"}
_MEDIA: Final = {In.FILE: "multipart", In.JSON: "json", In.FORM: "form"}
_SHELLS: Final = ("app", "_app", "application", "asgi_app", "wrapped", "_wrapped")
_DEEPEST: Final = 8


def read_routes(app: Any) -> tuple[Operation, ...]:
    """The operations that the app object tells of; nothing for a bare callable."""
    inner = find_inner(app)
    if hasattr(inner, "url_map"):
        return tuple(_flask(inner))
    if "django" in sys.modules and type(inner).__module__.startswith("django."):
        return tuple(_django())
    if type(inner).__module__.startswith("litestar"):
        return tuple(_litestar(inner))
    found = tuple(_starlette(getattr(inner, "routes", ()), ""))
    return (*found, *_described(inner))


def find_inner(app: Any) -> Any:
    """The framework's app inside its wrappers; the app itself when there are none."""
    for _ in range(_DEEPEST):
        if hasattr(app, "routes") or hasattr(app, "url_map") or type(app).__module__.startswith("django."):
            return app
        inner = next((found for name in _SHELLS if callable(found := getattr(app, name, None))), None)
        if inner is None:
            return app
        app = inner
    return app


def _described(app: Any) -> tuple[Operation, ...]:
    """What FastAPI describes of itself, whether or not it serves the document."""
    describe = getattr(app, "openapi", None)
    if not callable(describe):
        return ()
    try:
        return read_openapi(describe())
    except Exception:  # noqa: BLE001 - an app whose description fails still has its routes
        return ()


def _starlette(routes: Iterable[Any], prefix: str, depth: int = 0) -> Iterator[Operation]:
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if callable(contexts):
            yield from _starlette((_effective(context) for context in contexts()), prefix, depth)
            continue
        path = prefix + str(getattr(route, "path", "") or "")
        endpoint = getattr(route, "endpoint", None)
        methods = getattr(route, "methods", None) or (None if _is_socket(route) else _class_methods(endpoint))
        if methods:
            yield from _starlette_route(path, methods, endpoint)
        elif (inner := _inner_routes(route)) and depth < _DEEPEST:
            yield from _starlette(inner, path, depth + 1)
        elif hasattr(route, "app") and path and not _is_socket(route):
            hole = Parameter(name="path", place=In.PATH, form="path")
            yield Operation(method="GET", template=f"{path}/{{path}}", parameters=(hole,), source="routes")


def _class_methods(endpoint: Any) -> list[str]:
    """The methods that a class of handlers has; none for a function or an app."""
    names = ("get", "post", "put", "patch", "delete")
    return [name.upper() for name in names if hasattr(endpoint, name)] if isinstance(endpoint, type) else []


def _effective(context: Any) -> Any:
    return getattr(context, "starlette_route", None) or context


def _inner_routes(route: Any) -> list[Any]:
    inner = getattr(route, "routes", None)
    if inner is None:
        inner = getattr(getattr(route, "app", None), "routes", None)
    return list(inner or ())


def _is_socket(route: Any) -> bool:
    return "WebSocket" in type(route).__name__


def _starlette_route(path: str, methods: Iterable[str], endpoint: Any) -> Iterator[Operation]:
    holes = tuple(_hole(name, kind) for name, kind in re.findall(r"\{(\w+)(?::(\w+))?\}", path))
    template = _CONVERTER.sub(r"{\1}", path)
    yield from _operations(methods, template, holes, endpoint)


def _hole(name: str, kind: str) -> Parameter:
    form = kind if kind in ("uuid", "path") else ""
    return Parameter(name=name, place=In.PATH, kind=_KINDS.get(kind, "string"), form=form, required=True)


def _operations(
    methods: Iterable[str], template: str, holes: tuple[Parameter, ...], handler: Any
) -> Iterator[Operation]:
    for method in sorted(set(methods) - {"HEAD", "OPTIONS"}):
        one = getattr(handler, method.lower(), handler) if isinstance(handler, type) else handler
        read = read_handler(one)
        fitting = tuple(p for p in read if p.place is In.QUERY or method not in ("GET", "DELETE"))
        places = {parameter.place for parameter in fitting}
        media = (
            "multipart" if In.FILE in places else "json" if In.JSON in places else "form" if In.FORM in places else ""
        )
        yield Operation(method=method, template=template, parameters=(*holes, *fitting), media=media, source="routes")


def _flask(app: Any) -> Iterator[Operation]:
    for rule in app.url_map.iter_rules():
        holes = tuple(_hole(name, kind or "str") for kind, name in _ANGLE.findall(rule.rule))
        template = _ANGLE.sub(r"{\2}", rule.rule)
        handler = app.view_functions.get(rule.endpoint)
        view = getattr(handler, "view_class", None)
        yield from _operations(rule.methods or (), template, holes, view or handler)


def _litestar(app: Any) -> Iterator[Operation]:
    for route in getattr(app, "routes", ()):
        for handler in getattr(route, "route_handlers", ()):
            methods = {str(getattr(method, "value", method)) for method in getattr(handler, "http_methods", ())}
            function = getattr(handler, "fn", None)
            yield from _starlette_route(str(route.path_format), methods, getattr(function, "value", function))
    schema = getattr(app, "openapi_schema", None)
    if schema is not None:
        yield from read_openapi(schema.to_schema())


def _django() -> Iterator[Operation]:
    resolver = sys.modules["django.urls"].get_resolver()
    yield from _django_patterns(resolver.url_patterns, "/")


def _django_patterns(patterns: Iterable[Any], prefix: str) -> Iterator[Operation]:
    for entry in patterns:
        template, holes = _django_path(entry.pattern)
        full = (prefix + template).replace("//", "/")
        inner = getattr(entry, "url_patterns", None)
        if inner is not None:
            yield from _django_patterns(inner, full)
            continue
        view = getattr(entry.callback, "view_class", None)
        methods = _class_methods(view) or _django_methods(entry.callback)
        yield from _operations(methods, full, holes, view or entry.callback)


def _django_methods(view: Any) -> list[str]:
    """A function view takes any method; POST counts when it reads a form or a body."""
    return ["GET", "POST"] if any(p.place is not In.QUERY for p in read_handler(view)) else ["GET"]


def _django_path(pattern: Any) -> tuple[str, tuple[Parameter, ...]]:
    text = str(pattern)
    if _ANGLE.search(text) and "(?P" not in text:
        holes = tuple(_hole(name, kind or "str") for kind, name in _ANGLE.findall(text))
        return _ANGLE.sub(r"{\2}", text), holes
    holes = tuple(_hole(name, "str") for name, _ in _GROUP.findall(text))
    return _GROUP.sub(r"{\1}", text).strip("^$").replace("\\", ""), holes
