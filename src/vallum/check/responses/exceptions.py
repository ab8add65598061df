"""Where the text of an exception goes within one function."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.module import Definition
from vallum.check.flow.scope import Names, Scope
from vallum.check.flow.walk import iter_nodes, iter_scope

_TEXTS: Final = frozenset({
    "args", "message", "msg", "strerror", "filename", "stderr", "stdout", "output", "cmd", "orig", "pgerror", "diag",
    "__traceback__", "__dict__", "doc", "statement",
})  # fmt: skip
_OBJECTS: Final = frozenset({"__cause__", "__context__"})
_TELLERS: Final = frozenset({"str", "repr", "format", "ascii", "vars"})
_KEEPERS: Final = frozenset({
    "strip", "lower", "upper", "title", "capitalize", "replace", "join", "format", "encode", "splitlines", "escape",
    "dumps", "split", "dict", "list", "tuple",
})  # fmt: skip
_GROWERS: Final = frozenset({"append", "extend", "insert", "update"})
_LOOSE: Final = frozenset({"error", "err", "exc", "exception", "ex", "e"})


@dataclass
class ExceptionText:
    """The exceptions of one function, and the variables that hold text of theirs."""

    definition: Definition
    names: Names
    exceptions: set[str] = field(default_factory=set)
    """Variables that are certainly exceptions."""
    loose: set[str] = field(default_factory=set)
    """Parameters that are called like one: they count when they are turned into text by `str` or `repr`."""
    texts: set[str] = field(default_factory=set)

    @property
    def scope(self) -> Scope:
        """The function's scope."""
        return self.names.scope_of(self.definition.module, self.definition)

    def collect(self, caught: frozenset[str]) -> None:
        """Find the exceptions among variables and parameters; `caught` are parameters that a framework fills."""
        body = self.definition.node.body
        for node in iter_scope(body):
            if isinstance(node, nodes.Try):
                self.exceptions.update(handler.name for handler in node.handlers if handler.name)
        if isinstance(self.definition.node, nodes.Function):
            for parameter in self.definition.node.parameters:
                self._enter(parameter, caught)
        for _ in range(3):
            before = len(self.texts)
            for node in iter_scope(body):
                self._follow(node)
            if len(self.texts) == before:
                break

    def _enter(self, parameter: nodes.Parameter, caught: frozenset[str]) -> None:
        kind = self.names.annotation_of(parameter.annotation, self.scope).rpartition(".")[2]
        if parameter.name in caught or kind.endswith(("Error", "Exception")):
            self.exceptions.add(parameter.name)
        elif parameter.annotation is None and parameter.name in _LOOSE:
            self.loose.add(parameter.name)

    def _follow(self, node: nodes.Node) -> None:
        match node:
            case nodes.Assign(value=nodes.Expression() as value, targets=targets) if self.is_text(value):
                self.texts.update(target.id for target in targets if isinstance(target, nodes.Name))
                self.texts.update(
                    target.base.id
                    for target in targets
                    if isinstance(target, nodes.Subscript) and isinstance(target.base, nodes.Name)
                )
            case nodes.Augment(target=nodes.Name(id=name), value=value) if self.is_text(value):
                self.texts.add(name)
            case nodes.Call(function=nodes.Attribute(base=nodes.Name(id=name), name=method), arguments=arguments):
                if method in _GROWERS and any(self.is_text(argument) for argument in arguments):
                    self.texts.add(name)

    def is_exception(self, node: nodes.Expression, *, loose: bool = False) -> bool:
        """Whether an expression is an exception itself."""
        match node:
            case nodes.Name(id=name):
                return name in self.exceptions or (loose and name in self.loose)
            case nodes.Attribute(base=base, name=name):
                return name in _OBJECTS and self.is_exception(base)
        return False

    def is_text(self, node: nodes.Expression) -> bool:
        """Whether an expression holds what an exception says, or a traceback."""
        if isinstance(node, nodes.Name):
            return node.id in self.texts and node.id not in self.exceptions
        if isinstance(node, nodes.Call):
            return self._is_told(node)
        if isinstance(node, nodes.Attribute) and node.name in _TEXTS and self.is_exception(node.base):
            return True
        told, carried = _parts(node)
        return any(map(self._tells, told)) or any(map(self.is_text, carried))

    def _tells(self, node: nodes.Expression) -> bool:
        return self.is_exception(node) or self.is_text(node)

    def _is_told(self, node: nodes.Call) -> bool:
        name = self.names.name_of(node.function, self.scope)
        if name.startswith("traceback.format_") or name == "sys.exc_info":
            return True
        inside = [*node.arguments, *(value for _, value in node.keywords)]
        if name in _TELLERS:
            return any(
                self.is_exception(part, loose=True) or self.is_text(part)
                for argument in inside
                for part in iter_nodes(argument)
                if isinstance(part, nodes.Expression) and not isinstance(part, nodes.Const) and self._is_whole(argument)
            )
        word = node.function.name if isinstance(node.function, nodes.Attribute) else name.rpartition(".")[2]
        if word not in _KEEPERS:
            return False
        receiver = [node.function.base] if isinstance(node.function, nodes.Attribute) else []
        return any(self._tells(part) for part in (*inside, *receiver))

    def _is_whole(self, argument: nodes.Expression) -> bool:
        """`str(error)` and `str(error.errors())` tell what it says, `str(error.code)` does not."""
        match argument:
            case nodes.Attribute(name=name):
                return name in _TEXTS or name in _OBJECTS
            case nodes.Call(function=nodes.Attribute(name=name)):
                return name in {"errors", "json", "format_exc"}
        return True


def _parts(node: nodes.Expression) -> tuple[list[nodes.Expression], list[nodes.Expression]]:
    """The parts that an expression turns into text or lists, and those that it only hands on."""
    told: list[nodes.Expression] = []
    carried: list[nodes.Expression] = []
    match node:
        case nodes.Text(parts=parts):
            told = [part.value for part in parts if isinstance(part, nodes.Hole)]
        case nodes.Binary(operator="+" | "%", left=left, right=right):
            told = [left, right]
        case nodes.Items(elements=elements):
            told = list(elements)
        case nodes.Table(values=values):
            told = list(values)
        case nodes.Choice(then=then, otherwise=otherwise):
            carried = [then, otherwise]
        case nodes.Logic(values=values):
            carried = list(values)
        case nodes.Attribute(base=base) | nodes.Subscript(base=base) | nodes.Await(value=base) | nodes.Star(value=base):
            carried = [base]
    return told, carried


def find_handlers(definition: Definition) -> Iterator[nodes.Handler]:
    """The `except` clauses in a function's own body."""
    for node in iter_scope(definition.node.body):
        if isinstance(node, nodes.Try):
            yield from node.handlers
