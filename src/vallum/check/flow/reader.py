"""Facts read off the nodes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from vallum.check.flow import nodes
from vallum.check.flow.facts import Argument, Call, Class, Comparison, Decorator, Function, Parameter, Setting, Value
from vallum.check.flow.folding import UNKNOWN, fold
from vallum.check.flow.index import Index
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.scope import UNRESOLVED, Names, Scope


@dataclass(frozen=True, slots=True)
class Seen:
    """What the interpreter saw of one expression, over all the ways on which it came by."""

    name: str
    constant: Any
    tainted: bool
    constants: tuple[Any, ...] = ()
    """The constants that it had on different ways, where it was not always the same."""
    reach: int = 0
    """The kinds of sink for which data in it are still dangerous."""


class Observations(Protocol):
    """What the interpreter saw."""

    def see_name(self, node: nodes.Call) -> str:
        """The qualified name of what is called; empty for a call that was never reached."""

    def see_call(self, node: nodes.Call) -> tuple[Seen, ...] | None:
        """What is called, then each argument and keyword in order; None for a call that was never reached."""


class NothingSeen:
    """The observations of an interpreter that has not run yet."""

    def see_name(self, _node: nodes.Call) -> str:
        """Nothing."""
        return ""

    def see_call(self, _node: nodes.Call) -> tuple[Seen, ...] | None:
        """Nothing."""
        return None


class FactReader:
    """Makes facts of nodes, each once."""

    def __init__(self, index: Index) -> None:
        """Read facts without an interpreter first."""
        self.index = index
        self.names = Names(index)
        self._observations: Observations = NothingSeen()
        self._calls: dict[nodes.Call, Call] = {}
        self._functions: dict[nodes.Function, Function] = {}

    def take_observations(self, observations: Observations) -> None:
        """Read facts anew, now with what the interpreter saw."""
        self._observations = observations
        self._calls.clear()
        self._functions.clear()
        for word, found in list(self.call_nodes.items()):
            for node, scope in tuple(found):
                if not isinstance(node.function, nodes.Attribute):
                    seen = observations.see_name(node).rpartition(".")[2]
                    if seen and seen != word:
                        self.call_nodes.setdefault(seen, []).append((node, scope))

    @cached_property
    def bodies(self) -> list[tuple[Module, Definition | None]]:
        """Every module and every definition: the scopes that code runs in."""
        return [(module, definition) for module in self.index.modules for definition in (None, *module.definitions)]

    @cached_property
    def call_nodes(self) -> dict[str, list[tuple[nodes.Call, Scope]]]:
        """All calls by the last word of what is called."""
        table: dict[str, list[tuple[nodes.Call, Scope]]] = {}
        for module, definition in self.bodies:
            scope = self.names.scope_of(module, definition)
            for node in scope.nodes:
                if node.__class__ is nodes.Call:
                    table.setdefault(self._word(node.function, scope), []).append((node, scope))
        return table

    def iter_body(self, module: Module, definition: Definition | None) -> Iterator[nodes.Node]:
        """The nodes that run in the scope of a module or definition, lambdas' bodies included."""
        return iter(self.names.scope_of(module, definition).nodes)

    def value(self, node: nodes.Expression, scope: Scope) -> Value:
        """An expression as a fact."""
        return Value(module=scope.module, node=node, **self._knowledge(node, scope, None))

    def call(self, node: nodes.Call, scope: Scope) -> Call:
        """A call as a fact."""
        fact = self._calls.get(node)
        if fact is None:
            fact = self._calls[node] = self._make_call(node, scope)
        return fact

    def function(self, definition: Definition) -> Function:
        """A function as a fact."""
        node = definition.node
        if not isinstance(node, nodes.Function):
            raise TypeError(definition.qualified)
        fact = self._functions.get(node)
        if fact is None:
            fact = self._functions[node] = self._make_function(node, definition)
        return fact

    def function_at(self, scope: Scope) -> Function | None:
        """The function whose body a scope is."""
        definition = scope.definition
        return self.function(definition) if definition and isinstance(definition.node, nodes.Function) else None

    def klass(self, definition: Definition) -> Class:
        """A class as a fact."""
        node = definition.node
        if not isinstance(node, nodes.Class):
            raise TypeError(definition.qualified)
        scope = self._around(definition)
        return Class(
            module=definition.module,
            node=node,
            name=node.name,
            qualified=definition.qualified,
            bases=self.bases(definition),
            decorators=tuple(self._decorator(decorator, scope) for decorator in node.decorators),
        )

    def bases(self, definition: Definition, depth: int = 0) -> tuple[str, ...]:
        """The qualified names of a class's bases, and of theirs."""
        if not isinstance(definition.node, nodes.Class) or depth > 8:
            return ()
        names: list[str] = []
        for base in definition.node.bases:
            inner = base.base if isinstance(base, nodes.Subscript) else base
            name = self.names.name_of(inner, self._around(definition))
            names.append(name)
            known = self.index.by_name.get(name)
            if known is not None and known is not definition:
                names.extend(self.bases(known, depth + 1))
        return tuple(dict.fromkeys(names))

    def settings(self, module: Module, definition: Definition | None) -> Iterator[Setting]:
        """The values given to names in one scope."""
        scope = self.names.scope_of(module, definition)
        if definition and isinstance(definition.node, nodes.Function):
            for parameter in definition.node.parameters:
                if parameter.default is not None:
                    yield self._setting(parameter.default, parameter.name, definition.qualified, "default", scope)
        for node in self.iter_body(module, definition):
            yield from self._settings_of(node, scope)

    def comparisons(self, module: Module, definition: Definition | None) -> Iterator[Comparison]:
        """The comparisons in one scope."""
        scope = self.names.scope_of(module, definition)
        for node in self.iter_body(module, definition):
            if not isinstance(node, nodes.Compare):
                continue
            left = node.left
            for operator, right in zip(node.operators, node.others, strict=True):
                yield Comparison(
                    module=module,
                    node=node,
                    left=self.value(left, scope),
                    operator=operator,
                    right=self.value(right, scope),
                    function=self.function_at(scope),
                )
                left = right

    def _settings_of(self, node: nodes.Node, scope: Scope) -> Iterator[Setting]:
        match node:
            case nodes.Assign(value=nodes.Expression() as value, targets=targets):
                for target in targets:
                    yield from self._assigned(target, value, scope)
            case nodes.Call(keywords=keywords) if keywords:
                called = self.call(node, scope).name
                for keyword, value in keywords:
                    if keyword:
                        yield self._setting(value, keyword, called, "keyword", scope)
            case nodes.Table(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, nodes.Const) and isinstance(key.value, str):
                        yield self._setting(value, key.value, "", "key", scope)

    def _assigned(self, target: nodes.Expression, value: nodes.Expression, scope: Scope) -> Iterator[Setting]:
        match target:
            case nodes.Name(id=name):
                outer = scope.definition.qualified if scope.definition else scope.module.name
                yield self._setting(value, name, f"{outer}.{name}", "name", scope)
            case nodes.Attribute(base=base, name=name):
                yield self._setting(value, name, f"{self.names.name_of(base, scope)}.{name}", "attribute", scope)
            case nodes.Subscript(base=base, index=index):
                key = fold(index, scope, self.names)
                if isinstance(key, str):
                    yield self._setting(value, key, f"{self.names.name_of(base, scope)}[{key}]", "item", scope)
            case nodes.Items(elements=targets) if isinstance(value, nodes.Items) and len(value.elements) == len(
                targets
            ):
                for inner, part in zip(targets, value.elements, strict=True):
                    yield from self._assigned(inner, part, scope)

    def _setting(self, node: nodes.Expression, key: str, target: str, form: str, scope: Scope) -> Setting:
        knowledge = self._knowledge(node, scope, None)
        return Setting(module=scope.module, node=node, key=key, target=target, form=form, **knowledge)

    def called(self, node: nodes.Call, scope: Scope) -> str:
        """The qualified name of what is called, as the interpreter saw it or as the names tell it."""
        name = self.names.name_of(node.function, scope)
        seen = self._observations.see_name(node)
        return seen if seen and (UNRESOLVED in name or not seen.startswith(UNRESOLVED)) else name

    def _make_call(self, node: nodes.Call, scope: Scope) -> Call:
        seen = self._observations.see_call(node) or ()
        name = self.called(node, scope)
        arguments: list[Argument] = []
        every: list[tuple[str, int, nodes.Expression]] = [
            ("", place, item) for place, item in enumerate(node.arguments)
        ]
        every += [("**" if key is None else key, -1, item) for key, item in node.keywords]
        for order, (keyword, position, item) in enumerate(every, 1):
            knowledge = self._knowledge(item, scope, seen[order] if order < len(seen) else None)
            if keyword == "**" and isinstance(knowledge["constant"], dict):
                arguments += self._expanded(item, scope, knowledge["constant"])
            else:
                arguments.append(
                    Argument(module=scope.module, node=item, keyword=keyword, position=position, **knowledge)
                )
        receiver = node.function.base if isinstance(node.function, nodes.Attribute) else None
        return Call(
            module=scope.module,
            node=node,
            name=name,
            tainted=any(argument.tainted for argument in arguments),
            arguments=tuple(arguments),
            receiver=self.value(receiver, scope) if receiver else None,
            function=self.function_at(scope),
        )

    def _expanded(self, node: nodes.Expression, scope: Scope, content: dict[Any, Any]) -> list[Argument]:
        return [
            Argument(module=scope.module, node=node, keyword=str(key), constant=value) for key, value in content.items()
        ]

    def _make_function(self, node: nodes.Function, definition: Definition) -> Function:
        scope, around = self.names.scope_of(definition.module, definition), self._around(definition)
        owner = definition.owner
        decorators = [self._decorator(decorator, around) for decorator in node.decorators]
        if owner is not None:
            decorators += [self._decorator(decorator, self._around(owner)) for decorator in owner.node.decorators]
        fact = Function(
            module=definition.module,
            node=node,
            name=node.name,
            qualified=definition.qualified,
            owner=owner.qualified if owner else "",
            owner_bases=self.bases(owner) if owner else (),
            parameters=tuple(self._parameter(parameter, scope) for parameter in node.parameters),
            decorators=tuple(decorators),
        )
        self._functions[node] = fact
        self._fill(fact, scope, definition)
        return fact

    def _fill(self, fact: Function, scope: Scope, definition: Definition) -> None:
        """Calls point back at their function, so the function must be there before them."""
        body = list(self.iter_body(definition.module, definition))
        calls = tuple(self.call(node, scope) for node in body if isinstance(node, nodes.Call))
        returns = [node.value for node in body if isinstance(node, nodes.Return) and node.value is not None]
        raises = [node.value for node in body if isinstance(node, nodes.Raise) and node.value is not None]
        object.__setattr__(fact, "calls", calls)
        object.__setattr__(fact, "returns", tuple(self.value(node, scope) for node in returns))
        object.__setattr__(fact, "raises", tuple(self.value(node, scope) for node in raises))

    def _parameter(self, node: nodes.Parameter, scope: Scope) -> Parameter:
        annotation = None
        if node.annotation is not None:
            name = self.names.annotation_of(node.annotation, scope)
            annotation = Value(module=scope.module, node=node.annotation, name=name)
        default = self.value(node.default, scope) if node.default is not None else None
        return Parameter(name=node.name, kind=node.kind, annotation=annotation, default=default)

    def _decorator(self, node: nodes.Expression, scope: Scope) -> Decorator:
        if isinstance(node, nodes.Call):
            call = self.call(node, scope)
            return Decorator(module=scope.module, node=node, name=call.name, arguments=call.arguments)
        return Decorator(module=scope.module, node=node, name=self.names.name_of(node, scope))

    def _around(self, definition: Definition) -> Scope:
        return self.names.scope_of(definition.module, definition.outer)

    def _word(self, function: nodes.Expression, scope: Scope) -> str:
        if isinstance(function, nodes.Attribute):
            return function.name
        return self.names.name_of(function, scope).rpartition(".")[2]

    def _knowledge(self, node: nodes.Expression, scope: Scope, seen: Seen | None) -> dict[str, Any]:
        constant = fold(node, scope, self.names)
        if constant is UNKNOWN and seen:
            constant = seen.constant
        name = self.names.name_of(node, scope)
        if seen and UNRESOLVED in name and seen.name:
            name = seen.name
        if seen is None:
            return {"name": name, "constant": constant, "tainted": False}
        found = {"name": name, "constant": constant, "tainted": seen.tainted}
        return {**found, "constants": seen.constants, "reach": seen.reach}
