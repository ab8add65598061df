"""The parameters that a request is made with: from dictionaries, lists of pairs, `urlencode`, and addresses as text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.folding import fold
from vallum.check.flow.scope import Scope
from vallum.check.project import Project
from vallum.check.readings.origins import origins_of

_CLEAR: Final = frozenset({
    "urlencode", "dumps", "encode", "items", "copy", "OrderedDict", "MultiDict", "QueryDict", "str", "bytes", "list",
    "tuple", "model_dump", "MappingProxyType",
})  # fmt: skip
"""What is called with parameters and gives them back in another shape."""
_HOLE: Final = "\0"
_PAIR: Final = re.compile(r"(?:^|[?&])([\w-]+)=([^&\s]*)")
_OPEN: Final = re.compile(rf"[?&]{_HOLE}|^{_HOLE}$|[^=]{_HOLE}$")
Given = tuple[nodes.Expression, Scope]


@dataclass(kw_only=True)
class Parameters:
    """What is known of the parameters of one request."""

    values: dict[str, Given] = field(default_factory=dict)
    tables: set[int] = field(default_factory=set)
    """The ids of the dictionaries that they come from."""
    open: bool = False
    """Whether further parameters may come from elsewhere."""

    def constant(self, name: str, project: Project) -> object:
        """The folded value of a parameter; `UNKNOWN` when it cannot be told, None when it is not there."""
        given = self.values.get(name)
        return None if given is None else fold(given[0], given[1], project.facts.names)

    def text(self, name: str) -> str:
        """The source of a parameter's value; empty when it is not there."""
        given = self.values.get(name)
        return given[1].module.text_of(given[0]) if given else ""


