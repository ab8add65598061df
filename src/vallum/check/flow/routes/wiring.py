"""How apps, routers and blueprints hang together: prefixes, and what runs before a handler at each level."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Dependency, Value
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.flow.index import Index
from vallum.check.flow.module import Definition
from vallum.check.flow.reader import FactReader
from vallum.check.flow.scope import UNRESOLVED, Names, Scope

_CONSTRUCTORS: Final = (
    "Flask", "Blueprint", "FastAPI", "APIRouter", "Starlette", "Router", "Guard", "Litestar",
)  # fmt: skip
_INCLUDES: Final = ("register_blueprint", "include_router", "mount")
_HOOKS: Final = ("before_request", "before_app_request", "middleware", "add_middleware")
_DEEPEST: Final = 6


class Wiring:
    """The object on which a handler is registered, and all that it is mounted on."""

    def __init__(self, facts: FactReader) -> None:
        """Look at constructors, inclusions and hooks when first asked."""
        self.facts = facts

    @property
    def names(self) -> Names:
        """The names of the project."""
        return self.facts.names

    @property
    def index(self) -> Index:
        """The modules of the project."""
        return self.facts.index

    def find_calls(self, words: Iterable[str]) -> Iterator[tuple[Call, Scope]]:
        """The calls whose last word is one of these, with their scope."""
        for word in words:
            for node, scope in self.facts.call_nodes.get(word, ()):
                yield self.facts.call(node, scope), scope

    def identify(self, node: nodes.Expression, scope: Scope) -> str:
        """The qualified name of the variable, not of its value: `shop.views.router`."""
        if isinstance(node, nodes.Name):
            current: Scope | None = scope
            while current is not None:
                if node.id in current.bindings:
                    binding = current.bindings[node.id]
                    if isinstance(binding, str):
                        return self.names.canonical(binding, current.module)
                    return f"{_prefix(current)}.{node.id}"
                current = current.outer
        if isinstance(node, nodes.Attribute):
            return self.names.canonical(f"{self.names.name_of(node.base, scope)}.{node.name}", scope.module)
        return UNRESOLVED

    @cached_property
    def constructors(self) -> dict[str, Call]:
        """The call that made each app or router, by the variable that holds it."""
        made: dict[str, Call] = {}
        for module, definition in self.facts.bodies:
            scope = self.names.scope_of(module, definition)
            for name, binding in scope.bindings.items():
                if isinstance(binding, nodes.Call):
                    call = self.facts.call(binding, scope)
                    if call.method in _CONSTRUCTORS:
                        made[f"{_prefix(scope)}.{name}"] = call
        return made

    @cached_property
    def inclusions(self) -> dict[str, list[tuple[Call, str]]]:
        """For each router the calls that mount it, with the variable on which they do."""
        table: dict[str, list[tuple[Call, str]]] = {}
        for call, scope in self.find_calls(_INCLUDES):
            child = call.argument(1 if call.method == "mount" else 0, "router", "blueprint", "app")
            if child is not None and call.receiver is not None:
                parent = self.identify(call.receiver.node, scope)
                table.setdefault(self.identify(child.node, scope), []).append((call, parent))
        return table

    @cached_property
    def hooks(self) -> dict[str, list[Value]]:
        """What runs before the handlers of each app or router."""
        table: dict[str, list[Value]] = {}
        for call, scope in self.find_calls(_HOOKS):
            if call.receiver is not None and call.arguments and call.method in {"before_request", "add_middleware"}:
                table.setdefault(self.identify(call.receiver.node, scope), []).append(call.arguments[0])
        for definition in self._decorated:
            for node in definition.node.decorators:
                scope = self.names.scope_of(definition.module, definition.outer)
                inner = node.function if isinstance(node, nodes.Call) else node
                if isinstance(inner, nodes.Attribute) and inner.name in _HOOKS:
                    hook = Value(module=definition.module, node=node, name=definition.qualified)
                    key = "" if inner.name == "before_app_request" else self.identify(inner.base, scope)
                    table.setdefault(key, []).append(hook)
        return table

    @property
    def _decorated(self) -> Iterator[Definition]:
        return (
            definition
            for module in self.index.modules
            for definition in module.definitions
            if definition.node.decorators and isinstance(definition.node, nodes.Function)
        )

    def prefixes(self, router: str, depth: int = 0) -> list[str]:
        """Every prefix under which a router is mounted."""
        own = self._prefix_of(self.constructors.get(router))
        mounts = self.inclusions.get(router)
        if not mounts or depth > _DEEPEST:
            return [own]
        found: list[str] = []
        for call, parent in mounts:
            added = self._prefix_of(call)
            if call.method == "mount":
                first = call.constant_of(0, "path")
                added = first if isinstance(first, str) else ""
            middle = added or own if call.method == "register_blueprint" else added + own
            found += [outer + middle for outer in self.prefixes(parent, depth + 1)]
        return found

    def dependencies(self, router: str, depth: int = 0) -> list[Dependency]:
        """What runs before every handler of a router: its own, its parents', and the app's."""
        found: list[Dependency] = []
        call = self.constructors.get(router)
        level = "app" if not self.inclusions.get(router) and depth else "router"
        if call is not None:
            level = "app" if call.method not in {"APIRouter", "Blueprint", "Router"} else "router"
            found += [*self.listed(call, level), *self._middleware_of(call)]
        found += [_dependency(hook, level) for hook in self.hooks.get(router, ())]
        for mount, parent in self.inclusions.get(router, ()):
            found += self.listed(mount, "router")
            if depth <= _DEEPEST and parent != router:
                found += self.dependencies(parent, depth + 1)
        if not depth:
            found += [_dependency(hook, "app") for hook in self.hooks.get("", ())]
        return found

    def listed(self, call: Call, level: str) -> list[Dependency]:
        """The `dependencies=[Depends(x), ...]` of a call."""
        argument = call.argument(None, "dependencies")
        if argument is None or not isinstance(argument.node, nodes.Items):
            return []
        scope = self.scope_at(call)
        return [found for element in argument.node.elements for found in self.depends(element, scope, level)]

    def depends(self, node: nodes.Expression, scope: Scope, level: str, depth: int = 0) -> list[Dependency]:
        """What `Depends(x)` or `Security(x)` names, and what x itself depends on."""
        if isinstance(node, nodes.Name) and depth <= _DEEPEST:
            binding = scope.bindings.get(node.id) or (scope.outer.bindings.get(node.id) if scope.outer else None)
            return self.depends(binding, scope, level, depth + 1) if isinstance(binding, nodes.Call) else []
        if not isinstance(node, nodes.Call):
            return []
        call = self.facts.call(node, scope)
        target = call.argument(0, "dependency")
        if call.method not in {"Depends", "Security"}:
            return []
        if target is None:
            return [Dependency(module=scope.module, node=node, name=call.name, level=level)]
        found = [Dependency(module=scope.module, node=node, name=target.name.removesuffix("()"), level=level)]
        inner = self.index.by_name.get(target.name.removesuffix("()"))
        if inner is not None and isinstance(inner.node, nodes.Function) and depth <= _DEEPEST:
            found += self.parameter_dependencies(inner, level, depth + 1)
        return found

    def parameter_dependencies(self, definition: Definition, level: str, depth: int = 0) -> list[Dependency]:
        """The dependencies that a handler's parameters declare, by default or by annotation."""
        if not isinstance(definition.node, nodes.Function):
            return []
        scope = self.names.scope_of(definition.module, definition)
        found: list[Dependency] = []
        for parameter in definition.node.parameters:
            if parameter.default is not None:
                found += self.depends(parameter.default, scope, level, depth)
            for part, inner in self.annotated(parameter.annotation, scope):
                found += self.depends(part, inner, level, depth)
        return found

    def annotated(
        self, node: nodes.Expression | None, scope: Scope, depth: int = 0
    ) -> list[tuple[nodes.Expression, Scope]]:
        """The extras of `Annotated[T, extra, ...]`, seen through the name of an alias in any module."""
        if isinstance(node, nodes.Subscript) and isinstance(node.index, nodes.Items):
            if self.names.name_of(node.base, scope).rpartition(".")[2] == "Annotated":
                return [(element, scope) for element in node.index.elements[1:]]
            return []
        if isinstance(node, nodes.Name | nodes.Attribute) and depth <= _DEEPEST:
            head, _, last = self.identify(node, scope).rpartition(".")
            module = self.index.find_module(head, scope.module) if head else None
            if module is not None:
                outer = self.names.scope_of(module, None)
                binding = outer.bindings.get(last)
                return self.annotated(binding, outer, depth + 1) if isinstance(binding, nodes.Expression) else []
        return []

    def scope_at(self, call: Call) -> Scope:
        """The scope in which a call stands."""
        definition = call.module.by_node.get(call.function.node) if call.function else None
        return self.names.scope_of(call.module, definition)

    def _prefix_of(self, call: Call | None) -> str:
        if call is None:
            return ""
        prefix = call.constant_of(None, "url_prefix", "prefix", default="")
        return prefix if isinstance(prefix, str) else ""

    def _middleware_of(self, call: Call) -> list[Dependency]:
        found: list[Dependency] = []
        argument = call.argument(None, "middleware")
        if argument is not None and isinstance(argument.node, nodes.Items):
            scope = self.scope_at(call)
            for element in argument.node.elements:
                inner = element.arguments[0] if isinstance(element, nodes.Call) and element.arguments else element
                found.append(_dependency(self.facts.value(inner, scope), "app"))
        if call.method == "Guard":
            found.append(_dependency(call, "app"))
        return found


def _dependency(value: Value | Argument, level: str) -> Dependency:
    return Dependency(module=value.module, node=value.node, name=value.name, constant=value.constant, level=level)


def _prefix(scope: Scope) -> str:
    return scope.definition.qualified if scope.definition else scope.module.name


def read_methods(call: Call, default: tuple[str, ...], wiring: Wiring) -> tuple[str, ...]:
    """The `methods=[...]` of a call, upper case."""
    argument = call.argument(None, "methods")
    if argument is None:
        return default
    value = fold(argument.node, wiring.scope_at(call), wiring.names)
    if value is UNKNOWN or not isinstance(value, list | tuple):
        return ("*",)
    return tuple(str(method).upper() for method in value)
