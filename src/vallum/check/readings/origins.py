"""Where a value comes from: through local names, returned values of the project's functions, and callers' arguments.

Nothing is run and nothing is weighed: all assignments of a name count. That is coarser than the interpreter's flows and
enough for questions such as "is the token's own header in it".
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Function, Value
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.flow.reader import FactReader
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_children, iter_scope
from vallum.check.project import Project

_DEEPEST = 10
Enters = Callable[[nodes.Call, Scope], bool]
"""Whether what goes into a call comes out of it."""
Origin = tuple[nodes.Node, Scope]


class Origins:
    """The origins of the values of one project."""

    def __init__(self, facts: FactReader) -> None:
        """Look at scopes when they are first asked for."""
        self.facts = facts
        self._tables: dict[Scope, dict[str, list[nodes.Expression]]] = {}

    def scope_of(self, function: Function) -> Scope:
        """The scope of a function's body."""
        return self.facts.names.scope_of(function.module, function.module.by_node[function.node])

    def scope_at(self, value: Value) -> Scope:
        """The scope in which a value stands; that of a decorator or default is the function it belongs to."""
        found = None
        for definition in value.module.definitions:
            if definition.node.line <= value.node.line <= definition.node.end_line:
                found = definition
        return self.facts.names.scope_of(value.module, found)

    def name_of(self, node: nodes.Expression, scope: Scope) -> str:
        """The qualified name of an expression."""
        return self.facts.names.name_of(node, scope)

    def assigned(self, name: str, scope: Scope) -> tuple[list[nodes.Expression], Scope | None]:
        """All that a name is given, and the scope that gives it; no scope for a name from elsewhere."""
        current: Scope | None = scope
        while current is not None:
            if name in current.bindings:
                return self._table(current).get(name, []), current
            current = current.outer
        return [], None

    def trace(
        self,
        node: nodes.Node,
        scope: Scope,
        enters: Enters | None = None,
        *,
        callers: bool = False,
        returns: bool = True,
    ) -> Iterator[Origin]:
        """Every node that the value of an expression is made of, those in functions that are called included.

        With `callers`, a parameter is made of what the project's callers pass for it; without `returns`, a call is made
        of what goes into it, and not of what its function returns.
        """
        seen: set[int] = set()
        stack: list[tuple[nodes.Node, Scope, int]] = [(node, scope, 0)]
        while stack:
            current, home, depth = stack.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            yield current, home
            if depth < _DEEPEST:
                stack += [(inner, place, depth + 1) for inner, place in self._parts(current, home, enters, returns)]
                if callers and isinstance(current, nodes.Name):
                    stack += [(inner, place, depth + 1) for inner, place in self._passed(current.id, home)]

    def _passed(self, name: str, scope: Scope) -> Iterator[Origin]:
        function = self.facts.function_at(scope)
        if function is not None and any(parameter.name == name for parameter in function.parameters):
            yield from self.sent(function, name)

    def _parts(self, node: nodes.Node, scope: Scope, enters: Enters | None, returns: bool) -> Iterator[Origin]:
        if isinstance(node, nodes.Name):
            values, home = self.assigned(node.id, scope)
            yield from ((value, home) for value in values if home is not None)
        elif isinstance(node, nodes.Lambda):
            return
        elif isinstance(node, nodes.Call):
            if returns:
                yield from self._returned(node, scope)
            if enters is None or enters(node, scope):
                yield from ((child, scope) for child in iter_children(node))
        else:
            yield from ((child, scope) for child in iter_children(node))

    def _returned(self, node: nodes.Call, scope: Scope) -> Iterator[Origin]:
        function = self.called(node, scope)
        if function is not None:
            yield from ((value.node, self.scope_of(function)) for value in function.returns)

    def called(self, node: nodes.Call, scope: Scope) -> Function | None:
        """The project's function that a call runs, if it can be told."""
        name = self.facts.call(node, scope).name
        return self.function_named(name) or self.function_named(name.replace("().", "."))

    def function_named(self, name: str) -> Function | None:
        """The project's function with a qualified name."""
        definition = self.facts.index.by_name.get(name)
        if definition is None or not isinstance(definition.node, nodes.Function):
            return None
        return self.facts.function(definition)

    def _table(self, scope: Scope) -> dict[str, list[nodes.Expression]]:
        table = self._tables.get(scope)
        if table is None:
            table = self._tables[scope] = {}
            body = scope.definition.node.body if scope.definition else scope.module.body
            for node in iter_scope(body):
                for target, value in _givings(node):
                    for name in _names(target):
                        table.setdefault(name, []).append(value)
        return table

    def sent(self, function: Function, name: str) -> list[tuple[nodes.Expression, Scope]]:
        """The arguments that callers in the project pass for a parameter."""
        found = []
        for node, scope in self.facts.call_nodes.get(function.name, ()):
            call = self.facts.call(node, scope)
            argument = argument_for(call, function, name)
            if argument is not None and call.name == function.qualified:
                found.append((argument, scope))
        return found

    def constants(self, value: Value, function: Function | None) -> list[object]:
        """The values an expression can have: its own, or what callers pass where it is a plain parameter."""
        if value.known or function is None or not isinstance(value.node, nodes.Name):
            return [value.constant]
        name = value.node.id
        parameter = next((parameter for parameter in function.parameters if parameter.name == name), None)
        if parameter is None:
            return [UNKNOWN]
        found: list[object] = [fold(node, scope, self.facts.names) for node, scope in self.sent(function, name)]
        if parameter.default is not None:
            found.append(parameter.default.constant)
        return found or [UNKNOWN]


def argument_for(call: Call, function: Function, name: str) -> nodes.Expression | None:
    """What a call of a function passes for one of its parameters."""
    names = [parameter.name for parameter in function.parameters]
    position = names.index(name) if name in names else -1
    if function.owner and names and names[0] in {"self", "cls"}:
        position -= 1
    argument = call.argument(position if position >= 0 else None, name)
    return argument.node if argument else None


@lru_cache(maxsize=2)
def origins_of(project: Project) -> Origins:
    """The origins of a project, worked out once."""
    return Origins(project.facts)


def _givings(node: nodes.Node) -> Iterator[tuple[nodes.Expression, nodes.Expression]]:
    match node:
        case nodes.Assign(value=nodes.Expression() as value, targets=targets):
            yield from ((target, value) for target in targets)
        case nodes.Augment(target=target, value=value) | nodes.Walrus(target=target, value=value):
            yield target, value
        case nodes.For(target=target, source=source) | nodes.Loop(target=target, source=source):
            yield target, source
        case nodes.With(items=items):
            yield from ((target, context) for context, target in items if target is not None)


def _names(target: nodes.Expression) -> Iterator[str]:
    match target:
        case nodes.Name(id=name):
            yield name
        case nodes.Items(elements=elements):
            for element in elements:
                yield from _names(element)
        case nodes.Star(value=inner):
            yield from _names(inner)
