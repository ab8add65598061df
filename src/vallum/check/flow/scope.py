"""Names resolved without running anything: imports, definitions and plain assignments followed to qualified names.

`sqlite3.connect(path).cursor().execute` is named `sqlite3.connect().cursor().execute`; a subscript adds `[]`; what
cannot be told is `?`, so that an unknown receiver's method is named `?.execute`. The interpreter knows more; this is
what is known of code that it never reached, of decorators and of routes.
"""

import builtins
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.index import Index
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.walk import iter_scope

UNRESOLVED: Final = "?"
_BUILTINS: Final = frozenset(dir(builtins))
_DEEPEST: Final = 12
_BINDING: Final = frozenset({
    nodes.Import, nodes.Function, nodes.Class, nodes.Assign, nodes.Augment, nodes.Walrus, nodes.With, nodes.For,
    nodes.Loop,
})  # fmt: skip
Binding = str | nodes.Expression | nodes.Parameter | None
"""A qualified name, the one expression assigned, a parameter, or None for a name that is assigned more than once."""


class Scope:
    """The names of one module or function."""

    __slots__ = ("bindings", "definition", "fields", "index", "module", "nodes", "outer")

    def __init__(self, index: Index, module: Module, definition: Definition | None, outer: "Scope | None") -> None:
        """Collect what each name of the scope is bound to."""
        self.index = index
        self.module = module
        self.definition = definition
        self.outer = outer
        self.bindings: dict[str, Binding] = {}
        self.fields: dict[str, Binding] = {}
        if definition and isinstance(definition.node, nodes.Function):
            self.bindings.update((parameter.name, parameter) for parameter in definition.node.parameters)
        body = definition.node.body if definition else module.body
        self.nodes: list[nodes.Node] = []
        """All that runs in the scope, in source order, with the bodies of lambdas, which have names of their own."""
        for node in iter_scope(body):
            self.nodes.append(node)
            if node.__class__ in _BINDING:
                self._collect(node)
            elif isinstance(node, nodes.Lambda):
                self.nodes.extend(iter_scope(node.function.body))

    def _collect(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Import):
            self._collect_import(node)
        elif isinstance(node, nodes.Function | nodes.Class):
            inner = self.module.by_node.get(node)
            if inner:
                self.bindings[node.name] = inner.qualified
        else:
            self._collect_targets(node)

    def _collect_targets(self, node: nodes.Node) -> None:
        match node:
            case nodes.Assign(value=nodes.Expression() as value, targets=targets):
                for target in targets:
                    self._bind(target, value)
            case nodes.Augment(target=nodes.Name(id=name)):
                self.bindings[name] = None
            case nodes.Walrus(target=target, value=value):
                self._bind(target, value)
            case nodes.With(items=items):
                for context, variable in items:
                    if variable is not None:
                        self._bind(variable, context)
            case nodes.For(target=target) | nodes.Loop(target=target):
                self._forget(target)

    def _bind(self, target: nodes.Expression, value: nodes.Expression) -> None:
        table, name = self.bindings, ""
        if isinstance(target, nodes.Name):
            name = target.id
        elif isinstance(target, nodes.Attribute) and isinstance(target.base, nodes.Name) and target.base.id == "self":
            table, name = self.fields, target.name
        else:
            self._forget(target)
        if name:
            table[name] = value if name not in table else None

    def _forget(self, target: nodes.Expression) -> None:
        if isinstance(target, nodes.Items):
            for element in target.elements:
                self._forget(element)
        elif isinstance(target, nodes.Star):
            self._forget(target.value)
        elif isinstance(target, nodes.Name):
            self.bindings[target.id] = None

    def _collect_import(self, node: nodes.Import) -> None:
        for name, local in node.names:
            if node.whole:
                self.bindings[local or name.split(".")[0]] = name if local else name.split(".")[0]
            elif name != "*":
                base = self.index.resolve_relative(self.module, node.module, node.level)
                self.bindings[local] = f"{base}.{name}" if base else name


