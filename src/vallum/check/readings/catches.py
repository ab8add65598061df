"""What is caught, and what becomes of it: the `except` clauses of a project."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call
from vallum.check.flow.module import Definition, Module
from vallum.check.flow.scope import Scope
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.findings.place import Place

_DIRECTIVE: Final = re.compile(
    r"(?:noqa|pragma|type|nosec|pylint|pyright)\b[:\s]*[\w ,=\[\]-]*?(?:--? |$)", re.IGNORECASE
)
_REASON: Final = 3
"""So many words make a reason."""
_BROAD: Final = frozenset({"", "Exception", "BaseException"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Catch:
    """One `except` clause."""

    module: Module
    definition: Definition | None
    scope: Scope
    attempt: nodes.Try
    handler: nodes.Handler
    names: tuple[str, ...]
    """The qualified names of the classes that are caught; none for a bare `except`."""

    @property
    def words(self) -> tuple[str, ...]:
        """Their last words: `ValueError`."""
        return tuple(name.rpartition(".")[2] for name in self.names)

    @property
    def is_broad(self) -> bool:
        """Whether everything is caught."""
        return not self.names or any(name.removeprefix("builtins.") in _BROAD for name in self.names)

    @property
    def place(self) -> Place:
        """The line of the `except`."""
        return self.module.place(self.handler)

    def nodes(self) -> Iterator[nodes.Node]:
        """All nodes of the clause's body."""
        for statement in self.handler.body:
            yield from iter_nodes(statement)

    def calls(self, project: Project) -> list[Call]:
        """The calls of the clause's body."""
        return [project.facts.call(node, self.scope) for node in self.nodes() if isinstance(node, nodes.Call)]

    @property
    def raises(self) -> bool:
        """Whether the clause raises, again or anew."""
        return any(isinstance(node, nodes.Raise) for node in self.nodes())

    @property
    def uses_error(self) -> bool:
        """Whether the caught exception is read by its name."""
        name = self.handler.name
        return bool(name) and any(isinstance(node, nodes.Name) and node.id == name for node in self.nodes())

    @property
    def has_comment(self) -> bool:
        """Whether a comment stands in the clause, which tells the reason."""
        last = max((part.end_line for part in self.handler.body), default=self.handler.line)
        lines = self.module.source.lines[self.handler.line - 1 : last]
        return any(len(_DIRECTIVE.sub("", line.partition("# ")[2]).split()) >= _REASON for line in lines)


@lru_cache(maxsize=2)
def find_catches(project: Project) -> tuple[Catch, ...]:
    """Every `except` clause outside tests, in the order of the files."""
    return tuple(_catches(project))


def _catches(project: Project) -> Iterator[Catch]:
    names = project.facts.names
    for module, definition in project.facts.bodies:
        if "except" not in module.source.text or is_test(module.path):
            continue
        scope = names.scope_of(module, definition)
        for node in scope.nodes:
            if node.__class__ is nodes.Try and isinstance(node, nodes.Try):
                for handler in node.handlers:
                    caught = tuple(_name(part, scope, project) for part in _classes(handler.caught))
                    yield Catch(
                        module=module, definition=definition, scope=scope, attempt=node, handler=handler, names=caught
                    )


def _name(caught: nodes.Expression, scope: Scope, project: Project) -> str:
    """The qualified name of a class; as it is written when nobody knows where it comes from."""
    name = project.facts.names.name_of(caught, scope)
    return scope.module.text_of(caught) if name.endswith("?") else name


def _classes(caught: nodes.Expression | None) -> tuple[nodes.Expression, ...]:
    if caught is None:
        return ()
    return caught.elements if isinstance(caught, nodes.Items) else (caught,)