class ParameterReader:
    """Reads the parameters of a project's requests."""

    def __init__(self, project: Project) -> None:
        """Read in one project."""
        self.project = project
        self.origins = origins_of(project)

    def read(self, node: nodes.Expression, scope: Scope) -> Parameters:
        """The parameters that an expression holds."""
        found = Parameters()
        self._take(node, scope, found, set())
        return found

    def _take(self, node: nodes.Expression, scope: Scope, found: Parameters, seen: set[int]) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        match node:
            case nodes.Name() | nodes.Attribute():
                self._take_named(node, scope, found, seen)
            case nodes.Table():
                self._take_table(node, scope, found, seen)
            case nodes.Binary(operator="|", left=left, right=right) | nodes.Choice(then=left, otherwise=right):
                self._take(left, scope, found, seen)
                self._take(right, scope, found, seen)
            case nodes.Items(elements=elements):
                self._take_pairs(elements, scope, found, seen)
            case nodes.Call():
                self._take_call(node, scope, found, seen)
            case nodes.Comprehension(loops=(nodes.Loop(source=source), *_)):
                self._take(source, scope, found, seen)
            case nodes.Await(value=inner):
                self._take(inner, scope, found, seen)
            case nodes.Const(value=None):
                pass
            case _:
                found.open = True

    def _take_named(self, node: nodes.Name | nodes.Attribute, scope: Scope, found: Parameters, seen: set[int]) -> None:
        values = list(self._assigned(node, scope))
        for value, home in values:
            self._take(value, home, found, seen)
        found.open = found.open or not values
        text = scope.module.text_of(node)
        for near in {scope, *(home for _, home in values)}:
            self._take_changes(text, near, found, seen)

    def _assigned(self, node: nodes.Name | nodes.Attribute, scope: Scope) -> Iterator[Given]:
        """What a name, a module's name or a field of the class is given."""
        if isinstance(node, nodes.Name):
            values, home = self.origins.assigned(node.id, scope)
            if home is not None and values:
                yield from ((value, home) for value in values)
                return
        elif isinstance(node.base, nodes.Name) and node.base.id in {"self", "cls"}:
            yield from self._fields(node.name, scope)
            return
        head, _, last = self.project.facts.names.name_of(node, scope).rpartition(".")
        module = self.project.facts.index.find_module(head, scope.module) if head else None
        if module is not None:
            outer = self.project.facts.names.scope_of(module, None)
            yield from ((value, outer) for value in self.origins.assigned(last, outer)[0])

    def _fields(self, name: str, scope: Scope) -> Iterator[Given]:
        owner = scope.definition.owner if scope.definition else None
        for definition in scope.module.definitions:
            inner = self.project.facts.names.scope_of(scope.module, definition)
            if definition is owner and isinstance(inner.bindings.get(name), nodes.Expression):
                yield from ((value, inner) for value in self.origins.assigned(name, inner)[0])
            elif owner is not None and definition.outer is owner:
                binding = inner.fields.get(name)
                if isinstance(binding, nodes.Expression):
                    yield binding, inner

    def _take_table(self, node: nodes.Table, scope: Scope, found: Parameters, seen: set[int]) -> None:
        found.tables.add(id(node))
        for key, value in zip(node.keys, node.values, strict=True):
            name = fold(key, scope, self.project.facts.names) if key is not None else None
            if key is None:
                self._take(value, scope, found, seen)
            elif isinstance(name, str):
                found.values[name] = (value, scope)
            else:
                found.open = True

    def _take_pairs(
        self, elements: tuple[nodes.Expression, ...], scope: Scope, found: Parameters, seen: set[int]
    ) -> None:
        for element in elements:
            match element:
                case nodes.Items(elements=(nodes.Const(value=str(key)), value)):
                    found.values[key] = (value, scope)
                case nodes.Star(value=inner):
                    self._take(inner, scope, found, seen)
                case _:
                    found.open = True

    def _take_call(self, node: nodes.Call, scope: Scope, found: Parameters, seen: set[int]) -> None:
        known = self.origins.called(node, scope)
        word = node.function.id if isinstance(node.function, nodes.Name) else ""
        if known is not None:
            for result in known.returns:
                self._take(result.node, self.origins.scope_of(known), found, seen)
        elif word == "dict":
            for key, value in node.keywords:
                if key is None:
                    self._take(value, scope, found, seen)
                else:
                    found.values[key] = (value, scope)
            found.tables.add(id(node))
            for argument in node.arguments:
                self._take(argument, scope, found, seen)
        elif word in _CLEAR or (isinstance(node.function, nodes.Attribute) and node.function.name in _CLEAR):
            self._take_clear(node, scope, found, seen)
        else:
            found.open = True

    def _take_clear(self, node: nodes.Call, scope: Scope, found: Parameters, seen: set[int]) -> None:
        """`urlencode(x)`, `json.dumps(x)`, `x.encode()`, `x.items()`."""
        if node.arguments and not isinstance(node.arguments[0], nodes.Const):
            self._take(node.arguments[0], scope, found, seen)
        elif isinstance(node.function, nodes.Attribute):
            self._take(node.function.base, scope, found, seen)

    def _take_changes(self, text: str, scope: Scope, found: Parameters, seen: set[int]) -> None:
        """`form["state"] = ...`, `form.update({...})`, `form |= {...}`, `form.setdefault("state", ...)`."""
        for node in scope.nodes:
            match node:
                case nodes.Assign(value=nodes.Expression() as value, targets=(nodes.Subscript() as target, *_)):
                    key = fold(target.index, scope, self.project.facts.names)
                    if isinstance(key, str) and scope.module.text_of(target.base) == text:
                        found.values[key] = (value, scope)
                case nodes.Augment(operator="|", target=target, value=value) if scope.module.text_of(target) == text:
                    self._take(value, scope, found, seen)
                case nodes.Call(function=nodes.Attribute(name="update" | "setdefault", base=base)):
                    if scope.module.text_of(base) == text:
                        self._take_update(node, scope, found, seen)
                case nodes.Call(function=nodes.Attribute(name="append" | "extend", base=base), arguments=(value, *_)):
                    if scope.module.text_of(base) == text:
                        pairs = value.elements if isinstance(value, nodes.Items) and value.kind == "list" else (value,)
                        self._take_pairs(pairs, scope, found, seen)

    def _take_update(self, node: nodes.Call, scope: Scope, found: Parameters, seen: set[int]) -> None:
        for key, value in node.keywords:
            if key is None:
                self._take(value, scope, found, seen)
            else:
                found.values[key] = (value, scope)
        match node.arguments:
            case (nodes.Const(value=str(key)), value):
                found.values[key] = (value, scope)
            case (value, *_):
                self._take(value, scope, found, seen)

    def read_address(self, node: nodes.Expression, scope: Scope) -> Parameters:
        """The parameters in an address that is written as text: an f-string, a sum, `%` or `format`."""
        holes: list[Given] = []
        text = self._flatten(node, scope, holes)
        found = Parameters(open=_OPEN.search(text) is not None)
        order = [match.start() for match in re.finditer(_HOLE, text)]
        for match in _PAIR.finditer(text):
            at = match.start(2)
            if match[2].startswith(_HOLE) and at in order and order.index(at) < len(holes):
                found.values[match[1]] = holes[order.index(at)]
            else:
                found.values[match[1]] = (_constant(match[2], node), scope)
        return found

    def _flatten(self, node: nodes.Expression, scope: Scope, holes: list[Given]) -> str:
        constant = fold(node, scope, self.project.facts.names)
        if isinstance(constant, str):
            return constant.replace(_HOLE, "")
        match node:
            case nodes.Text(parts=parts):
                return "".join(self._flatten(part, scope, holes) for part in parts)
            case nodes.Hole(value=value):
                return self._flatten(value, scope, holes)
            case nodes.Binary(operator="+", left=left, right=right):
                return self._flatten(left, scope, holes) + self._flatten(right, scope, holes)
            case nodes.Binary(operator="%", left=nodes.Const(value=str(text)), right=right):
                parts = right.elements if isinstance(right, nodes.Items) else (right,)
                holes += [(part, scope) for part in parts]
                return re.sub(r"%[sd]|%\(\w+\)s", _HOLE, text)
            case nodes.Call(function=nodes.Attribute(name="format", base=nodes.Const(value=str(text)))):
                holes += [(part, scope) for part in (*node.arguments, *(value for _, value in node.keywords))]
                return re.sub(r"\{\w*\}", _HOLE, text)
        holes.append((node, scope))
        return _HOLE


def _constant(text: str, near: nodes.Node) -> nodes.Const:
    return nodes.Const(
        line=near.line, column=near.column, end_line=near.end_line, end_column=near.end_column, value=text
    )