class Names:
    """The scopes of a whole project."""

    def __init__(self, index: Index) -> None:
        """Build scopes when they are first asked for."""
        self.index = index
        self._scopes: dict[object, Scope] = {}

    def scope_of(self, module: Module, definition: Definition | None) -> Scope:
        """The scope of a function, a class or, without a definition, of the module itself."""
        key = definition or module
        scope = self._scopes.get(key)
        if scope is None:
            outer = self.scope_of(module, definition.outer) if definition else None
            scope = self._scopes[key] = Scope(self.index, module, definition, outer)
        return scope

    def name_of(self, node: nodes.Expression, scope: Scope, depth: int = 0) -> str:
        """The qualified name of an expression; `?` if it cannot be told."""
        if depth > _DEEPEST:
            return UNRESOLVED
        match node:
            case nodes.Name(id=name):
                return self._look_up(name, scope, depth)
            case nodes.Attribute(base=nodes.Name(id="self"), name=name):
                return self._field(name, scope, depth)
            case nodes.Attribute(base=base, name=name):
                return self.canonical(f"{self.name_of(base, scope, depth + 1)}.{name}", scope.module)
            case nodes.Call(function=function):
                return f"{self.name_of(function, scope, depth + 1)}()"
            case nodes.Subscript(base=base):
                return f"{self.name_of(base, scope, depth + 1)}[]"
            case nodes.Await(value=value) | nodes.Walrus(value=value) | nodes.Star(value=value):
                return self.name_of(value, scope, depth + 1)
        return UNRESOLVED

    def canonical(self, name: str, near: Module) -> str:
        """A dotted name with re-exports within the project followed to where the thing is defined."""
        for _ in range(_DEEPEST):
            head, _, last = name.rpartition(".")
            module = self.index.find_module(head, near) if head and "(" not in head else None
            if module is None:
                return name
            binding = self.scope_of(module, None).bindings.get(last)
            if not isinstance(binding, str) or binding == name:
                return f"{module.name}.{last}" if last in self.scope_of(module, None).bindings else name
            name, near = binding, module
        return name

    def _look_up(self, name: str, scope: Scope, depth: int) -> str:
        current: Scope | None = scope
        while current is not None:
            is_class = current.definition and isinstance(current.definition.node, nodes.Class)
            if name in current.bindings and (current is scope or not is_class):
                return self._bound(current.bindings[name], current, depth)
            current = current.outer
        return name if name in _BUILTINS else UNRESOLVED

    def _bound(self, binding: Binding, scope: Scope, depth: int) -> str:
        if isinstance(binding, str):
            return self._made(self.canonical(binding, scope.module), scope.module, depth)
        if isinstance(binding, nodes.Parameter):
            kind = self.annotation_of(binding.annotation, scope, depth)
            return f"{kind}()" if kind != UNRESOLVED else UNRESOLVED
        return UNRESOLVED if binding is None else self.name_of(binding, scope, depth + 1)

    def _made(self, name: str, near: Module, depth: int) -> str:
        """What a module's variable was made by, if by a call: `app` of another file is `flask.Flask()` here too."""
        head, _, last = name.rpartition(".")
        module = self.index.find_module(head, near) if head else None
        outer = self.scope_of(module, None) if module else None
        binding = outer.bindings.get(last) if outer else None
        if outer is None or not isinstance(binding, nodes.Call):
            return name
        made = self.name_of(binding, outer, depth + 1)
        return name if made.startswith(UNRESOLVED) else made

    def annotation_of(self, annotation: nodes.Expression | None, scope: Scope, depth: int = 0) -> str:
        """The qualified name of the class that an annotation names, through Optional, Annotated and `| None`."""
        if depth > _DEEPEST:
            return UNRESOLVED
        match annotation:
            case None:
                return UNRESOLVED
            case nodes.Subscript(base=base, index=index):
                outer = self.name_of(base, scope, depth + 1).rpartition(".")[2]
                first = index.elements[0] if isinstance(index, nodes.Items) and index.elements else index
                if outer in {"Annotated", "Optional", "Final", "ClassVar"}:
                    return self.annotation_of(first, scope, depth + 1)
                return self.name_of(base, scope, depth + 1)
            case nodes.Binary(operator="|", left=left, right=right):
                side = right if isinstance(left, nodes.Const) else left
                return self.annotation_of(side, scope, depth + 1)
            case nodes.Const(value=str(text)) if text.replace(".", "").isidentifier():
                head, *rest = text.split(".")
                return ".".join([self._look_up(head, scope, depth + 1), *rest])
        return self.name_of(annotation, scope, depth + 1)

    def _field(self, name: str, scope: Scope, depth: int) -> str:
        owner: Definition | None = scope.definition
        while owner is not None and not isinstance(owner.node, nodes.Class):
            owner = owner.outer
        if owner is None:
            return f"{UNRESOLVED}.{name}"
        for definition in owner.module.definitions:
            if definition.outer is owner and isinstance(definition.node, nodes.Function):
                inner = self.scope_of(owner.module, definition)
                if inner.fields.get(name) is not None:
                    return self._bound(inner.fields[name], inner, depth + 1)
        table = self.scope_of(owner.module, owner).bindings
        return f"{owner.qualified}.{name}" if name in table else f"{owner.qualified}().{name}"
