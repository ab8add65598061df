"""A file of code: its nodes, its dotted name, its definitions, and places in it."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.python.statements import lower_module
from vallum.check.flow.walk import iter_children
from vallum.check.read.source import Source, UnreadableError
from vallum.check.read.syntax import parse_python
from vallum.findings.place import Place

_UNUSUAL: Final = re.compile(r"\b(yield|global|nonlocal)\b")
_ROOTS: Final = ("src",)


class Definition:
    """A function or class, where it is defined, and what it is called there."""

    __slots__ = ("module", "node", "outer", "scope")

    def __init__(self, module: "Module", node: nodes.Function | nodes.Class, outer: "Definition | None") -> None:
        """Name the definition by all that is around it."""
        self.module = module
        self.node = node
        self.outer = outer
        self.scope: str = f"{outer.scope}.{node.name}" if outer else node.name

    @property
    def qualified(self) -> str:
        """The dotted name with the module's: `app.views.Search.get`."""
        return f"{self.module.name}.{self.scope}"

    @property
    def owner(self) -> "Definition | None":
        """The class of a method; None for a plain function."""
        return self.outer if self.outer and isinstance(self.outer.node, nodes.Class) else None


class Module:
    """A file of code."""

    def __init__(self, source: Source, body: tuple[nodes.Statement, ...]) -> None:
        """Keep the nodes; what is derived from them is worked out when it is asked for."""
        self.source = source
        self.body = body
        self.path = source.path
        self.name, self.is_package = name_module(source.path)

    def __repr__(self) -> str:
        """The dotted name."""
        return f"<module {self.name}>"

    @property
    def package(self) -> str:
        """The dotted name against which relative imports are read."""
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @cached_property
    def is_unusual(self) -> bool:
        """Whether it has generators, or functions that assign outer names: few do, and looking is not free."""
        return _UNUSUAL.search(self.source.text) is not None

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Every function and class, outer before inner, in source order; lambdas are not among them."""
        return tuple(_define(self, self.body, None))

    @cached_property
    def by_node(self) -> dict[nodes.Node, Definition]:
        """The definition of each function and class node."""
        return {definition.node: definition for definition in self.definitions}

    @cached_property
    def _scopes(self) -> list[str]:
        scopes = [""] * (len(self.source.lines) + 2)
        for definition in self.definitions:
            for line in range(definition.node.first_line, min(definition.node.end_line, len(scopes) - 1) + 1):
                scopes[line] = definition.scope
        return scopes

    def scope_at(self, line: int) -> str:
        """The dotted name of the innermost function or class around a line; empty at the module's own level."""
        return self._scopes[line] if 0 < line < len(self._scopes) else ""

    def place(self, node: nodes.Node) -> Place:
        """The place of a node, for a report."""
        text = self.source.line(node.line)
        return Place(
            path=self.path,
            line=node.line,
            column=_characters(text, node.column) + 1,
            end_line=node.end_line,
            end_column=_characters(self.source.line(node.end_line), node.end_column) + 1,
            text=text.strip(),
            scope=self.scope_at(node.line),
        )

    def text_of(self, node: nodes.Node) -> str:
        """The source text of a node, as it was written."""
        first, last = self.source.line(node.line), self.source.line(node.end_line)
        start, end = _characters(first, node.column), _characters(last, node.end_column)
        if node.line == node.end_line:
            return first[start:end]
        between = self.source.lines[node.line : node.end_line - 1]
        return "\n".join([first[start:], *between, last[:end]])


def read_module(source: Source) -> Module:
    """Parse and lower one file of Python. Raises `UnreadableError`."""
    tree = parse_python(source)
    try:
        return Module(source, lower_module(tree))
    except RecursionError:
        raise UnreadableError("nested too deeply to be followed") from None


def name_module(path: str) -> tuple[str, bool]:
    """The dotted name under which a path is imported, and whether it is a package's `__init__`."""
    parts = path.rsplit(".", 1)[0].split("/")
    while len(parts) > 1 and (parts[0] in _ROOTS or parts[0] == ".."):
        parts = parts[1:]
    is_package = parts[-1] == "__init__"
    if is_package and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts), is_package


def _define(module: Module, body: tuple[nodes.Node, ...], outer: Definition | None) -> Iterator[Definition]:
    stack = [(node, outer) for node in reversed(body)]
    while stack:
        node, around = stack.pop()
        if isinstance(node, nodes.Function | nodes.Class):
            around = Definition(module, node, around)
            yield around
        elif isinstance(node, nodes.Expression) and not isinstance(node, nodes.Lambda):
            continue
        stack.extend((child, around) for child in reversed(list(iter_children(node))))


def _characters(line: str, column: int) -> int:
    return column if line.isascii() else len(line.encode()[:column].decode(errors="ignore"))
