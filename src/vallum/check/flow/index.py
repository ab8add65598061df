"""All modules of a project, found by the names under which code imports them."""

from collections.abc import Iterable
from functools import cached_property

from vallum.check.flow import nodes
from vallum.check.flow.module import Definition, Module


class Index:
    """The module table of a project; packages need no `__init__`, and a project may lie anywhere below the root."""

    def __init__(self, modules: Iterable[Module]) -> None:
        """Enter each module under every tail of its dotted name."""
        self.modules = tuple(modules)
        self._by_tail: dict[str, list[Module]] = {}
        self._packages: set[str] = set()
        for module in self.modules:
            parts = module.name.split(".")
            for start in range(len(parts)):
                self._by_tail.setdefault(".".join(parts[start:]), []).append(module)
                self._packages.update(".".join(parts[start:end]) for end in range(start + 1, len(parts)))

    def find_module(self, name: str, near: Module) -> Module | None:
        """The module that `import name` in the module `near` means; None when the project has none."""
        candidates = self._by_tail.get(name)
        if not candidates:
            return None
        if len(candidates) == 1:
            return candidates[0] if self._may_mean(name, candidates[0], near) else None
        return max(candidates, key=lambda module: (module.name == name, _shared(module, near), -len(module.name)))

    def is_package(self, name: str) -> bool:
        """Whether modules of the project lie under this dotted name."""
        return name in self._packages

    def resolve_relative(self, module: Module, name: str, level: int) -> str:
        """The absolute dotted name of what `from ..name import` speaks of."""
        if not level:
            return name
        parts = module.package.split(".") if module.package else []
        parts = parts[: max(len(parts) - level + 1, 0)]
        return ".".join([*parts, name] if name else parts)

    @cached_property
    def by_method(self) -> dict[str, list[Definition]]:
        """The methods of all classes, by name."""
        table: dict[str, list[Definition]] = {}
        for definition in self._definitions:
            if definition.owner and isinstance(definition.node, nodes.Function):
                table.setdefault(definition.node.name, []).append(definition)
        return table

    @cached_property
    def by_name(self) -> dict[str, Definition]:
        """Every function and class by its qualified name; of several with one name, the last."""
        return {definition.qualified: definition for definition in self._definitions}

    @cached_property
    def _definitions(self) -> list[Definition]:
        return [definition for module in self.modules for definition in module.definitions]

    def _may_mean(self, name: str, module: Module, near: Module) -> bool:
        """A lone file called like a library (`utils/flask.py`) does not shadow it, except for its neighbours."""
        if module.name == name:
            return True
        outer = module.name[: -len(name) - 1]
        return "." in name or near.name.startswith(outer + ".") or near.name == outer or _shared(module, near) > 0


def _shared(module: Module, near: Module) -> int:
    count = 0
    for one, other in zip(module.path.split("/")[:-1], near.path.split("/")[:-1], strict=False):
        if one != other:
            break
        count += 1
    return count
