"""Handlers registered by decorator or by call: Flask, FastAPI, Starlette."""

from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Dependency, Route, Value
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.routes.wiring import Wiring, read_methods
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_scope

VERBS: Final = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
_DECORATORS: Final = frozenset({*VERBS, "route", "api_route", "websocket", "websocket_route"})
_FRAMEWORKS: Final = ("flask", "fastapi", "starlette")
_ADDERS: Final = ("add_url_rule", "add_api_route", "add_route", "add_websocket_route", "add_api_websocket_route")
_LISTED: Final = ("Route", "WebSocketRoute")


def decorated_routes(wiring: Wiring) -> Iterator[Route]:
    """Functions under `@app.get("/path")` and its like, whatever the object is called."""
    for module in wiring.index.modules:
        for definition in module.definitions:
            if not isinstance(definition.node, nodes.Function):
                continue
            scope = wiring.names.scope_of(module, definition.outer)
            for node in definition.node.decorators:
                if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute):
                    yield from _decorated(node, node.function, definition, scope, wiring)


def added_routes(wiring: Wiring) -> Iterator[Route]:
    """Functions and classes handed to `add_url_rule`, `add_route`, `Route` and their like."""
    for call, scope in wiring.find_calls((*_ADDERS, *_LISTED)):
        if call.method in _LISTED and not call.name.startswith(("starlette.", "fastapi.")):
            continue
        target = call.argument(1, "view_func", "endpoint", "route")
        if call.method == "add_url_rule":
            target = call.argument(2, "view_func")
        if target is None:
            continue
        router = wiring.identify(call.receiver.node, scope) if call.receiver else ""
        framework = "flask" if call.method == "add_url_rule" else framework_of(call.name, call.module, wiring)
        for definition, methods in handlers_of(target, scope, wiring):
            default = methods or (("*",) if call.method.startswith("Web") else ("GET",))
            route = make_route(
                call, definition, framework or "starlette", router, read_methods(call, default, wiring), wiring
            )
            yield from route


def handlers_of(target: Value, scope: Scope, wiring: Wiring) -> Iterator[tuple[Definition, tuple[str, ...]]]:
    """The functions that a target stands for; of a class-based view, each method with its verb."""
    name = target.name.removesuffix("()").removesuffix(".as_view")
    definition = wiring.index.by_name.get(name)
    if definition is None or definition.module is not scope.module:
        found = wiring.index.by_name.get(wiring.names.canonical(name, scope.module))
        definition = found or definition
    if definition is None:
        return
    if isinstance(definition.node, nodes.Function):
        yield definition, ()
        return
    for inner in definition.module.definitions:
        if inner.outer is definition and inner.node.name in VERBS:
            yield inner, (inner.node.name.upper(),)


def make_route(
    call: Call, definition: Definition, framework: str, router: str, methods: tuple[str, ...], wiring: Wiring
) -> Iterator[Route]:
    """One route for each prefix under which the router is mounted."""
    path = call.constant_of(0, "rule", "path", default="")
    handler = wiring.facts.function(definition)
    dependencies: list[Dependency] = [
        *wiring.listed(call, "handler"),
        *wiring.parameter_dependencies(definition, "handler"),
        *wiring.dependencies(router),
    ]
    for prefix in wiring.prefixes(router):
        yield Route(
            framework=framework,
            methods=methods,
            path=prefix + path if isinstance(path, str) else f"{prefix}?",
            handler=handler,
            dependencies=tuple(dependencies),
            router=wiring.constructors[router].name + "()" if router in wiring.constructors else "?",
            place=handler.place,
        )


def framework_of(name: str, module: Module, wiring: Wiring) -> str:
    """The framework that a resolved name belongs to; for an unknown receiver, the one that the module imports."""
    head = name.partition(".")[0]
    if head in _FRAMEWORKS:
        return head
    if name.startswith("vallum."):
        return "starlette"
    imported = _imports(module, wiring)
    return next((framework for framework in _FRAMEWORKS if framework in imported), "")


def _decorated(
    node: nodes.Call, function: nodes.Attribute, definition: Definition, scope: Scope, wiring: Wiring
) -> Iterator[Route]:
    if function.name not in _DECORATORS:
        return
    call = wiring.facts.call(node, scope)
    framework = framework_of(call.name, scope.module, wiring)
    path = call.argument(0, "rule", "path")
    if not framework or path is None or (path.known and not isinstance(path.constant, str)):
        return
    default = ("GET",) if function.name in {"route", "api_route"} else (function.name.upper(),)
    methods = ("*",) if function.name.startswith("websocket") else read_methods(call, default, wiring)
    router = wiring.identify(function.base, scope)
    yield from make_route(call, definition, framework, router, methods, wiring)


def _imports(module: Module, wiring: Wiring) -> set[str]:
    found: set[str] = set()
    for node in iter_scope(module.body):
        if isinstance(node, nodes.Import):
            base = wiring.index.resolve_relative(module, node.module, node.level)
            found.update([base.partition(".")[0], *(name.partition(".")[0] for name, _ in node.names if node.whole)])
    return found
