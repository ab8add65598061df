"""Django: `urlpatterns`, `include`, class-based views; and views that no pattern of the project names."""

from collections.abc import Iterator
from typing import Any, Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Decorator, Dependency, Function, Route, Value
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.routes.decorated import VERBS, handlers_of
from vallum.check.flow.routes.wiring import Wiring
from vallum.check.flow.scope import Scope

_PATTERNS: Final = ("path", "re_path", "url")
_DEEPEST: Final = 6
_ANSWERS: Final = (
    "HttpResponse", "JsonResponse", "render", "redirect", "HttpResponseRedirect", "StreamingHttpResponse",
    "FileResponse", "HttpResponseBadRequest", "HttpResponseForbidden", "HttpResponseNotFound", "TemplateResponse",
    "HttpResponsePermanentRedirect", "Response",
)  # fmt: skip
_METHOD_DECORATORS: Final = {"require_POST": ("POST",), "require_GET": ("GET",), "require_safe": ("GET", "HEAD")}


def django_routes(wiring: Wiring) -> Iterator[Route]:
    """The views that URL patterns name, then those that look like views and are named by none."""
    middleware = tuple(_middleware(wiring))
    seen: set[str] = set()
    for call, scope in wiring.find_calls(_PATTERNS):
        if not call.name.startswith("django."):
            continue
        for route in _pattern_routes(call, scope, middleware, wiring):
            seen.add(route.handler.qualified)
            yield route
    for definition in _views(wiring):
        handler = wiring.facts.function(definition)
        if handler.qualified not in seen and _answers(handler):
            yield _route(handler, "", (), middleware)


def _pattern_routes(call: Call, scope: Scope, middleware: tuple[Dependency, ...], wiring: Wiring) -> Iterator[Route]:
    target = call.argument(1, "view")
    if target is None:
        return
    wrappers: list[Dependency] = []
    value: Value = target
    while isinstance(value.node, nodes.Call) and not value.name.endswith(".as_view()") and value.node.arguments:
        wrapper = wiring.facts.call(value.node, scope)
        if wrapper.method == "include":
            return
        wrappers.append(Dependency(module=value.module, node=value.node, name=wrapper.name, level="handler"))
        value = wiring.facts.value(value.node.arguments[0], scope)
    path = call.constant_of(0, "route", default="")
    for definition, methods in handlers_of(value, scope, wiring):
        handler = wiring.facts.function(definition)
        for prefix in _prefixes(scope.module, wiring):
            whole = "/" + prefix + (path if isinstance(path, str) else "?")
            yield _route(handler, whole, methods, (*wrappers, *middleware))


def _route(handler: Function, path: str, methods: tuple[str, ...], dependencies: tuple[Dependency, ...]) -> Route:
    if not methods and handler.owner and handler.name in VERBS:
        methods = (handler.name.upper(),)
    return Route(
        framework="django",
        methods=methods or _declared(handler.decorators),
        path=path,
        handler=handler,
        dependencies=dependencies,
        router="django",
        place=handler.place,
    )


def _declared(decorators: tuple[Decorator, ...]) -> tuple[str, ...]:
    for decorator in decorators:
        word = decorator.name.rpartition(".")[2]
        if word in _METHOD_DECORATORS:
            return _METHOD_DECORATORS[word]
        if word in {"require_http_methods", "api_view"} and decorator.arguments:
            named: Any = decorator.arguments[0].constant
            if named is not UNKNOWN and isinstance(named, list | tuple):
                return tuple(str(method).upper() for method in named)
    return ("*",)


def _prefixes(module: Module, wiring: Wiring, depth: int = 0) -> list[str]:
    """The paths under which `include` hangs a module of patterns."""
    found: list[str] = []
    for call, scope in wiring.find_calls(("include",)):
        name = call.constant_of(0, "arg")
        outer = next((pattern for pattern, _ in wiring.find_calls(_PATTERNS) if _holds(pattern, call)), None)
        if not isinstance(name, str) or outer is None or depth > _DEEPEST:
            continue
        if wiring.index.find_module(name, scope.module) is module:
            path = outer.constant_of(0, "route", default="")
            inner = path if isinstance(path, str) else "?"
            found += [prefix + inner for prefix in _prefixes(scope.module, wiring, depth + 1)]
    return found or [""]


def _holds(outer: Call, inner: Call) -> bool:
    return any(argument.node is inner.node for argument in outer.arguments)


def _middleware(wiring: Wiring) -> Iterator[Dependency]:
    for module in wiring.index.modules:
        scope = wiring.names.scope_of(module, None)
        binding = scope.bindings.get("MIDDLEWARE")
        value = fold(binding, scope, wiring.names) if isinstance(binding, nodes.Expression) else UNKNOWN
        if isinstance(binding, nodes.Expression) and isinstance(value, list | tuple):
            for name in value:
                yield Dependency(module=module, node=binding, name=str(name), constant=name, level="app")


def _views(wiring: Wiring) -> Iterator[Definition]:
    for module in wiring.index.modules:
        scope = wiring.names.scope_of(module, None)
        uses_django = any(
            isinstance(binding, str) and binding.startswith(("django.", "rest_framework."))
            for binding in scope.bindings.values()
        )
        if not uses_django:
            continue
        for definition in module.definitions:
            node = definition.node
            if not isinstance(node, nodes.Function) or node.name.startswith("_") or not node.parameters:
                continue
            names = [parameter.name for parameter in node.parameters]
            if (definition.outer is None and names[0] == "request") or (
                definition.owner is not None and names[:2] == ["self", "request"] and node.name in VERBS
            ):
                yield definition


def _answers(handler: Function) -> bool:
    if handler.owner:
        return True
    return any(value.name.removesuffix("()").rpartition(".")[2] in _ANSWERS for value in handler.returns)
